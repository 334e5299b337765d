"""The AMD poll and its modes: all campaigns in one call, each in a call of its own, or what turns out to work."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from wolkvox_exporter.api import windows
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.fields import Unread
from wolkvox_exporter.api.reports import amd
from wolkvox_exporter.api.reports.amd import ALL_CAMPAIGNS
from wolkvox_exporter.api.windows import Window
from wolkvox_exporter.config import AmdMode, Operation
from wolkvox_exporter.polling.known import Known
from wolkvox_exporter.polling.poll import Asker, Outcome
from wolkvox_exporter.polling.threads import in_thread
from wolkvox_exporter.runtime.serializable import Instant, Table

PROBE_INTERVAL = 3600.0
"""Seconds between two questions whether single campaigns have detections where `all` has none."""
_ROUNDING = 0.001
"""Seconds: more than an instant loses when it is written as Unix time and read by a later process."""


@dataclass(frozen=True, slots=True)
class ProbesMemory:
    """When a campaign was last asked for its own detections, and how often each was today."""

    last: Instant | None
    asked: Table[str, int]


@dataclass(frozen=True, slots=True)
class RoundsMemory:
    """When the interval's round began and the calls left in it, and the place of each campaign in the row."""

    began: Instant | None
    left: int
    order: Table[str, int]


@dataclass(frozen=True, slots=True)
class AmdMemory:
    """What `AmdPoll` holds. `found_each`: in the mode `auto`, whether campaigns have to be asked for one by one."""

    day: datetime | None
    found_each: bool
    all_answers: bool
    probes: ProbesMemory
    rounds: RoundsMemory


class AmdPoll:
    """Detections of answering machines since the operation's midnight."""

    fields: tuple[str, ...] = amd.FIELDS

    def __init__(self, operation: Operation, known: Known) -> None:
        self.interval = operation.amd_interval
        self._operation = operation
        self._known = known
        self._day: datetime | None = None
        self._each = False
        self._all_answers = False
        self._probes = _Probes(known)
        self._rounds = _Rounds(operation, known)

    def memory(self) -> AmdMemory:
        """Return what a later poll resumes."""
        found_each = self._each and self._operation.amd is AmdMode.AUTO
        return AmdMemory(self._day, found_each, self._all_answers, self._probes.memory(), self._rounds.memory())

    def resume(self, memory: AmdMemory) -> None:
        """Go on with the day; a mode that is configured comes before the one found."""
        self._day = memory.day
        self._each = self._operation.amd is AmdMode.EACH or (memory.found_each and self._operation.amd is AmdMode.AUTO)
        self._all_answers = memory.all_answers
        self._probes.resume(memory.probes)
        self._rounds.resume(memory.rounds)

    async def run(self, asker: Asker) -> Outcome | None:
        """See `Poll.run`. What was read before a failure is kept."""
        questions = _Questions(asker, windows.today(asker.time(), self._operation.time_zone), self._known)
        if questions.day.start != self._day:
            self._begin(questions.day.start)
        error = None
        try:
            await self._ask(questions)
        except ApiError as failure:
            if not questions.answered:
                raise
            error = failure
        return self._outcome(questions, error) if questions.answered else None

    def _begin(self, day: datetime) -> None:
        """Begin a day: what was chosen belongs to the one before."""
        self._day = day
        self._each = self._operation.amd is AmdMode.EACH
        self._probes.begin()

    async def _ask(self, questions: "_Questions") -> None:
        if self._each:
            await self._rounds.ask(questions)
            return
        refusal = await self._ask_all(questions)
        if self._operation.amd is AmdMode.AUTO and not self._all_answers:
            self._each = await self._probes.ask(questions)
        if refusal and not self._each:
            raise refusal

    async def _ask_all(self, questions: "_Questions") -> ApiError | None:
        """Ask for all campaigns; returns the error of a server that may not know how."""
        try:
            self._known.detections = await questions.detections(ALL_CAMPAIGNS)
        except ApiError as error:
            if error.reason not in (Reason.REQUEST, Reason.HTTP):
                raise
            return error
        self._all_answers = self._all_answers or bool(self._known.detections)
        return None

    def _outcome(self, questions: "_Questions", error: ApiError | None) -> Outcome:
        detections, start = self._known.labelled(), questions.day.start.timestamp()
        return Outcome(
            lambda snapshot: replace(snapshot, detections=detections, amd_window_start=start), questions.unread, error
        )


class _Questions:
    """The calls of one poll, all for the same window."""

    def __init__(self, asker: Asker, day: Window, known: Known) -> None:
        self.asker = asker
        self.day = day
        self.unread = Unread()
        self.answered = False
        self._known = known

    async def detections(self, campaign_id: str) -> dict[str, float]:
        """Ask for a campaign, or for all; the first answer of a day puts an end to what was known of the one before."""
        report = await in_thread(amd.read, await self.asker.ask(amd.call(self.day, campaign_id)))
        self.answered = True
        self.unread.merge(report.unread)
        self._known.begin_detections(self.day.start)
        return dict(report.detections)

    async def ask_one(self, campaign_id: str) -> None:
        """Ask for a campaign and remember its total."""
        found = (await self.detections(campaign_id)).get(campaign_id)
        if found is None:
            self._known.detections.pop(campaign_id, None)
        else:
            self._known.detections[campaign_id] = found


class _Probes:
    """Asks once an hour for the campaign with most machine results whether `all` keeps something back.

    Those not asked today come first. Once all were asked they come again: the machines that a list shows at night are
    yesterday's, and answer nothing of today.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._last: float | None = None
        self._asked: Counter[str] = Counter()

    def memory(self) -> ProbesMemory:
        """See `AmdPoll.memory`."""
        return ProbesMemory(self._last, MappingProxyType(dict(self._asked)))

    def resume(self, memory: ProbesMemory) -> None:
        """See `AmdPoll.resume`."""
        self._last, self._asked = memory.last, Counter(memory.asked)

    def begin(self) -> None:
        """Begin a day."""
        self._asked.clear()

    async def ask(self, questions: _Questions) -> bool:
        """Return whether a single campaign has detections."""
        now = questions.asker.monotonic()
        machines = {key: number for key, number in self._known.machines.items() if number}
        recently = self._last is not None and now - self._last < PROBE_INTERVAL
        if not machines or recently or not questions.asker.may_go_on():
            return False
        candidate = min(machines, key=lambda key: (self._asked[key], -machines[key]))
        self._last = now
        # before the answer: what fails may be asked for again, after the others
        self._asked[candidate] += 1
        found = (await questions.detections(candidate)).get(candidate)
        if found:
            self._known.detections[candidate] = found
        return bool(found)


class _Rounds:
    """Asks for campaigns seen started today, those first that were not asked for longest."""

    def __init__(self, operation: Operation, known: Known) -> None:
        self._operation = operation
        self._known = known
        self._order: Counter[str] = Counter()
        self._began: float | None = None
        self._left = 0

    def memory(self) -> RoundsMemory:
        """See `AmdPoll.memory`."""
        order = {key: self._order[key] for key in self._known.started_today if key in self._order}
        return RoundsMemory(self._began, self._left, MappingProxyType(order))

    def resume(self, memory: RoundsMemory) -> None:
        """See `AmdPoll.resume`; fewer calls than were left where fewer are allowed now."""
        self._began, self._left = memory.began, min(memory.left, self._operation.amd_max_calls)
        self._order = Counter(memory.order)

    async def ask(self, questions: _Questions) -> None:
        """Ask as many as an interval allows, also where a failed poll is repeated within it."""
        now = questions.asker.monotonic()
        if self._began is None or now - self._began >= self._operation.amd_interval - _ROUNDING:
            self._began, self._left = now, self._operation.amd_max_calls
        for campaign_id in sorted(self._known.started_today, key=self._order.__getitem__)[: self._left]:
            if not questions.asker.may_go_on():
                return
            self._left -= 1
            before = self._order[campaign_id]
            # also if the call fails, or one campaign could block all others
            self._order[campaign_id] = max(self._order.values(), default=0) + 1
            try:
                await questions.ask_one(campaign_id)
            except ApiError as error:
                if error.reset or error.reason is Reason.CONCURRENCY:
                    # the schedule repeats the poll within the interval: leave it this call
                    self._left += 1
                    self._order[campaign_id] = before
                raise
