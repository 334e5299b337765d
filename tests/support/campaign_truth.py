"""The numbers of the campaign board: for each panel and legend, what is true of the campaign that was chosen."""

from collections.abc import Mapping
from functools import partial

from support import parts
from support.figures import (
    EXACT,
    FALLING,
    INSTANT,
    LAGGING,
    PER_CALL,
    RATIO_OF_ONE,
    ROUNDED,
    SHARE_OF_QUIET_HOUR,
    SLOWLY,
    SPEED_SET,
    STEP,
    TODAY_OF_ONE,
    Entry,
    Forecast,
    Number,
    since,
)
from support.parts import answered, hits, in_hour, now, of, today
from support.truth import RESULTS, Campaign

_ALL: tuple[str, ...] = ()
_CALLING = (1, 2)
"""The states in which calls are made."""
_YESTERDAY = "yesterday by now"


def _state_in_place_of_time(found: float, _: float) -> float | None:
    """Read the state that stands where no time to empty does; a time is a forecast."""
    return -1 - found if found < 0 else None


def _day(counted: parts.Parts, days_ago: int = 0, *, is_ratio: bool = False) -> Number:
    return Number(_ALL, counted, RATIO_OF_ONE if is_ratio else TODAY_OF_ONE, days_ago, is_ratio=is_ratio)


_DAY: Mapping[str, partial[Number]] = {
    "Dialled today": partial(_day, today(parts.dialed)),
    "Answered today": partial(_day, today(answered)),
    "Hits today": partial(_day, today(hits)),
    "Hits per answer today": partial(_day, today(hits, answered), is_ratio=True),
}


def _in_state(counted: parts.Parts, *states: int) -> parts.Parts:
    return parts.where(counted, lambda _, part: part.campaign is not None and part.campaign.state in states)


def _share(result: str) -> Number:
    """Return the share of a result in an hour, while anything is called."""
    return Number(_ALL, _in_state(in_hour(of(result)), *_CALLING), SHARE_OF_QUIET_HOUR, is_ratio=True)


def _per_call(result: str) -> Number:
    """Return how many of an hour's calls brought a result, while another phone is being called."""
    counted = in_hour(of(result), lambda done: done.dialed + done.redialed)
    return Number(_ALL, _in_state(counted, 2), PER_CALL, is_ratio=True)


def _calls(each: Campaign) -> float:
    return each.now.calls


_NOW = Number(_ALL, now(_calls), INSTANT)
_SPEED = Number(_ALL, now(lambda each: each.now.speed / 100), INSTANT)
_CLEAN = Number(_ALL, now(lambda each: each.now.clean), INSTANT)

CAMPAIGN: Mapping[tuple[str, str], Entry] = {
    ("State", ""): Number(_ALL, now(lambda each: each.state), EXACT),
    ("Calls per minute", ""): _NOW,
    ("Speed", ""): _SPEED,
    ("Speed changed", ""): Number(_ALL, now(lambda each: each.speed_set), SPEED_SET, read=since),
    ("Clean records", ""): _CLEAN,
    ("Time to empty", ""): (
        Forecast(_ALL),
        Number(_ALL, now(lambda each: each.state), EXACT, read=_state_in_place_of_time),
    ),
    ("Times through the list", "today"): Number(
        _ALL,
        now(lambda each: each.now.recycled * each.now.records + each.now.dial, lambda each: each.now.records),
        ROUNDED,
        is_ratio=True,
    ),
    ("Times through the list", "now"): Number(
        _ALL, now(lambda each: each.now.dial, lambda each: each.now.records), ROUNDED, is_ratio=True
    ),
    ("When it ran", "{{campaign}}"): Number(("campaign",), now(lambda each: each.state), EXACT),
    **{(panel, "today"): number() for panel, number in _DAY.items()},
    **{(panel, _YESTERDAY): number(days_ago=1) for panel, number in _DAY.items()},
    ("This pass", "loaded"): Number(_ALL, now(lambda each: each.now.records), INSTANT),
    ("This pass", "dialled"): Number(_ALL, now(lambda each: each.now.dial), INSTANT),
    ("This pass", "answered"): Number(_ALL, now(lambda each: each.now.results["answer"]), INSTANT),
    ("This pass", "hits"): Number(_ALL, now(lambda each: each.now.hits), INSTANT),
    ("Progress by phone", "{{phone}}"): "a share that the report itself states, in a text; nothing is made of it",
    ("Results of each interval", "{{result}}"): Number(("result",), parts.by_result(parts.at_last, *RESULTS), STEP),
    ("Result mix, the hour before", "Answered"): _share("answer"),
    ("Result mix, the hour before", "No answer"): _share("no_answer"),
    ("Result mix, the hour before", "Machine"): _share("machine"),
    ("Result mix, the hour before", "Busy, congested, failed"): _share("failed"),
    ("Result mix, the hour before", "answered per call, other phone"): _per_call("answer"),
    ("Result mix, the hour before", "machines per call, other phone"): _per_call("machine"),
    ("Result mix, the hour before", "usual answer rate"): "the median of a week of the shares beside it",
    ("Calls per minute, today and before", "today"): _NOW,
    ("Calls per minute, today and before", "yesterday"): Number(_ALL, now(_calls), INSTANT, 1),
    ("Calls per minute, today and before", "a week ago"): "there are three days",
    ("Clean records and forecast", "clean"): _CLEAN,
    ("Clean records and forecast", "in two hours"): "made of the clean records and the time to empty, which stand here",
    ("Hits per answer, the hour before", "hits per answer"): Number(
        _ALL, _in_state(in_hour(hits, answered), *_CALLING), FALLING, is_ratio=True
    ),
    ("Speed over time", "speed"): _SPEED,
    ("Machines since midnight", "machines"): Number(_ALL, today(parts.machines), LAGGING),
    ("Recycles, 24 h", "times"): Number(_ALL, now(lambda each: each.recycled[0]), SLOWLY),
    ("Recycles, 24 h", "counted in all"): Number(_ALL, now(lambda each: each.recycled[1]), SLOWLY),
}
"""What has no number to be held against a truth has a reason instead."""
