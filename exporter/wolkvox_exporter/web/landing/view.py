"""From snapshots to the page's parts; no clock, no HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot, Trouble
from wolkvox_exporter.web.landing import status, words
from wolkvox_exporter.web.landing.parts import Cell, Failure, Failures, Link, Moment, Note, Page, Remark, Row, Section

_COLUMNS = ("Report", "State", "Last good data", "Next poll", "Took", "Polls", "Failed")
_MANY = 5
"""From how many operations on the page puts those without trouble side by side."""
_NONE = "—"
_OVERDUE_REMEDY = "if this lasts, look at the exporter's log"
_RELOAD_REMEDY = (
    "look for what is wrong in the log, or with the command check; correct it and reload: a restart would fail, too"
)


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


def page(overview: Overview) -> Page:
    """Return the page, the operations that need attention first."""
    marks = [status.mark(snapshot, overview.monotonic) for snapshot in overview.snapshots]
    pairs = sorted(zip(marks, overview.snapshots, strict=True), key=lambda pair: pair[0].rank)
    worst = pairs[0][0] if pairs else status.WAIT
    return Page(
        badge=worst.badge(),
        verdict=status.verdict(marks),
        others=status.others(marks),
        version=overview.version,
        links=tuple(_link(path) for path in (overview.telemetry_path, "/-/healthy", "/-/ready")),
        reload_remedy=_RELOAD_REMEDY if overview.reload_failed else "",
        sections=tuple(
            _Operation(snapshot, overview).section(f"operation-{number}")
            for number, (_, snapshot) in enumerate(pairs, start=1)
        ),
        is_wide=len(pairs) >= _MANY,
        now=Moment.at(overview.now),
    )


def _link(path: str) -> Link:
    # relative, so that it also leads there behind a proxy that serves the page under a prefix
    return Link(f".{quote(path, errors='replace')}", path)


class _Operation:
    """Makes the section of one operation."""

    def __init__(self, snapshot: Snapshot, overview: Overview) -> None:
        self._snapshot = snapshot
        self._reports = snapshot.reports.items()
        self._now = overview.now
        self._monotonic = overview.monotonic

    def section(self, id_: str) -> Section:
        """Return it."""
        return Section(
            id=id_,
            name=self._snapshot.operation,
            badge=status.mark(self._snapshot, self._monotonic).badge(),
            facts=tuple(self._facts()),
            failures=tuple(self._failures()),
            overdue=tuple(self._overdue()),
            columns=_COLUMNS,
            rows=tuple(self._row(name, state) for name, state in self._reports),
            unreadable=tuple(self._unreadable()),
        )

    def _facts(self) -> Iterator[Note]:
        snapshot = self._snapshot
        if snapshot.is_fresh(ReportName.CAMPAIGNS, self._monotonic):
            started = sum(campaign.values.get("status") == 1 for campaign in snapshot.campaigns)
            yield Note(f"{words.count(len(snapshot.campaigns), 'campaign')} published, {started:,} started")
        else:
            yield Note("no campaigns published")
        if snapshot.token_valid is False:
            yield _bad("token refused")
        elif any(state.trouble and state.trouble.reason is Reason.TOKEN for _, state in self._reports):
            yield _bad("no token")
        else:
            yield Note("token accepted" if snapshot.token_valid else "token not checked yet")
        if snapshot.quota_exhausted:
            yield _bad("quota of the day exhausted")

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

    def _overdue(self) -> Iterator[Remark]:
        for name, state in self._reports:
            if status.is_stale(self._snapshot, name, self._monotonic) and state.trouble is None:
                yield Remark(name, "no poll has ended since the last good one", _OVERDUE_REMEDY)

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
            _NONE if state.duration is None else f"{state.duration:.1f} s",
            f"{state.polls:,}",
            f"{sum(state.failures.values()):,}",
        )
        return Row(
            name,
            status.status(self._snapshot, name, self._monotonic).badge,
            (
                self._data(data, name, state),
                self._next_poll(coming, state),
                *(Cell(label, text) for label, text in zip(figures, texts, strict=True)),
            ),
        )

    def _data(self, label: str, name: ReportName, state: ReportState) -> Cell:
        if state.last_success is None or state.fresh_until is None:
            return Cell(label, "none yet")
        notes: tuple[Note, ...] = ()
        if status.is_stale(self._snapshot, name, self._monotonic):
            notes = (_bad("stale, withdrawn"),)
        elif not state.up:
            notes = (Note(f"still published, withdrawn {words.ahead(state.fresh_until - self._monotonic)}"),)
        return Cell(label, moment=self._past(state.last_success), notes=notes)

    def _next_poll(self, label: str, state: ReportState) -> Cell:
        if state.next_poll is None:
            return Cell(label, _NONE)
        return Cell(label, moment=Moment.at(state.next_poll, words.ahead(state.next_poll - self._now)))

    def _past(self, at: float) -> Moment:
        return Moment.at(at, words.ago(self._now - at))


def _bad(text: str) -> Note:
    return Note(f"{status.BAD.sign} {text}", status.BAD.tone)
