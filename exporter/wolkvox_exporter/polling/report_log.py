"""What the log is told of an operation's reports."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

import structlog

from wolkvox_exporter.api.errors import Reason
from wolkvox_exporter.api.fields import ReportName, Unread
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.config import patterns, skills
from wolkvox_exporter.polling.readability import Readability
from wolkvox_exporter.polling.snapshot import ReportState, Snapshot
from wolkvox_exporter.polling.state import Failure, Result

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Filter:
    """What is told where the configuration leaves nothing of a report: in these words, with this to do."""

    words: str
    noun: str
    remedy: str
    sizes: Callable[[Snapshot], tuple[int, int | None]]
    """How many rows are published, and how many are left out."""


_FILTERS: Mapping[ReportName, _Filter] = MappingProxyType(
    {
        ReportName.CAMPAIGNS: _Filter(
            "include/exclude leaves out every campaign",
            "campaigns",
            patterns.REMEDY,
            lambda snapshot: (len(snapshot.campaigns), snapshot.excluded),
        ),
        ReportName.SKILLS: _Filter(
            "the list leaves out every skill",
            "skills",
            skills.REMEDY,
            lambda snapshot: (len(snapshot.skills.rows), snapshot.skills.excluded),
        ),
    }
)


class ReportLog:
    """Tells the log what has changed from one snapshot to the next, and which values could not be read.

    `token` names where the token is kept: for those who read the log, and not for all who reach the page.
    """

    def __init__(self, operation: str, token: Callable[[], str]) -> None:
        self._token = token
        self._log = log.bind(operation=operation)
        self._readability: dict[ReportName, Readability] = {}
        self._held: dict[ReportName, float] = {}
        self._overdue: set[ReportName] = set()
        self._selects_none: set[ReportName] = set()

    def called(
        self, report: ReportName, answer: Answer | Failure, result: Result, *, server: str, rows: int, seconds: float
    ) -> None:
        """Log a call that has ended, at debug level: what is known of it, and nothing that it brought."""
        told: dict[str, object] = {"bytes": len(answer.body)} if isinstance(answer, Answer) else {}
        if failure := result.failure:
            told |= {"reason": failure.reason, "error": failure.detail}
        else:
            told |= {"rows": rows}
        host, milliseconds = urlsplit(server).netloc, round(seconds * 1000)
        self._log.debug("call ended", report=report, host=host, status=result.code, milliseconds=milliseconds, **told)

    def unread(self, report: ReportName, unread: Unread) -> None:
        """Tell of values that could not be read, once until that changes."""
        if report not in self._readability:
            self._readability[report] = Readability(self._log.bind(report=report))
        self._readability[report].note(unread)

    def changed(self, before: Snapshot, after: Snapshot) -> None:
        """Tell of polls that ended and of polls that were left out."""
        for name, state in after.reports.items():
            earlier = before.reports.get(name)
            if earlier is None or state is earlier:
                continue
            if sum(state.failures.values()) > sum(earlier.failures.values()):
                self._failed(name, state)
            elif state.polls > earlier.polls:
                level = logging.DEBUG if earlier.up else logging.INFO
                self._log.log(level, "poll succeeded", report=name, seconds=round(state.duration or 0.0, 3))
            elif state.held and state.held != earlier.held and state.trouble and state.trouble is not earlier.trouble:
                trouble = state.trouble
                words = {"reason": trouble.reason, "error": trouble.detail, "remedy": trouble.remedy}
                self._log.info("poll held back", report=name, **words)
        for name, each in _FILTERS.items():
            self._left_out(name, each, before, after)

    def _failed(self, report: ReportName, state: ReportState) -> None:
        trouble = state.trouble
        if trouble is not None:
            self._log.warning(
                "poll failed",
                report=report,
                reason=trouble.reason,
                error=trouble.detail,
                remedy=trouble.remedy,
                seconds=round(state.duration or 0.0, 3),
                **({"source": self._token()} if trouble.reason is Reason.TOKEN else {}),
            )

    def _left_out(self, name: ReportName, told: _Filter, before: Snapshot, after: Snapshot) -> None:
        """Log once that the configuration leaves nothing of an answer, until there is something again."""
        if name not in before.reports or after.reports[name].read_at == before.reports[name].read_at:
            return
        published, excluded = told.sizes(after)
        if published:
            self._selects_none.discard(name)
        elif excluded and name not in self._selects_none:
            self._selects_none.add(name)
            self._log.warning(told.words, report=name, remedy=told.remedy, **{told.noun: excluded})

    def filtered_anew(self) -> None:
        """Take that other campaigns or skills may be left out from now on."""
        self._selects_none.clear()

    def held(self, report: ReportName, now: float) -> None:
        """Take that a report is held at `now`, monotonic, and so need not be asked for."""
        self._held[report] = now

    def waited(self, report: ReportName, since: float, now: float, bound: float) -> None:
        """Tell once that a report is due and was not asked for since an instant, for longer than `bound` seconds."""
        seconds = now - max(since, self._held.get(report, since))
        if seconds <= bound:
            self._overdue.discard(report)
        elif report not in self._overdue:
            self._overdue.add(report)
            remedy = "report a bug with the lines before this one; a restart of the exporter asks for it anew"
            words = "report is not asked although it is due"
            self._log.error(words, report=report, seconds=round(seconds), remedy=remedy)
