"""Recording rules: what dashboards and alerts read more than once, or could not afford to read at once."""

from mixin.promql import fold, fold_least, increase_1h, of_any_replica
from mixin.rules import Group, Record
from mixin.settings import Settings
from mixin.thresholds import threshold
from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold, of_operations

STATE = "campaign:wolkvox_campaign:state"
STATES = ("stopped", "calling", "other_phone", "list_empty", "no_calls")
"""What the values of `STATE` mean, by number; the higher, the more it needs somebody's eyes."""
RANK = "campaign:wolkvox_campaign:rank"
"""The state and, below 1, how near the list's end is: the higher, the sooner somebody must look at it."""
LASTING_STATE = "campaign:wolkvox_campaign:state_lasting15m"
"""A list that is empty or no calls, throughout: the dialler may need a moment with a list that was just recycled."""
OF_STATE = "skill_state:wolkvox_campaigns:count"
TO_EMPTY = "campaign:wolkvox_campaign_records_clean:seconds_to_empty"
DIALED = "campaign:wolkvox_campaign_dialed:increase1h"
RESULTS = "campaign_result:wolkvox_campaign_results:increase1h"
RESULTS_IN_ALL = "campaign:wolkvox_campaign_results:sum_increase1h"
HITS = "campaign:wolkvox_campaign_hits:increase1h"
RATIO = "campaign_result:wolkvox_campaign_result_per_results:ratio_1h"
DIALABLE = "skill:wolkvox_campaign_dialable:count"
CALLS_BY_SKILL = "skill:wolkvox_campaign_calls_per_minute:sum"
RESULTS_BY_SKILL = "skill_result:wolkvox_campaign_results:sum_increase1h"
DIALED_TODAY = "skill:wolkvox_campaign_dialed_today:sum"
RESULTS_TODAY = "skill_result:wolkvox_campaign_results_today:sum"
HITS_TODAY = "skill:wolkvox_campaign_hits_today:sum"

OF_REPORTS = "2m"
"""How often is evaluated what only a report changes: selecting one metric of 5,000 campaigns takes 40 ms."""

USUAL = "campaign_result:wolkvox_campaign_result_per_results:ratio_1h_median7d"
RECYCLES = "campaign:wolkvox_campaign_list_recycles:changes1d"
FIRST_DAY = "operation:wolkvox_up:first_day"
"""The operations of which nothing was seen before the last 24 hours, so that nobody can say what is usual there."""
RECYCLES_LATELY = "campaign:wolkvox_campaign_list_recycles:max_changes1d_5d"
RECYCLED_FIRST_DAY = "campaign:wolkvox_campaign_list_recycles:changes1d_first_day"
"""`RECYCLES` of lists that were recycled on an operation's first day."""
ROTATING = "campaign:wolkvox_campaign_list_recycles:rotating"
"""`RECYCLES_LATELY` of lists that are worked again and again: few, where that has every campaign."""
HITS_LATELY = "campaign:wolkvox_campaign_hits:max_increase1h_5d"
DIALABLE_LATELY = "skill:wolkvox_campaign_dialable:max5d"

_STARTED = fold("wolkvox_campaign_started")
_UP = 'wolkvox_up{report="campaigns"}'
_SUCCESS = 'wolkvox_report_last_success_timestamp_seconds{report="campaigns"}'
# of replicas the one that sees calls, or the end of the work, knows better; folded once, since it is cheaper
_STATE = fold_least(
    """
    wolkvox_campaign_started
  *
    # with calls 1, and 2 where no record is clean; without any 4, and 3 where none is
    (
        2.5
      -
        (2 * (wolkvox_campaign_calls_per_minute > bool 0) - 1)
      *
        (0.5 + (wolkvox_campaign_records_clean > bool 0))
    )
  or
    # stopped is stopped, whatever else is known
    wolkvox_campaign_started == 0
  or
    # and whoever calls is calling
    (wolkvox_campaign_calls_per_minute > bool 0) == 1
""",
)
_LASTING = f"""\
  (min_over_time({STATE}[15m]) >= {STATES.index("list_empty")}) == max_over_time({STATE}[15m])
and
  {STATE} offset 15m > 0"""


def _of_state() -> str:
    counted = f'count_values by (job, operation, skill) ("state", {STATE})'
    for number, state in enumerate(STATES):
        counted = f'label_replace({counted}, "state", "{state}", "state", "{number}")'
    return counted


_RATIO = f"""\
  {RESULTS}
/ ignoring (result) group_left ()
  (
      {RESULTS_IN_ALL} > 0
    and
      # a pass over another phone moves records from one result to another without dialling new ones
      {DIALED} >= 0.8 * {RESULTS_IN_ALL}
  )"""
# the middle, which an outage does not pull down
_USUAL = f"""\
  quantile_over_time(0.5, {RATIO}{{result="answer"}}[7d:1h])
and
  # a day's dialling at least, or the first hour would be the usual level
  count_over_time({RATIO}{{result="answer"}}[7d:1h]) >= 8"""
_HAS_WORK = "(wolkvox_campaign_records_clean > 0 or wolkvox_campaign_calls_per_minute > 0)"
_DIALABLE = (
    f"count by (job, operation, skill) ({fold(f'wolkvox_campaign_started == 1 and {of_any_replica(_HAS_WORK)}')})"
)
# at how many polls it rose: whether it counts recycles or the records in them is not known; by the id, as a renamed
# campaign works the same list
_RECYCLES = f"sum without (campaign, skill) ({fold('changes(wolkvox_campaign_list_recycles_total[1d])')})"

# within the days over which it is looked for what is usual: servers may stand still at weekends
_FIRST_DAY = f"""\
  max by (job, operation) ({_UP})
unless
  max by (job, operation) (last_over_time({_UP}[4d] offset 1d))"""


def _by_skill(metric: str, also: str = "") -> str:
    return f"sum by (job, operation, skill{also}) ({fold(metric)})"


def _to_empty(settings: Settings) -> str:
    pace = settings.pace
    return f"""\
clamp_min(
    {fold(f"wolkvox_campaign_records_clean > 0 and {of_any_replica('wolkvox_campaign_started == 1')}")}
  /
    (
        {fold("wolkvox_campaign_calls_per_minute > 0")} / {60 // pace}
      or
        # where it pauses for a poll, or is not known
        {fold("rate(wolkvox_campaign_dialed_total[21m]) > 0")}
    )
- on (job, operation) group_left ()
    # what was dialled since the report; not of one so old that the next must be near
    (
        clamp_max(time() - max by (job, operation) ({_SUCCESS}), {600 // pace})
      or
        {of_operations(0)}
    ),
  1
)"""


def _rank(settings: Settings) -> str:
    return f"""\
  {STATE} + {3600 // settings.pace} / ({7200 // settings.pace} + {TO_EMPTY})
or
  # by no name of its own, as the sum: rules that are evaluated for the past would find two series
  {STATE} + 0
or
  # a state that is not known leaves nobody out
  {_STARTED}"""


def _threshold(threshold: Threshold, settings: Settings) -> Record:
    default = threshold.default / settings.pace if threshold.in_seconds else threshold.default
    return Record(threshold.record, f"  max by (job, operation) ({threshold.setting})\nor\n  {of_operations(default)}")


def _activity(settings: Settings) -> Group:
    return Group(
        "wolkvox-activity.rules",
        (
            Record(FIRST_DAY, _FIRST_DAY),
            Record(STATE, _STATE),
            Record(LASTING_STATE, _LASTING),
            Record(OF_STATE, _of_state()),
            Record(TO_EMPTY, _to_empty(settings)),
            Record(DIALABLE, _DIALABLE),
            Record(CALLS_BY_SKILL, _by_skill("wolkvox_campaign_calls_per_minute")),
        ),
        interval=OF_REPORTS,
    )


def _boards(settings: Settings) -> Group:
    # no alert waits for it
    return Group(
        "wolkvox-boards.rules",
        (
            Record(RANK, _rank(settings)),
            Record(DIALED_TODAY, _by_skill("wolkvox_campaign_dialed_today")),
            Record(RESULTS_TODAY, _by_skill("wolkvox_campaign_results_today", ", result")),
            Record(HITS_TODAY, _by_skill("wolkvox_campaign_hits_today")),
        ),
        interval="4m",
    )


# seldom, as there is something new at each poll only; and before what was recorded is found no more, after five minutes
HOUR = Group(
    "wolkvox-hour.rules",
    (
        Record(DIALED, fold(increase_1h("wolkvox_campaign_dialed_total"))),
        Record(RESULTS, fold(increase_1h("wolkvox_campaign_results_total"))),
        Record(HITS, fold(increase_1h("wolkvox_campaign_hits_total"))),
        Record(RESULTS_IN_ALL, f"sum without (result) ({RESULTS})"),
        Record(RATIO, _RATIO),
        Record(RESULTS_BY_SKILL, f"sum by (job, operation, skill, result) ({RESULTS})"),
    ),
    interval="4m",
)
OF_DAYS = {
    USUAL: _USUAL,
    # over a long weekend, too
    RECYCLES_LATELY: f"max_over_time({RECYCLES}[5d:1h])",
    HITS_LATELY: f"max_over_time({HITS}[5d:1h])",
    DIALABLE_LATELY: f"max_over_time({DIALABLE}[5d:1h])",
}
"""What is looked for over days: every hour, since it changes slowly and reads millions of samples."""
_DAY = Group(
    "wolkvox-day.rules",
    # every sample of a day is read for it
    (Record(f"{RECYCLES}_every15m", _RECYCLES),),
    interval="15m",
)
# found for longer than five minutes after it was recorded, and where the server was down once
_RECYCLED = Group(
    "wolkvox-recycles.rules",
    (
        Record(RECYCLES, f"last_over_time({RECYCLES}_every15m[31m])"),
        Record(RECYCLED_FIRST_DAY, f"  {RECYCLES} > 0\nand on (job, operation)\n  {FIRST_DAY}"),
    ),
    interval="5m",
)
_DAYS = Group(
    "wolkvox-days.rules",
    tuple(Record(f"{name}_every1h", expression) for name, expression in OF_DAYS.items()),
    interval="1h",
)
_USUALLY = Group(
    "wolkvox-usual.rules",
    (
        *(Record(name, f"last_over_time({name}_every1h[121m])") for name in OF_DAYS),
        Record(ROTATING, f"{RECYCLES_LATELY} {threshold('>=', 'rotating_recycles')}"),
    ),
    interval="5m",
)


def groups(settings: Settings) -> tuple[Group, ...]:
    """Return the groups in the order in which one reads the other."""
    thresholds = Group("wolkvox-thresholds.rules", tuple(_threshold(each, settings) for each in THRESHOLDS))
    return thresholds, _activity(settings), _boards(settings), HOUR, _DAY, _RECYCLED, _DAYS, _USUALLY
