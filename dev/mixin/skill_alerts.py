"""Alerts on skills and agents: on those who wait, and on those who are to answer them.

The API tells of agents by operation, not by skill. A skill of virtual agents is left out: none of them is in the agents
report, and what the skills report counts for them is not documented.
"""

from mixin.promql import NOBODY_WAITS, fold, fresh, lasting
from mixin.recording import DIALABLE
from mixin.rules import Alert, Group
from mixin.skill_recording import ABANDONED_RATIO, OFFERED
from mixin.thresholds import threshold

_OF_PEOPLE = '{skill!="VAGENT"}'
_WAITING = fold(f"wolkvox_skill_calls_waiting{_OF_PEOPLE}")


def _of_the_queue() -> tuple[Alert, ...]:
    return (
        Alert(
            "WolkvoxNobodyReady",
            f"""\
  {_WAITING} > 0
and on (job, operation)
  {fold('wolkvox_agents{status="ready"}')} == 0
{fresh("skills")}
{fresh("agents")}""",
            *("11m", "warning", "campaign", "operations"),
            keep_firing="6m",
        ),
        Alert(
            "WolkvoxQueueLong",
            f"""\
  {_WAITING} {threshold(">", "waiting_calls")}
{fresh("skills")}""",
            *("11m", "warning", "campaign", "operations"),
            keep_firing="6m",
        ),
    )


def _of_the_shares() -> tuple[Alert, ...]:
    enough = f"""\
and
  {OFFERED} {threshold(">", "offered_for_shares")}
{lasting("skills")}"""
    return (
        Alert(
            "WolkvoxAbandonmentHigh",
            f"  {ABANDONED_RATIO}{_OF_PEOPLE} {threshold('>', 'abandon_ratio')}\n{enough}",
            # one poll and two lost ones are less
            *("20m", "warning", "campaign", "operations"),
        ),
        Alert(
            "WolkvoxServiceLevelLow",
            f"""\
  max without (threshold_seconds) (
      {fold(f"wolkvox_skill_service_level_ratio{_OF_PEOPLE}")}
    and on (job, operation, threshold_seconds)
      count_values by (job, operation) ("threshold_seconds", operation:wolkvox_service_level_threshold:threshold)
  )
  {threshold("<", "service_level_ratio")}
and
  # of the first calls of a day it says little
  {fold("wolkvox_skill_calls_offered")} {threshold(">", "offered_for_shares")}
{enough}""",
            *("20m", "warning", "campaign", "operations"),
        ),
    )


def _of_the_agents() -> tuple[Alert, ...]:
    longest = "wolkvox_agents_state_max_seconds"
    return (
        Alert(
            "WolkvoxNobodyLoggedIn",
            f"""\
  sum by (job, operation) ({DIALABLE}{{skill!~"{NOBODY_WAITS}"}})
and on (job, operation)
  sum by (job, operation) ({fold('wolkvox_agents{status!="logout"}')}) == 0
{fresh("campaigns")}
{fresh("agents")}""",
            *("11m", "critical", "campaign", "operations"),
            keep_firing="6m",
            # whoever leaves campaigns started over night need not hear of it then
            business_hours=True,
        ),
        Alert(
            "WolkvoxAgentStateLong",
            f"""\
(
    {fold(f'{longest}{{status="acw"}}')} {threshold(">", "acw_seconds")}
  or
    # whoever is ready waits for a call, and some operations list those who are logged out
    {fold(f'{longest}{{status!~"ready|logout|acw"}}')} {threshold(">", "agent_state_seconds")}
)
{fresh("agents")}""",
            *("1m", "info", "campaign", "operations"),
            keep_firing="6m",
            business_hours=True,
        ),
    )


GROUP = Group("wolkvox-skills.alerts", (*_of_the_queue(), *_of_the_shares(), *_of_the_agents()))
"""The alerts of the area `campaign` that need the reports on skills and agents."""
