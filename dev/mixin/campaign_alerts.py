"""Alerts on campaigns: for whoever runs the room.

At one poll in five minutes a `for` guards nothing that one poll says, so durations stand in the expressions.
"""

from functools import partial

from mixin.promql import NOBODY_WAITS, fold, fresh, lasting, of_any_replica
from mixin.recording import (
    DIALABLE,
    DIALABLE_LATELY,
    DIALED,
    FIRST_DAY,
    HITS,
    HITS_LATELY,
    HOUR,
    LASTING_STATE,
    OF_REPORTS,
    OF_STATE,
    RATIO,
    RECYCLED_FIRST_DAY,
    ROTATING,
    STATES,
    TO_EMPTY,
    USUAL,
)
from mixin.rules import Alert, Group
from mixin.thresholds import threshold

FRESH, LASTING = fresh("campaigns"), lasting("campaigns")
_EMPTY = f"{LASTING_STATE} == {STATES.index('list_empty')}"
# a quarter of an hour is over before it is called lasting
_EMPTY_FOR_AN_HOUR = f"{LASTING_STATE} offset 45m == {STATES.index('list_empty')}"
_STALLED = f"{LASTING_STATE} == {STATES.index('no_calls')}"
# a list that is worked again and again runs out as it should
_NOT_ROTATING = f"""\
unless on (job, operation, campaign_id)
  {ROTATING}"""
_UNKNOWN_FIRST_DAY = f"""\
unless on (job, operation, campaign_id)
  # on an operation's first day one recycle is enough to take a list for one that is worked again and again
  {RECYCLED_FIRST_DAY}
unless on (job, operation, skill)
  # and the end of any other is said before it is there only if agents would wait
  ({TO_EMPTY} and on (job, operation) {FIRST_DAY})
    {threshold(">=", "running_out_seconds")}
unless
  ({TO_EMPTY}{{skill=~"{NOBODY_WAITS}"}} and on (job, operation) {FIRST_DAY})"""


def groups() -> tuple[Group, ...]:
    """Return the alerts of the area `campaign`, evaluated as often as what they read."""
    of_reports = (*_of_the_calls(), *_of_the_list(), _of_the_room(), *_of_the_rows())
    return (
        Group("wolkvox-campaign.alerts", of_reports, interval=OF_REPORTS),
        Group("wolkvox-results.alerts", _of_the_results(), interval=HOUR.interval),
    )


def _of_the_calls() -> tuple[Alert, ...]:
    return (
        # before the alerts that it silences: those of hundreds of campaigns take a moment to be sent
        Alert(
            "WolkvoxOperationStalled",
            f"""\
  # a single campaign speaks for itself
  count by (job, operation) ({_STALLED}) > 1
unless on (job, operation)
  max_over_time({OF_STATE}{{state="calling"}}[15m]) > 0
{FRESH}""",
            *("1m", "critical", "campaign", "operations"),
            keep_firing="6m",
            business_hours=True,
        ),
        Alert(
            "WolkvoxCampaignStalled",
            fold(f"min_over_time(wolkvox_campaign_records_clean[15m]) > 0 and {of_any_replica(_STALLED)}")
            + f"\n{FRESH}",
            *("1m", "critical", "campaign", "campaign"),
            keep_firing="6m",
            business_hours=True,
        ),
    )


def _of_the_list() -> tuple[Alert, ...]:
    return (
        Alert(
            "WolkvoxCampaignFinished",
            f"""\
{fold(f"wolkvox_campaign_records > 0 and {of_any_replica(_EMPTY)}")}
{_NOT_ROTATING}
unless on (job, operation, campaign_id)
  # on an operation's first day a list that was recycled is given an hour to be so again
  ({RECYCLED_FIRST_DAY} unless on (job, operation, campaign_id) {_EMPTY_FOR_AN_HOUR})
{FRESH}""",
            *("1m", "info", "campaign", "campaign"),
            keep_firing="6m",
            # nobody recycles at night, and what ends then is still told in the morning
            business_hours=True,
        ),
        Alert(
            "WolkvoxCleanRecordsRunningOut",
            f"""\
  {TO_EMPTY} {threshold("<", "running_out_seconds")}
and
  # by what two polls saw dialled, too: the latest one may have met a moment of many calls
  {fold("wolkvox_campaign_records_clean")} / {fold("rate(wolkvox_campaign_dialed_total[11m]) > 0")}
    {threshold("<", "running_out_seconds")}
{_NOT_ROTATING}
{_UNKNOWN_FIRST_DAY}
{LASTING}""",
            *("11m", "warning", "campaign", "campaign"),
            keep_firing="6m",
        ),
    )


def _of_the_results() -> tuple[Alert, ...]:
    enough = f"""\
and ignoring (result)
  {DIALED} {threshold(">", "dialed_for_shares")}
{LASTING}"""
    # one poll and two lost ones are less
    warning = partial(Alert, pending="20m", severity="warning", area="campaign", board="campaign")
    return (
        warning(
            "WolkvoxAnsweringMachineShareHigh",
            f'  {RATIO}{{result="answer_machine"}} {threshold(">", "machine_ratio")}\n{enough}',
        ),
        warning(
            "WolkvoxFailureShareHigh",
            f'  {RATIO}{{result="busy_congestion_failed"}} {threshold(">", "failure_ratio")}\n{enough}',
        ),
        warning(
            "WolkvoxAnswerRateCollapsed",
            f"""\
  {RATIO}{{result="answer"}}
<
  {USUAL}{{result="answer"}} {threshold("*", "answer_drop_ratio")}
{enough}""",
        ),
        Alert(
            "WolkvoxNoHits",
            f"""\
  (
      {DIALED}
    and
      {HITS} == 0
    and
      # in some campaigns no call is dispositioned as a hit
      {HITS_LATELY} > 0
  )
  {threshold(">", "dialed_for_hits")}
and
  # by the end of the second hour without a hit
  {DIALED} offset 1h {threshold(">", "dialed_for_hits")}
{LASTING}""",
            *("1h", "info", "campaign", "campaign"),
            business_hours=True,
        ),
    )


def _of_the_room() -> Alert:
    return Alert(
        "WolkvoxSkillWithoutCampaign",
        f"""\
  {DIALABLE_LATELY}{{skill!~"{NOBODY_WAITS}"}}
unless
  {DIALABLE}
{LASTING}""",
        *("16m", "warning", "campaign", "operations"),
        business_hours=True,
    )


def _of_the_rows() -> tuple[Alert, ...]:
    without_skill = fold('wolkvox_campaign_started{skill=~"|0"}')
    # by its id: a renamed campaign is still there, under new labels
    gone = "unless on (job, operation, campaign_id) wolkvox_campaign_started"
    disappeared = fold(f'wolkvox_campaign_started{{campaign_id!=""}} offset 1h == 1 {gone}')
    return (
        Alert(
            "WolkvoxCampaignWithoutSkill",
            f"  {without_skill} == 1\n{FRESH}",
            *("6m", "warning", "campaign", "campaign"),
            keep_firing="6m",
        ),
        Alert(
            "WolkvoxCampaignDisappeared",
            f"{disappeared}\n{FRESH}",
            *("6m", "info", "campaign", "operations"),
            keep_firing="6m",
        ),
    )
