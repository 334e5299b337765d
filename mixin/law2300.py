"""Colombia's Law 2300 of 2023: when people may be called. Opt-in, in a file of its own."""

from mixin.promql import REPLICA_LABELS, fold
from mixin.rules import Alert, Group
from mixin.settings import Settings

_LOCAL = "vector(time() - 18000)"
"""Colombia is five hours behind UTC all year."""


def group(settings: Settings) -> Group:
    """Return the alert on calls outside the hours of the law, which holidays are not known to."""
    calls = f'wolkvox_campaign_calls_per_minute{{operation=~"{settings.law2300_operations}"}}'
    replica = ", ".join(("job", "operation", *REPLICA_LABELS))
    expression = f"""\
  # what is shown after a failed poll may be from before the hour
  {fold(f'{calls} and on ({replica}) wolkvox_up{{report="campaigns"}} == 1')} > 0
unless on ()
  (
      # Monday to Friday from seven to seven
      day_of_week({_LOCAL}) >= 1 <= 5
    and
      hour({_LOCAL}) >= 7 < 19
  )
unless on ()
  (
      # Saturday from eight to three
      day_of_week({_LOCAL}) == 6
    and
      hour({_LOCAL}) >= 8 < 15
  )"""
    alert = Alert(
        "WolkvoxDialingOutsideLegalHours", expression, "6m", "warning", "campaign", "campaign", keep_firing="6m"
    )
    return Group("wolkvox-law2300.alerts", (alert,))
