"""The checks of one decision: may it be, and is it the one that is to be."""

from collections.abc import Sequence

from fuzz.ledger import Option
from fuzz.promise import BrokenError, Promise
from wolkvox_exporter.polling.state import Question

LONGEST_WAIT = 60.0
_ORDER = ("campaigns", "skills", "agents", "amd", "quota")


def wait(until: float, now: float) -> None:
    """Check a wait."""
    if not now < until <= now + LONGEST_WAIT:
        raise BrokenError(Promise.LONGEST_WAIT, now, f"waits until {until}")


def question(asked: Question, options: Sequence[Option], askable: Sequence[Option], now: float) -> None:
    """Check that a call may go out now, and is the one that goes first."""
    same = [each for each in options if (each.name, each.report) == (asked.operation, asked.report.value)]
    if not same:
        raise BrokenError(Promise.NEVER_EARLY, now, f"{asked} is off")
    option = same[0]
    if promise := _broken(asked, option, now):
        raise BrokenError(promise, now, f"{asked}, but {option}")
    if option not in askable:
        # its token is missing, which the process does not know yet
        return
    ready = [each for each in askable if each.ready <= now]
    late = [each for each in ready if each.step == "first" and each.deadline <= now]
    first = min(late, key=lambda each: each.deadline) if late else min(ready, key=_rank)
    is_first = option in late and option.deadline == first.deadline if late else _rank(option) == _rank(first)
    if not is_first:
        raise BrokenError(Promise.WHO_GOES_FIRST, now, f"{option} before {first}")


def _rank(option: Option) -> tuple[float, bool, int]:
    return option.served, option.is_later, _ORDER.index(option.report)


def _broken(asked: Question, option: Option, now: float) -> Promise | None:
    if option.blocked:
        return {"reserve": Promise.RESERVE, "idle": Promise.ROUND}.get(option.blocked, Promise.NEVER_HELD)
    if option.ready > now or asked.step.value != option.step:
        by_step = {"retry": Promise.RETRIES, "later": Promise.ROUND}
        return by_step.get(asked.step.value, Promise.RETRIES if option.step == "retry" else Promise.NEVER_EARLY)
    return None if asked.subject in option.subjects else Promise.ROUND


def rest(until: float, askable: Sequence[Option], options: Sequence[Option], now: float) -> None:
    """Check that nothing may be asked now nor before the end of a wait, as far as time alone decides."""
    for each in askable:
        if each.ready <= now:
            raise BrokenError(Promise.PROMPT, now, f"waits, but {each}")
    for each in options:
        ready = max(each.ready, each.blocked_until)
        if each.blocked not in ("idle", "reserve") and now < ready < until:
            raise BrokenError(Promise.PROMPT, now, f"waits until {until}, but {each}")


def shown(option: Option, held: str | None, now: float, *, is_refused: bool) -> None:
    """Check what is shown of why a report is not asked for."""
    allowed: set[str | None]
    if is_refused:
        allowed = {"token"}
    elif option.ready > now:
        # what is not due yet may show what it will wait for
        allowed = {None, option.blocked}
    else:
        allowed = {option.blocked or None}
    if held not in allowed:
        raise BrokenError(Promise.SHOWN, now, f"shows {held}, but {option}")
