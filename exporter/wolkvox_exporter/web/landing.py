"""The page for people: who is polled, how fresh the data are, what failed, what to do, and when the next poll is."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import NamedTuple
from urllib.parse import quote

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot, Trouble

_PAGE = Template(Path(__file__).with_name("landing.html").read_text(encoding="utf-8"))
_COLUMNS = ("Report", "State", "Last good data", "Next poll", "Took", "Polls", "Failed")
_MANY = 5
"""From how many operations on the page puts those without trouble side by side."""
_JUST_NOW = 5
_OVERDUE = 120
_OVERDUE_REMEDY = "if this lasts, look at the exporter's log"
_RELOAD_FAILED = (
    "<p>The last reload of the configuration failed; the one before stays in effect</p>",
    "look for what is wrong in the log, or with the command check; correct it and reload: a restart would fail, too",
)
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page tells of."""

    version: str
    now: float
    """Seconds since the epoch."""
    monotonic: float
    """The monotonic clock at the same moment."""
    telemetry_path: str
    snapshots: Sequence[Snapshot]
    reload_failed: bool = False
    """Whether the last reload left the configuration before in effect."""


class _Mark(NamedTuple):
    """A state as the page shows it: its rank, the class of its colour, its sign, and its word for an operation."""

    rank: int
    tone: str
    sign: str
    word: str

    def badge(self, word: str) -> str:
        return f'<span class="badge {self.tone}"><span aria-hidden="true">{self.sign}</span> {word}</span>'


_BAD = _Mark(0, "bad", "✕", "Needs attention")
_WAIT = _Mark(1, "wait", "…", "Waiting for first poll")
_GOOD = _Mark(2, "good", "✓", "Up to date")


def render(overview: Overview) -> str:
    """Return the page; it holds no script, no secret and nothing from elsewhere."""
    marks = [_mark(snapshot, overview.monotonic) for snapshot in overview.snapshots]
    pairs = sorted(zip(marks, overview.snapshots, strict=True), key=lambda pair: pair[0].rank)
    mark = pairs[0][0] if pairs else _WAIT
    operations = (_Operation(snapshot, overview, place) for place, (_, snapshot) in enumerate(pairs))
    return _PAGE.substitute(
        amount="many" if len(pairs) >= _MANY else "few",
        tone=mark.tone,
        sign=mark.sign,
        verdict=_verdict(marks),
        others=_others(marks),
        version=_escape(overview.version),
        reload=_notice(*_RELOAD_FAILED) if overview.reload_failed else "",
        links="".join(_link(path) for path in (overview.telemetry_path, "/-/healthy", "/-/ready")),
        operations="\n".join(operation.section() for operation in operations),
        now=_time(overview.now, f"{datetime.fromtimestamp(overview.now, UTC):%Y-%m-%d %H:%M:%S} UTC"),
    )


def _mark(snapshot: Snapshot, monotonic: float) -> _Mark:
    up = {state.up for state in snapshot.reports.values()}
    stale = any(_is_stale(snapshot, name, monotonic) for name in snapshot.reports)
    if stale or False in up or snapshot.token_valid is False or snapshot.quota_exhausted:
        return _BAD
    return _WAIT if None in up else _GOOD


def _is_stale(snapshot: Snapshot, name: ReportName, monotonic: float) -> bool:
    return snapshot.reports[name].last_success is not None and not snapshot.is_fresh(name, monotonic)


def _verdict(marks: Sequence[_Mark]) -> str:
    count, bad, waiting = len(marks), marks.count(_BAD), marks.count(_WAIT)
    total = f" of {count} operations" if count > 1 else " operation"
    if bad:
        return f"{bad}{total} {'needs' if bad == 1 else 'need'} attention"
    if waiting:
        return f"{waiting}{total} waiting for the first poll"
    if not count:
        return "No operations are configured"
    return f"All {count} operations up to date" if count > 1 else "1 operation up to date"


def _others(marks: Sequence[_Mark]) -> str:
    """Return what the verdict leaves open where the operations differ."""
    waiting, good = marks.count(_WAIT), marks.count(_GOOD)
    parts = [f"{waiting} waiting for the first poll"] if waiting and _BAD in marks else []
    parts += [f"{good} up to date"] if 0 < good < len(marks) else []
    return f"<span>{', '.join(parts)}</span>" if parts else ""


def _link(path: str) -> str:
    # relative, so that it also leads there behind a proxy that serves the page under a prefix
    return f'<li><a href=".{_escape(quote(path))}">{_escape(path)}</a></li>'


class _Operation:
    """The section of one operation."""

    def __init__(self, snapshot: Snapshot, overview: Overview, place: int) -> None:
        self._snapshot = snapshot
        self._now = overview.now
        self._monotonic = overview.monotonic
        self._id = f"operation-{place + 1}"

    def section(self) -> str:
        mark = _mark(self._snapshot, self._monotonic)
        return (
            f'<section class="operation {mark.tone}" aria-labelledby="{self._id}">\n'
            f'<div class="heading"><h2 id="{self._id}">{_escape(self._snapshot.operation)}</h2>{mark.badge(mark.word)}'
            f'<ul class="facts">{"".join(self._facts())}</ul></div>\n'
            f"{''.join(self._failures())}{''.join(self._overdue())}{self._table()}{''.join(self._unreadable())}"
            "</section>"
        )

    def _facts(self) -> Iterator[str]:
        snapshot = self._snapshot
        if snapshot.is_fresh(ReportName.CAMPAIGNS, self._monotonic):
            started = sum(campaign.values.get("status") == 1 for campaign in snapshot.campaigns)
            yield f"<li>{_count(len(snapshot.campaigns), 'campaign')} published, {started:,} started</li>"
        else:
            yield "<li>no campaigns published</li>"
        if snapshot.token_valid is False:
            yield f'<li class="bad">{_BAD.sign} token refused</li>'
        elif any(state.trouble and state.trouble.reason is Reason.TOKEN for state in snapshot.reports.values()):
            yield f'<li class="bad">{_BAD.sign} no token</li>'
        else:
            yield f"<li>{'token accepted' if snapshot.token_valid else 'token not checked yet'}</li>"
        if snapshot.quota_exhausted:
            yield f'<li class="bad">{_BAD.sign} quota of the day exhausted</li>'

    def _failures(self) -> Iterator[str]:
        """Return one notice a reason, since reports that fail alike are helped alike."""
        failing: dict[tuple[Reason, str], list[tuple[ReportName, Trouble]]] = {}
        for name, state in self._snapshot.reports.items():
            if state.trouble is not None:
                failing.setdefault((state.trouble.reason, state.trouble.remedy), []).append((name, state.trouble))
        for (_, remedy), troubles in failing.items():
            lines = "".join(self._failure(name, trouble) for name, trouble in troubles)
            yield _notice(lines, remedy)

    def _failure(self, name: ReportName, trouble: Trouble) -> str:
        happened = _time(trouble.at, _ago(self._now - trouble.at))
        what = f"<b>{_escape(name)}</b> failed {happened}, reason <code>{trouble.reason}</code>"
        return f'<p>{what}: <span class="quoted">{_escape(trouble.detail)}</span></p>'

    def _overdue(self) -> Iterator[str]:
        for name, state in self._snapshot.reports.items():
            if _is_stale(self._snapshot, name, self._monotonic) and state.trouble is None:
                yield _notice(
                    f"<p><b>{_escape(name)}</b>: no poll has ended since the last good one</p>", _OVERDUE_REMEDY
                )

    def _unreadable(self) -> Iterator[str]:
        for name, state in self._snapshot.reports.items():
            counts = {field: number for field, number in state.unreadable.items() if number}
            if counts:
                total = _count(sum(counts.values()), "unreadable value")
                fields = ", ".join(f"{_escape(field)}: {number:,}" for field, number in counts.items())
                text = f"{total} left out since the start ({fields}); the log shows examples"
                yield f'<p class="notice warn">! <b>{_escape(name)}</b>: {text}</p>\n'

    def _table(self) -> str:
        head = "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS)
        rows = "".join(self._row(name, state) for name, state in self._snapshot.reports.items())
        body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>"
        return f'<table aria-labelledby="{self._id}">\n{body}\n</table>\n'

    def _row(self, name: ReportName, state: ReportState) -> str:
        cells = (
            self._data(name, state),
            "—" if state.next_poll is None else _time(state.next_poll, _ahead(state.next_poll - self._now)),
            "—" if state.duration is None else f"{state.duration:.1f} s",
            f"{state.polls:,}",
            f"{sum(state.failures.values()):,}",
        )
        rest = "".join(f'<td data-label="{label}">{cell}</td>' for label, cell in zip(_COLUMNS[2:], cells, strict=True))
        return f'<tr><th scope="row">{_escape(name)}</th><td>{self._state(name, state)}</td>{rest}</tr>\n'

    def _state(self, name: ReportName, state: ReportState) -> str:
        if state.up is None:
            return _WAIT.badge("Waiting")
        if not state.up:
            return _BAD.badge("Failing")
        return _BAD.badge("Stale") if _is_stale(self._snapshot, name, self._monotonic) else _GOOD.badge("Up")

    def _data(self, name: ReportName, state: ReportState) -> str:
        if state.last_success is None or state.fresh_until is None:
            return "none yet"
        age = _time(state.last_success, _ago(self._now - state.last_success))
        if _is_stale(self._snapshot, name, self._monotonic):
            return f'{age}<small class="bad">{_BAD.sign} stale, withdrawn</small>'
        if not state.up:
            return f"{age}<small>still published, withdrawn {_ahead(state.fresh_until - self._monotonic)}</small>"
        return age


def _time(at: float, words: str) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}" title="{moment:%Y-%m-%d %H:%M:%S} UTC">{words}</time>'


def _remedy(text: str) -> str:
    return f'<p class="remedy"><b>What to do:</b> {_escape(text)}</p>'


def _notice(text: str, remedy: str) -> str:
    return f'<div class="notice bad">{text}{_remedy(remedy)}</div>\n'


def _escape(text: str) -> str:
    """Make any text fit for the page; half a surrogate pair, which JSON can carry, cannot be sent as UTF-8."""
    return html.escape(text.encode(errors="replace").decode())


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _ago(seconds: float) -> str:
    return "just now" if seconds < _JUST_NOW else f"{_span(seconds)} ago"


def _span(seconds: float) -> str:
    """Write a duration in its largest unit and the one below."""
    left = int(seconds)
    first = next((place for place, (_, size) in enumerate(_UNITS) if left >= size), len(_UNITS) - 1)
    parts = []
    for unit, size in _UNITS[first : first + 2]:
        number, left = divmod(left, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts)


def _ahead(seconds: float) -> str:
    """Write when something is to come, roughly; what is long overdue is told as such."""
    if -_OVERDUE <= seconds < 1:
        return "now"
    unit, size = next(((unit, size) for unit, size in _UNITS if abs(seconds) >= size * 1.5), _UNITS[-1])
    about = f"{round(abs(seconds) / size)} {unit}"
    return f"in {about}" if seconds > 0 else f"due {about} ago"
