"""Recording rules: what dashboards and alerts read more than once, or could not afford to read at once."""

from mixin.promql import fold
from mixin.rules import Group, Record

DIALED = "campaign:wolkvox_campaign_dialed:increase1h"
RESULTS = "campaign_result:wolkvox_campaign_results:increase1h"
HITS = "campaign:wolkvox_campaign_hits:increase1h"
RATIO = "campaign_result:wolkvox_campaign_result_per_results:ratio_1h"
USUAL = "campaign_result:wolkvox_campaign_result_per_results:ratio_1h_median7d"
TO_EMPTY = "campaign:wolkvox_campaign_records_clean:seconds_to_empty"
RECYCLES = "campaign:wolkvox_campaign_recycles:increase1d"
DIALABLE = "skill:wolkvox_campaign_dialable:count"

_RATIO = f"""\
  (
      {RESULTS}
    / ignoring (result) group_left ()
      (sum without (result) ({RESULTS}) > 0)
  )
and ignoring (result)
  # a pass over another phone moves records from one result to another without dialling new ones
  {DIALED} >= 0.8 * sum without (result) ({RESULTS})"""
_TO_EMPTY = f"""\
  {fold("wolkvox_campaign_records_clean")}
/
  ({fold("rate(wolkvox_campaign_dialed_total[1h])")} > 0)"""
_DIALABLE = f"""\
count by (job, operation, skill) (
    {fold("wolkvox_campaign_started")} == 1
  and
    (
        {fold("wolkvox_campaign_records_clean")} > 0
      or
        {fold("wolkvox_campaign_calls_per_minute")} > 0
    )
)"""
# a gauge, and it only falls when another list is loaded, as a counter only does when it begins anew; by the id, as a
# renamed campaign works the same list
_RECYCLES = f"sum without (campaign, skill) ({fold('increase(wolkvox_campaign_recycles[1d])')})"
# the middle, which an outage does not pull down; half-hourly, as 5,000 campaigns would be too much for the server
_USUAL = f"""\
  quantile_over_time(0.5, {RATIO}{{result="answer"}}[7d:30m])
and
  # a day's dialling at least, or the first hour would be the usual level
  count_over_time({RATIO}{{result="answer"}}[7d:30m]) >= 16"""

GROUPS = (
    Group(
        "wolkvox-activity.rules",
        (
            Record(DIALED, fold("increase(wolkvox_campaign_dialed_total[1h])")),
            Record(RESULTS, fold("increase(wolkvox_campaign_results_total[1h])")),
            Record(HITS, fold("increase(wolkvox_campaign_hits_total[1h])")),
            Record(RATIO, _RATIO),
            Record(TO_EMPTY, _TO_EMPTY),
            Record(DIALABLE, _DIALABLE),
        ),
    ),
    Group("wolkvox-usual.rules", (Record(USUAL, _USUAL), Record(RECYCLES, _RECYCLES)), interval="5m"),
)
"""In the order in which one reads the other."""
