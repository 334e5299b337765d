"""Whether the API takes a token: what it refused, which reports that holds, and until when.

A refusal holds the report that was refused. Another report of the token is asked when it is due; if it is refused as
well, with no accepted answer in between, the token is held as a whole. Pauses between probes grow.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.api.windows import api_midnight_before
from wolkvox_exporter.polling.now import Now
from wolkvox_exporter.runtime.serializable import Instant, Table

FIRST_PAUSE = 5 * 60.0
"""Seconds from the first refusal of a token to its next probe, or the report's interval if that is shorter."""
MAX_PAUSE = 30 * 60.0
"""Seconds: the longest pause between two probes of a refused token."""
QUOTA_PAUSE = 60 * 60.0
"""Seconds between two probes while the day's calls are used up."""
AFTER_MIDNIGHT = (30.0, 5 * 60.0, 15 * 60.0)
"""Seconds past the API's midnight at which such a probe is made earlier: its clock may be behind ours."""
_ENOUGH = 16
_REFUSING = (Reason.TOKEN, Reason.QUOTA)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that refused the token, and the how manieth in a row it was."""

    reason: Reason
    at: Instant
    number: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a report is not asked before an instant of the monotonic clock."""

    reason: Reason
    until: float


@dataclass(frozen=True, slots=True)
class TokenState:
    """All that is known of a token at a server."""

    refusals: Table[ReportName, Refusal] = field(default_factory=lambda: MappingProxyType({}))
    """The reports whose latest answer was a refusal."""
    accepted: Table[ReportName, Instant] = field(default_factory=lambda: MappingProxyType({}))
    """The reports whose latest answer showed that the token is taken, and when."""
    suspects: frozenset[ReportName] = frozenset()
    """The reports that were refused since an answer was accepted last."""
    learned_at: Instant | None = None
    """When an answer last showed whether it is taken."""
    busy_until: Instant | None = None
    """Until when a call may last that has begun and not ended."""

    @property
    def is_held_whole(self) -> bool:
        """Whether no report is asked but for probes."""
        return len(self.suspects) > 1

    @property
    def latest(self) -> Refusal | None:
        """The refusal that came last."""
        return max(self.refusals.values(), key=lambda refusal: refusal.at, default=None)


def answered(token: TokenState, report: ReportName, reason: Reason | None, code: str, now: Now) -> TokenState:
    """Return the state after an answer that came with an HTTP status; `reason` is why it brought no data."""
    if reason in _REFUSING:
        return _refused(token, report, reason, now)
    if reason in (None, Reason.REQUEST, Reason.CONCURRENCY) or code == "200":
        return _accepted(token, report, now)
    return token


def _accepted(token: TokenState, report: ReportName, now: Now) -> TokenState:
    left = {} if token.is_held_whole else {name: each for name, each in token.refusals.items() if name is not report}
    return replace(
        token,
        refusals=MappingProxyType(left),
        accepted=MappingProxyType({**token.accepted, report: now.monotonic}),
        suspects=frozenset[ReportName](),
        learned_at=now.monotonic,
    )


def _refused(token: TokenState, report: ReportName, reason: Reason, now: Now) -> TokenState:
    if token.is_held_whole:
        number = 1 + max(refusal.number for refusal in token.refusals.values())
    else:
        number = 1 + (token.refusals[report].number if report in token.refusals else 0)
    refusal = Refusal(reason, now.monotonic, min(number, _ENOUGH))
    suspects = token.suspects | {report}
    accepted = {name: at for name, at in token.accepted.items() if name is not report}
    return replace(
        token,
        refusals=MappingProxyType({**token.refusals, report: refusal}),
        accepted=MappingProxyType(accepted if len(suspects) == 1 else {}),
        suspects=suspects,
        learned_at=now.monotonic,
    )


def pause(token: TokenState, report: ReportName, interval: float, now: Now) -> Pause | None:
    """Return what keeps a report of this interval, in seconds, from being asked now."""
    refusal = token.latest if token.is_held_whole else token.refusals.get(report)
    if refusal is None:
        return None
    number = max(each.number for each in token.refusals.values()) if token.is_held_whole else refusal.number
    until = _quota_end(refusal.at, now) if refusal.reason is Reason.QUOTA else refusal.at + _length(interval, number)
    return Pause(refusal.reason, until) if now.monotonic < until else None


def _length(interval: float, number: int) -> float:
    return min(MAX_PAUSE, float(min(interval, FIRST_PAUSE) * 2 ** (number - 1)))


def _quota_end(at: float, now: Now) -> float:
    """Return when the next probe is due: in an hour, or at the next of the marks past the API's midnight."""
    refused = now.wall - (now.monotonic - at)
    midnight = api_midnight_before(refused)
    marks = [day + mark for day in (midnight, midnight + 86_400.0) for mark in AFTER_MIDNIGHT]
    return at + min(QUOTA_PAUSE, *(mark - refused for mark in marks if mark > refused))


def merged(copies: Sequence[TokenState]) -> TokenState:
    """Return what several operations remember of a token: what was learned last, and the longest call under way."""
    last = max(copies, key=lambda copy: float("-inf") if copy.learned_at is None else copy.learned_at)
    ends = [copy.busy_until for copy in copies if copy.busy_until is not None]
    return replace(last, busy_until=max(ends, default=None))


def vouches(token: TokenState, report: ReportName, intervals: Mapping[ReportName, float]) -> bool:
    """Return whether an answer to a report shows that the token is taken, though another report was refused since.

    It does for as long as it is no older than an interval of the refused report, in seconds: by then it is asked again.
    """
    if report not in token.accepted:
        return False
    since = max((each.at - intervals.get(name, 0.0) for name, each in token.refusals.items()), default=float("-inf"))
    return token.accepted[report] > since


def bounded(token: TokenState, now: Now) -> TokenState:
    """Return the state with no refusal ahead of now, as a clock that was wrong may have left."""
    refusals = {name: replace(each, at=min(each.at, now.monotonic)) for name, each in token.refusals.items()}
    learned_at = None if token.learned_at is None else min(token.learned_at, now.monotonic)
    accepted = {name: min(at, now.monotonic) for name, at in token.accepted.items()}
    return replace(
        token, refusals=MappingProxyType(refusals), accepted=MappingProxyType(accepted), learned_at=learned_at
    )


def fingerprint(token: str) -> str:
    """Return what tells a token from others without showing it."""
    return hashlib.sha256(token.encode()).hexdigest()


def without_refused_token(token: TokenState) -> TokenState:
    """Return what stays known where the token may be another one: that the day's calls are used up."""
    left = {name: refusal for name, refusal in token.refusals.items() if refusal.reason is Reason.QUOTA}
    return replace(token, refusals=MappingProxyType(left), suspects=frozenset(token.suspects & left.keys()))
