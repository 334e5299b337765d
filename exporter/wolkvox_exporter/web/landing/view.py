"""From snapshots to the page's parts; no clock, no HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.config import patterns, skills
from wolkvox_exporter.polling.reports import REPORTS
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot, Trouble
from wolkvox_exporter.polling.timing import IDLE
from wolkvox_exporter.web import words
from wolkvox_exporter.web.landing import status
from wolkvox_exporter.web.landing.parts import (
    Cell,
    Configuration,
    Failure,
    Failures,
    Link,
    Moment,
    Note,
    Page,
    Remark,
    Remarks,
    Row,
    Section,
)
from wolkvox_exporter.web.landing.status import Now, Status

_COLUMNS = ("Report", "State", "Last good data", "Next poll", "Took", "Polls", "Failed")
_MANY = 5
"""From how many operations on the page puts those without trouble side by side."""
_NONE = "—"
_OVERDUE_REMEDY = "if this lasts, look at the exporter's log"
_LATE_REMEDY = (
    "look in the exporter's log for what takes so long; calls of one token follow one another, so where answers are "
    "slow choose longer intervals"
)
_RELOAD_REMEDY = (
    "look for what is wrong in the log, or with the command check; correct it and reload: a restart would fail, too"
)
_AUTO_RELOAD_REMEDY = (
    "look for what is wrong in the log, or with the command check, and correct it; it then takes effect by itself, but "
    "until then a restart would fail, too"
)

_HELD: Mapping[str, str] = {
    "token": "not asked: token refused or missing",
    "quota": "not asked: the day's calls are used up",
    "reserve": "not asked: the calls that are left today are kept for others (quota_reserve)",
}


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page is made of."""

    version: str
    now: float
    """Seconds since the epoch."""
    monotonic: float
    """The monotonic clock at the same moment."""
    telemetry_path: str
    snapshots: Sequence[Snapshot]
    reload_failed: bool = False
    """Whether the last reload left the configuration before in effect."""
    config_loaded_at: float | None = None
    """When the configuration in effect was loaded, in seconds since the epoch; None where there is no telling."""
    auto_reload: bool = False
    """Whether changes of its files take effect by themselves."""
    replica: str = ""
    """The name of this replica among others; empty where there are none."""
    holders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The replica that polls each operation, by name."""
    store_trouble: str = ""
    """What is wrong with the database that replicas share, and what to do about it."""
    replicas_differing: tuple[str, ...] = ()
    """The replicas whose operations in effect differ from those here."""


def page(overview: Overview) -> Page:
    """Return the page, the operations that need attention first."""
    now = Now(overview.now, overview.monotonic)
    marks = [status.mark(snapshot, now) for snapshot in overview.snapshots]
    pairs = sorted(zip(marks, overview.snapshots, strict=True), key=lambda pair: pair[0].rank)
    worst = pairs[0][0] if pairs else status.WAIT
    return Page(
        badge=worst.badge(),
        verdict=status.verdict(marks),
        others=status.others(marks),
        version=overview.version,
        links=tuple(_link(path) for path in (overview.telemetry_path, "/-/healthy", "/-/ready")),
        reload_remedy=_reload_remedy(overview) if overview.reload_failed else "",
        store_remedy=overview.store_trouble,
        differing=", ".join(overview.replicas_differing),
        configuration=_configuration(overview),
        sections=tuple(
            _Operation(snapshot, now, _polled_by(overview, snapshot.operation)).section(f"operation-{number}")
            for number, (_, snapshot) in enumerate(pairs, start=1)
        ),
        is_wide=len(pairs) >= _MANY,
        now=Moment.at(overview.now),
    )


def _reload_remedy(overview: Overview) -> str:
    return _AUTO_RELOAD_REMEDY if overview.auto_reload else _RELOAD_REMEDY


def _polled_by(overview: Overview, operation: str) -> tuple[Note, ...]:
    if not overview.replica:
        return ()
    holder = overview.holders.get(operation)
    if holder is None:
        return (Note("polled by no replica"),)
    return (Note("polled by this replica" if holder == overview.replica else f"polled by {holder}"),)


def _configuration(overview: Overview) -> Configuration | None:
    if overview.config_loaded_at is None:
        return None
    loaded = Moment.at(overview.config_loaded_at, words.ago(overview.now - overview.config_loaded_at))
    return Configuration(loaded, overview.auto_reload)


def _link(path: str) -> Link:
    # relative, so that it also leads there behind a proxy that serves the page under a prefix
    return Link(f".{quote(path, errors='replace')}", path)


class _Operation:
    """Makes the section of one operation."""

    def __init__(self, snapshot: Snapshot, now: Now, polled_by: tuple[Note, ...]) -> None:
        self._snapshot = snapshot
        self._polled_by = polled_by
        self._reports = snapshot.reports.items()
        self._now = now

    def section(self, id_: str) -> Section:
        """Return it."""
        return Section(
            id=id_,
            name=self._snapshot.operation,
            badge=status.mark(self._snapshot, self._now).badge(),
            facts=(*self._facts(), *self._polled_by),
            failures=tuple(self._failures()),
            overdue=tuple(self._overdue()),
            columns=_COLUMNS,
            rows=tuple(self._row(name, state) for name, state in self._reports),
            held=tuple(self._held()),
            warnings=(*self._left_out(), *self._unreadable()),
        )

    def _facts(self) -> Iterator[Note]:
        snapshot = self._snapshot
        if snapshot.is_fresh(ReportName.CAMPAIGNS, self._now.monotonic):
            started = sum(campaign.values.get("status") == 1 for campaign in snapshot.campaigns)
            left_out = f", {snapshot.excluded:,} left out by include/exclude" if snapshot.excluded else ""
            yield Note(f"{words.count(len(snapshot.campaigns), 'campaign')} published, {started:,} started{left_out}")
        else:
            yield Note("no campaigns published")
        yield from self._further()
        if snapshot.token_valid is False:
            yield _bad("token refused")
        elif any(state.trouble and state.trouble.reason is Reason.TOKEN for _, state in self._reports):
            yield _bad("no token")
        else:
            yield Note("token accepted" if snapshot.token_valid else "token not checked yet")
        if snapshot.quota_exhausted:
            yield _bad("quota of the day exhausted")

    def _further(self) -> Iterator[Note]:
        """Say how many skills and agents there are, where these are asked for."""
        snapshot, now = self._snapshot, self._now.monotonic
        if snapshot.is_fresh(ReportName.SKILLS, now):
            left_out = f", {snapshot.skills.excluded:,} left out by skills" if snapshot.skills.excluded else ""
            yield Note(f"{words.count(len(snapshot.skills.rows), 'skill')} published{left_out}")
        if snapshot.agents is not None and snapshot.is_fresh(ReportName.AGENTS, now):
            yield Note(f"{words.count(sum(snapshot.agents.statuses.values()), 'agent')} counted")

    def _failures(self) -> Iterator[Failures]:
        """Return those that fail alike together, since they are helped alike."""
        alike: dict[tuple[Reason, str], list[Failure]] = {}
        for name, state in self._reports:
            if trouble := state.trouble:
                alike.setdefault((trouble.reason, trouble.remedy), []).append(self._failure(name, trouble))
        for (_, remedy), failures in alike.items():
            yield Failures(tuple(failures), remedy)

    def _failure(self, name: ReportName, trouble: Trouble) -> Failure:
        return Failure(name, self._past(trouble.at), trouble.reason, trouble.detail)

    def _overdue(self) -> Iterator[Remarks]:
        late = [(name, state) for name, state in self._reports if status.is_late(state, self._now)]
        if late:
            yield Remarks(tuple(self._late(name, state) for name, state in late), _LATE_REMEDY)
        for name, state in self._reports:
            is_stale = status.status(self._snapshot, name, self._now) is Status.STALE
            if is_stale and state.trouble is None and (name, state) not in late:
                yield Remarks((Remark(name, "no poll has ended since the last good one"),), _OVERDUE_REMEDY)

    def _late(self, name: ReportName, state: ReportState) -> Remark:
        if state.last_attempt is None:
            return Remark(name, "not asked yet although due")
        return Remark(name, f"not asked for {words.span(self._now.time - state.last_attempt)} although due")

    def _held(self) -> Iterator[Remark]:
        """Return one remark a reason."""
        held = {name: _why_held(name, state.held) for name, state in self._reports if state.held}
        for reason in dict.fromkeys(held.values()):
            yield Remark(", ".join(name for name, why in held.items() if why == reason), reason)

    def _left_out(self) -> Iterator[Remark]:
        snapshot, name = self._snapshot, ReportName.CAMPAIGNS
        if snapshot.selects_none and snapshot.is_fresh(name, self._now.monotonic):
            yield Remark(name, f"include/exclude left out every campaign of the last good report; {patterns.REMEDY}")
        if snapshot.skills.selects_none and snapshot.is_fresh(ReportName.SKILLS, self._now.monotonic):
            yield Remark(ReportName.SKILLS, f"the list left out every skill of the last good report; {skills.REMEDY}")

    def _unreadable(self) -> Iterator[Remark]:
        for name, state in self._reports:
            counts = {field: number for field, number in state.unreadable.items() if number}
            if counts:
                total = words.count(sum(counts.values()), "unreadable value")
                fields = ", ".join(f"{field}: {number:,}" for field, number in counts.items())
                yield Remark(name, f"{total} left out since the start ({fields}); the log shows examples")

    def _row(self, name: ReportName, state: ReportState) -> Row:
        data, coming, *figures = _COLUMNS[2:]
        texts = (
            _NONE if state.duration is None else words.took(state.duration),
            f"{state.polls:,}",
            f"{sum(state.failures.values()):,}",
        )
        return Row(
            name,
            status.status(self._snapshot, name, self._now).badge,
            (
                self._data(data, name, state),
                self._next_poll(coming, state),
                *(Cell(label, text) for label, text in zip(figures, texts, strict=True)),
            ),
        )

    def _data(self, label: str, name: ReportName, state: ReportState) -> Cell:
        notes = tuple(self._about_data(name, state))
        if state.last_success is None or state.fresh_until is None:
            return Cell(label, "none yet", notes=notes)
        return Cell(label, moment=self._past(state.last_success), notes=notes)

    def _about_data(self, name: ReportName, state: ReportState) -> Iterator[Note]:
        if status.is_stale(self._snapshot, name, self._now):
            idle = status.status(self._snapshot, name, self._now) is Status.IDLE
            yield Note("withdrawn") if idle else _bad("stale, withdrawn")
        elif state.last_success is not None and state.fresh_until is not None and not state.up:
            yield Note(f"still published, withdrawn {words.ahead(state.fresh_until - self._now.monotonic)}")
        if state.last_attempt is not None and state.last_attempt > (state.last_success or 0.0):
            yield Note("last attempt", moment=self._past(state.last_attempt))

    def _next_poll(self, label: str, state: ReportState) -> Cell:
        if state.next_poll is None:
            return Cell(label, _NONE)
        return Cell(label, moment=Moment.at(state.next_poll, words.ahead(state.next_poll - self._now.time)))

    def _past(self, at: float) -> Moment:
        return Moment.at(at, words.ago(self._now.time - at))


def _why_held(name: ReportName, reason: str) -> str:
    if reason == IDLE:
        return f"nothing to ask: {REPORTS[name].idle}"
    return _HELD.get(reason, f"not asked: {reason}")


def _bad(text: str) -> Note:
    return Note(f"{status.BAD.sign} {text}", status.BAD.tone)
