"""Colombia's Law 2300 of 2023: when people may be called. Opt-in, in a file of its own."""

import json

from mixin.promql import REPLICA_LABELS, fold
from mixin.recording import OF_REPORTS
from mixin.rules import Alert, Group
from mixin.settings import Settings

_SEEN = 'wolkvox_report_last_success_timestamp_seconds{report="campaigns"} - 18000'
"""When the calls that are shown were made, on Colombian clocks, which are five hours behind UTC all year."""


def group(settings: Settings) -> Group:
    """Return the alert on calls outside the hours of the law, one for each operation; holidays are not known."""
    # a backslash of the regular expression is two in PromQL
    operations = json.dumps(settings.law2300_operations, ensure_ascii=False)
    calls = f"wolkvox_campaign_calls_per_minute{{operation=~{operations}}}"
    replica = ", ".join(("job", "operation", *REPLICA_LABELS))
    outside = f"""
    {calls} > 0
  and on ({replica})
    (
        # by the hour of the last good poll: what is shown after a failed one may be from before
        {_SEEN}
      unless
        (
            # Monday to Friday from seven to seven
            day_of_week({_SEEN}) >= 1 <= 5
          and
            hour({_SEEN}) >= 7 < 19
        )
      unless
        (
            # Saturday from eight to three
            day_of_week({_SEEN}) == 6
          and
            hour({_SEEN}) >= 8 < 15
        )
    )
"""
    alert = Alert(
        "WolkvoxDialingOutsideLegalHours",
        f"count by (job, operation) ({fold(outside)})",
        *("6m", "warning", "campaign", "operations"),
        keep_firing="6m",
    )
    return Group("wolkvox-law2300.alerts", (alert,), interval=OF_REPORTS)
