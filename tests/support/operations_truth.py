"""The numbers of the operations board: for each panel and column, or legend, what is true of it."""

from collections.abc import Mapping
from functools import partial

from support import parts
from support.figures import (
    AGE,
    ANY_HOUR,
    EXACT,
    INSTANT,
    REDIALLED_HOUR,
    ROUNDED,
    SHARE_OF_DAY,
    SHARE_OF_HOUR,
    SHARE_OF_QUIET_HOUR,
    TO_THE_MINUTE,
    TODAY,
    TODAY_OF_ONE,
    Entry,
    Forecast,
    Number,
    since,
)
from support.parts import answered, dialed, everything, hits, in_hour, machines, now, today

_ALL: tuple[str, ...] = ()
_OPERATION = ("operation",)
_SKILL = ("operation", "skill")
_CAMPAIGN = ("operation", "campaign", "campaign_id", "skill")
_STATES = {"Stopped": 0, "Calling": 1, "Other phone": 2, "List empty": 3, "Started, no calls": 4}


def _count(labels: tuple[str, ...], *states: int) -> Number:
    return Number(labels, now(lambda each: each.state in states), EXACT)


def _day(counted: parts.Parts, days_ago: int = 0, *, is_ratio: bool = False) -> Number:
    return Number(_ALL, counted, TODAY, days_ago, is_ratio=is_ratio)


_DAY: Mapping[str, partial[Number]] = {
    "Dialled today": partial(_day, today(dialed)),
    "Answered today": partial(_day, today(answered)),
    "Answer rate today": partial(_day, today(answered, everything), is_ratio=True),
    "Hits today": partial(_day, today(hits)),
    "Hits per answer today": partial(_day, today(hits, answered), is_ratio=True),
}
_FIRING = "no rule is evaluated here; whether alerts are right is held against the truth of five days"

OPERATIONS: Mapping[tuple[str, str], Entry] = {
    **{("Campaigns by what they do", name): _count(_ALL, state) for name, state in _STATES.items()},
    ("Calls per minute", ""): Number(_ALL, now(lambda each: each.now.calls), INSTANT),
    ("Answer rate, last hour", ""): Number(_ALL, in_hour(answered), SHARE_OF_HOUR, is_ratio=True),
    ("Answering machines, last hour", ""): Number(
        _ALL, parts.where(in_hour(machines), parts.with_machines), SHARE_OF_HOUR, is_ratio=True
    ),
    ("Data age", ""): Number(_ALL, parts.reported, AGE, read=since, merged=min),
    **{(panel, "today"): number() for panel, number in _DAY.items()},
    **{(panel, "yesterday by now"): number(days_ago=1) for panel, number in _DAY.items()},
    ("Campaigns", "State"): Number(_CAMPAIGN, now(lambda each: each.state), EXACT),
    ("Campaigns", "Calls/min"): Number(_CAMPAIGN, now(lambda each: each.now.calls), INSTANT),
    ("Campaigns", "Dialled today"): Number(_CAMPAIGN, today(dialed), TODAY_OF_ONE),
    ("Campaigns", "Clean"): Number(_CAMPAIGN, now(lambda each: each.now.clean), INSTANT),
    ("Campaigns", "Empty in"): Forecast(_CAMPAIGN),
    ("Campaigns", "Answers"): Number(_CAMPAIGN, in_hour(answered), SHARE_OF_QUIET_HOUR, is_ratio=True),
    ("Campaigns", "Machines"): Number(_CAMPAIGN, in_hour(machines), SHARE_OF_QUIET_HOUR, is_ratio=True),
    ("Campaigns", "Hits today"): Number(_CAMPAIGN, today(hits), TODAY_OF_ONE),
    ("Needs attention", "Severity"): _FIRING,
    ("Needs attention", "Count"): _FIRING,
    ("Lists that end first", "Empty in"): Forecast(("operation", "campaign", "campaign_id"), most=10),
    ("Results per hour", "{{result}}"): (
        Number(("result",), parts.by_result(in_hour, "answer", "machine"), ANY_HOUR),
        Number(("result",), parts.by_result(in_hour, "no_answer", "failed"), REDIALLED_HOUR),
    ),
    ("Results per hour", "answer rate"): Number(_ALL, in_hour(answered), SHARE_OF_HOUR, is_ratio=True),
    ("Calls per minute by operation", "{{operation}}"): Number(_OPERATION, now(lambda each: each.now.calls), INSTANT),
    ("Calls per minute by operation", "all others"): "ten operations have a line each, and there are three",
    ("Agents by state", "Count"): Number(("status",), parts.agents, EXACT),
    ("Operations", "Calling"): _count(_OPERATION, 1, 2),
    ("Operations", "No calls"): _count(_OPERATION, 4),
    ("Operations", "List empty"): _count(_OPERATION, 3),
    ("Operations", "Calls/min"): Number(_OPERATION, now(lambda each: each.now.calls), INSTANT),
    ("Operations", "Dialled today"): Number(_OPERATION, today(dialed), TODAY),
    ("Operations", "Answers"): Number(_OPERATION, today(answered), TODAY, is_ratio=True),
    ("Operations", "Hits today"): Number(_OPERATION, today(hits), TODAY),
    ("Skills", ""): Number((*_SKILL, "skill_name"), parts.named, EXACT),
    ("Skills", "Dialled today"): Number(_SKILL, today(dialed), TODAY_OF_ONE),
    ("Skills", "Answers"): Number(_SKILL, today(answered), SHARE_OF_DAY, is_ratio=True),
    ("Skills", "Hits today"): Number(_SKILL, today(hits), TODAY_OF_ONE),
    ("Skills", "Queue"): Number(_SKILL, parts.waiting, EXACT),
    ("Skills", "Abandoned"): Number(_SKILL, parts.abandoned, ROUNDED, is_ratio=True),
    ("Skills", "Within 20 s"): Number(_SKILL, parts.in_time, TO_THE_MINUTE),
}
"""What has no number to be held against a truth has a reason instead."""
