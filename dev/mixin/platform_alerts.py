"""Alerts on the exporter and on what it needs of wolkvox: for whoever operates it."""

from collections.abc import Callable

from mixin.promql import fold, fold_least, last_begun
from mixin.rules import Alert, Group
from mixin.settings import Settings
from mixin.thresholds import threshold

CAMPAIGNS = 'report="campaigns"'
"""The report without which nothing is seen."""
# for a moment after a restart the exporter knows neither
_KNOWN = f"""\
unless on (job, operation)
  {fold("min_over_time(wolkvox_token_valid[6m])")} == 0
unless on (job, operation)
  {fold_least("max_over_time(wolkvox_quota_exhausted[6m])")} == 1"""
# a report that is not asked may stay at 0, though nothing fails
_RESTING = f"""\
unless on (job, operation, report)
  {fold('present_over_time(wolkvox_report_held{reason=~"idle|reserve"}[1h])')}"""
# wolkvox says so itself; that it lasts is news
_MAINTAINED = f"""\
unless on (job, operation)
  (
      {fold(f'increase(wolkvox_poll_failures_total{{{CAMPAIGNS}, reason="maintenance"}}[11m])')} > 0
    unless on (job, operation)
      {fold(f"max_over_time(wolkvox_up{{{CAMPAIGNS}}}[1h])")} == 0
  )"""


def group(settings: Settings) -> Group:
    """Return the alerts of the area `platform`."""
    alerts = (*_of_the_exporter(settings), *_of_the_api(), *_of_the_polls(), *_of_the_quota())
    return Group("wolkvox-platform.alerts", alerts)


def _of_the_exporter(settings: Settings) -> tuple[Alert, ...]:
    target = f'up{{job="{settings.job}"}}'
    # in a crash loop some scrapes succeed; a target that was taken away still has an average
    lately = f"(avg_over_time({target}[10m]) and {target})"
    return (
        Alert("WolkvoxWatchdog", "vector(1)", None, "none", "platform", "exporter"),
        Alert(
            "WolkvoxExporterDown",
            f"  {target} == 0\nor\n  {lately} < 0.5",
            *("5m", "warning", "platform", "exporter"),
        ),
        Alert(
            "WolkvoxAllExportersDown",
            f"  max by (job) ({target}) == 0\nor\n  max by (job) {lately} < 0.5",
            *("5m", "critical", "platform", "exporter"),
        ),
        Alert("WolkvoxExporterAbsent", f"absent({target})", "10m", "critical", "platform", "exporter"),
        Alert(
            "WolkvoxConfigReloadFailed",
            # each exporter has a file of its own
            "wolkvox_exporter_config_last_reload_successful == 0",
            *("5m", "warning", "platform", "exporter"),
        ),
        Alert(
            "WolkvoxStateNotWritten",
            """\
  # a disk is one exporter's, and all its operations'
  max by (job, instance) (increase(wolkvox_state_write_failures_total[30m])) > 0
unless on (job)
  # whoever cannot write to a database asks nothing, and so loses nothing
  wolkvox_exporter_store_up""",
            *("1m", "warning", "platform", "exporter"),
        ),
        Alert(
            "WolkvoxWorkerRestarting",
            f"{fold('increase(wolkvox_exporter_worker_restarts_total[30m])')} > 0",
            *("1m", "warning", "platform", "exporter"),
        ),
    )


def _of_the_api() -> tuple[Alert, ...]:
    return (
        Alert(
            "WolkvoxApiUnreachable",
            _failing(CAMPAIGNS, "11m", "10m") + "\n" + f"{_MAINTAINED}\n{_KNOWN}",
            *("1m", "critical", "platform", "exporter"),
        ),
        Alert(
            "WolkvoxReportFailing",
            _failing('report!="campaigns"', "1h", "59m") + "\n" + f"{_RESTING}\n{_KNOWN}",
            *("1m", "warning", "platform", "exporter"),
        ),
        Alert("WolkvoxReportNotAttempted", _not_attempted(), "1m", "warning", "platform", "exporter"),
        Alert(
            "WolkvoxTokenRejected",
            # as long as one of the replicas has a good token, all is seen
            f"{fold('wolkvox_token_valid')} == 0",
            *("6m", "critical", "platform", "exporter"),
            keep_firing="6m",
        ),
        Alert(
            "WolkvoxDataStale",
            # AMD may have nothing to ask for all night
            _late('report!="amd"'),
            # by then it is known that nothing answers, which silences this
            *("3m", "warning", "platform", "exporter"),
        ),
        Alert(
            "WolkvoxUnreadableValues",
            f"{fold('increase(wolkvox_unreadable_values_total[30m])')} > 0",
            *("5m", "warning", "platform", "exporter"),
        ),
    )


def _of_the_polls() -> tuple[Alert, ...]:
    failed = f"sum without (reason) (increase(wolkvox_poll_failures_total{{{CAMPAIGNS}}}[1h]))"
    # the replica that fares best: what another one lacks is not missed
    share = fold_least(f"\n      {failed}\n    /\n      increase(wolkvox_polls_total{{{CAMPAIGNS}}}[1h])\n  ")
    return (
        Alert(
            "WolkvoxPollsFailing",
            f"""\
  {share} {threshold(">", "failed_polls_ratio")}
and
  # again and again: an outage that is over was one fall and one rise
  {fold(f"changes(wolkvox_up{{{CAMPAIGNS}}}[1h])")} >= 4""",
            *("15m", "warning", "platform", "exporter"),
            keep_firing="6m",
        ),
        Alert(
            "WolkvoxReplicaFailing",
            f"""\
{_failing(CAMPAIGNS, "11m", "10m", str)}
and on (job, operation)
  {fold(f"max_over_time(wolkvox_up{{{CAMPAIGNS}}}[11m])")} == 1""",
            # by then it is known whether the other one fails as well
            *("6m", "warning", "platform", "exporter"),
            keep_firing="6m",
        ),
    )


def _failing(selector: str, window: str, since: str, folded: Callable[[str], str] = fold) -> str:
    """Find the reports that failed throughout, not those that have been asked for less than `since`.

    There may be two lost scrapes at the beginning.
    """
    return f"""\
  {folded(f"max_over_time(wolkvox_up{{{selector}}}[{window}])")} == 0
and
  {folded(f"present_over_time(wolkvox_up{{{selector}}}[3m] offset {since})")}"""


def _not_attempted() -> str:
    """Find the reports for which no call was begun in two intervals although an exporter was free to begin one."""
    # no window can be a threshold: the default of the one on late attempts
    allowed, interval = "10m", "wolkvox_report_interval_seconds"
    return f"""\
  time() - {fold(last_begun())}
>
  # after a reload the longer one counts
  2 * {fold(f"max_over_time({interval}[{allowed}])")} {threshold("+", "late_attempt_seconds")}
and on (job, operation, report)
  (
      # an exporter that has run for so long, and has not held it back
      {interval} and present_over_time({interval}[3m] offset {allowed})
    unless on (job, instance, operation, report)
      present_over_time(wolkvox_report_held[{allowed}])
  )"""


def _late(selector: str) -> str:
    return f"""\
  time() - {fold(f"wolkvox_report_last_success_timestamp_seconds{{{selector}}}")}
>
  3 * {fold(f"wolkvox_report_interval_seconds{{{selector}}}")}"""


def _of_the_quota() -> tuple[Alert, ...]:
    used = f"""\
  {fold("wolkvox_quota_used_calls")}
/
  ({fold("wolkvox_quota_limit_calls")} > 0)
{threshold(">", "quota_used_ratio")}"""
    return (
        Alert("WolkvoxQuotaNearlyUsed", used, "5m", "warning", "platform", "exporter"),
        Alert(
            "WolkvoxQuotaExhausted",
            # what one replica is granted the operation still has
            f"{fold_least('wolkvox_quota_exhausted')} == 1",
            *("1m", "critical", "platform", "exporter"),
            keep_firing="6m",
        ),
    )
