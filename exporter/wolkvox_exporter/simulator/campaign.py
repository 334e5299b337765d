"""The simulated campaign: a list of records, how far the dialler has come with it, and what else befalls it."""

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

from wolkvox_exporter.api.reports.campaigns import NUMBERS
from wolkvox_exporter.simulator.answers import Row, completed
from wolkvox_exporter.simulator.detections import Detections
from wolkvox_exporter.simulator.events import RESULTS, Change, Event, Once, Recycle, Redial, Reload, Timetable
from wolkvox_exporter.simulator.truth import Oddity, Standing, Truth

REDIALLED = ("no_answer", "failed")
"""The results that another phone may change."""


@dataclass
class Pass:
    """A pass over a further `phone`; `left` are the records still to be called, by the result they have now."""

    phone: str
    left: Counter[str]
    total: int

    def draw(self, count: int) -> Counter[str]:
        """Take `count` records, or what is left, and give them by the result they had."""
        drawn: Counter[str] = Counter()
        for result in REDIALLED:
            drawn[result] = min(count - drawn.total(), self.left[result])
        self.left -= drawn
        return drawn

    def __str__(self) -> str:
        done = self.total - self.left.total()
        return f"{self.phone} ({100 * done // self.total if self.total else 100}%)"


@dataclass
class Campaign:
    """An outbound campaign: a list of records and how far the dialler has come with it.

    Every figure counts records, `speed` is in percent, `calls_per_minute` the average, times `pace`. `dial` and
    `clean` follow from the results at creation and can be changed afterwards, to anything. `mix` weighs the four
    results, `hit_rate` is the share of answers that become a hit. `recycle_after` is how many seconds an exhausted
    list waits before it is recycled; None: for ever. `timetable` holds what else befalls it. `raw` replaces values of
    the row by whatever stands there. `truth` is what happened since the simulation began.

    ValueError if there are more results than records.
    """

    id: str
    name: str
    phones: str = "tel1 (100%)"
    skill: str = "4000"
    status: str = "started"
    speed: int = 100
    records: int = 0
    answer: int = 0
    no_answer: int = 0
    failed: int = 0
    machine: int = 0
    hits: int = 0
    recycled: int = 0
    calls_per_minute: float = 0.0
    mix: tuple[float, float, float, float] = (0.35, 0.30, 0.20, 0.15)
    hit_rate: float = 0.08
    recycle_after: float | None = None
    detections: Detections = field(default_factory=Detections)
    raw: dict[str, object] = field(default_factory=dict)
    timetable: Timetable[Event] = field(default_factory=Timetable)
    pace: float = 1.0
    truth: Truth = field(default_factory=Truth)
    dial: int = field(init=False)
    clean: int = field(init=False)
    _passes: list[Pass] = field(default_factory=list, init=False, repr=False)
    _oddities: dict[Oddity, int] = field(default_factory=dict, init=False, repr=False)
    _wobble: float = field(default=1.0, init=False, repr=False)
    _carry: float = field(default=0.0, init=False, repr=False)
    _idle: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        self.dial = self.answer + self.no_answer + self.failed + self.machine
        self.clean = self.records - self.dial
        if self.clean < 0:
            raise ValueError(f"campaign {self.id} has {self.dial} results for {self.records} records")

    @property
    def calls_now(self) -> int:
        """Calls per minute at this moment; 0 when stopped or exhausted."""
        dialling = self.status == "started" and self._callable > 0
        return round(self._average * self._wobble) if dialling else 0

    @property
    def _average(self) -> float:
        return self.calls_per_minute * self.pace

    @property
    def _callable(self) -> int:
        return self.clean + (self._passes[-1].left.total() if self._passes else 0)

    def advance(self, seconds: float, at: float, rng: random.Random) -> None:
        """Dial for `seconds`, then let happen what is due; detections are stamped with `at`, a Unix time."""
        if self.status == "started":
            self._work(seconds, at, rng)
        self.miss(seconds)

    def miss(self, seconds: float) -> None:
        """Let `seconds` pass without a call; the timetable goes on."""
        for event in self.timetable.due(seconds):
            self.happen(event)

    def _work(self, seconds: float, at: float, rng: random.Random) -> None:
        self._wobble = rng.uniform(0.85, 1.15)
        if not self._callable:
            self._wait(seconds)
            return
        due = self._average * self._wobble * seconds / 60 + self._carry
        self._carry = due % 1
        count = self._redial(int(due)) or self._dial(int(due))
        self._book(rng.choices(RESULTS, cum_weights=_sums(self.mix), k=count), at, rng)

    def _wait(self, seconds: float) -> None:
        self._idle += seconds
        if self.recycle_after is not None and self._idle >= self.recycle_after:
            self.recycle()

    def _dial(self, count: int) -> int:
        count = min(count, self.clean)
        self.clean -= count
        self.dial += count
        self.truth.dialed += count
        return count

    def _redial(self, count: int) -> int:
        if not self._passes:
            return 0
        drawn = self._passes[-1].draw(count)
        for result, number in drawn.items():
            setattr(self, result, getattr(self, result) - number)
        self.truth.redialed += drawn.total()
        return drawn.total()

    def _book(self, drawn: list[str], at: float, rng: random.Random) -> None:
        for result in RESULTS:
            if number := drawn.count(result):
                setattr(self, result, getattr(self, result) + number)
                self.truth.results[result] += number
        hits = sum(rng.random() < self.hit_rate for _ in range(drawn.count("answer")))
        self.hits += hits
        self.truth.hits += hits
        if machines := drawn.count("machine"):
            self.detect(at, machines)

    def happen(self, event: Event) -> None:
        """Let `event` befall this campaign now."""
        match event:
            case Change():
                self._change(event)
            case Recycle():
                self.recycle(event.results)
            case Reload():
                self._reload(round(self.records * event.times))
            case Redial():
                self._begin_pass(event.phone)
            case Once():
                self._oddities[event.oddity] = self.dial

    def _change(self, event: Change) -> None:
        self.status = self.status if event.status is None else event.status
        self.name = self.name if event.name is None else event.name
        self.skill = self.skill if event.skill is None else event.skill
        self.pace = self.pace if event.pace is None else event.pace

    def recycle(self, results: tuple[str, ...] = RESULTS) -> None:
        """Make the records with `results` clean again and forget those results; the others stay dialled."""
        if any(getattr(self, result) for result in results):
            self.truth.falls += 1
        for result in results:
            setattr(self, result, 0)
        if "answer" in results:
            self.hits = 0
        self.dial = sum(getattr(self, result) for result in RESULTS)
        self.clean = self.records - self.dial
        self.recycled += 1
        self._passes.clear()
        self._idle = 0.0

    def _reload(self, records: int) -> None:
        self._oddities[Oddity.STALE_DIAL] = self.dial
        self.records = records
        self.recycle()
        self.recycled = 0

    def _begin_pass(self, phone: str) -> None:
        left = Counter({result: getattr(self, result) for result in REDIALLED})
        self._passes = [earlier for earlier in self._passes if earlier.phone != phone]
        self._passes.append(Pass(phone, left, left.total()))

    def detect(self, at: float, count: int) -> None:
        """Add `count` answering machines heard at the Unix time `at`."""
        self.detections.add(at, count)

    def detected(self, first: float, last: float) -> int:
        """Answering machines heard from Unix time `first` to the end of the second `last`, reported or not."""
        return self.detections.heard(first, last + 1)

    def forget_oddities(self) -> None:
        """Let no report show what was due for the next one."""
        self._oddities.clear()

    def standing(self) -> Standing:
        """Give how it stands at this moment."""
        return Standing(
            *(self.name, self.skill, self.status == "started", self.speed, self.calls_now),
            *(self.records, self.clean, self.dial, self.hits, self.recycled),
            {result: getattr(self, result) for result in RESULTS},
        )

    def reported(self) -> tuple[Row | None, Oddity | None]:
        """Write the row for a good report, which uses up what was due for one; None if the row is missing in it.

        Of several oddities that are due, the report shows one.
        """
        due, self._oddities = self._oddities, {}
        if Oddity.VANISHED in due:
            return None, Oddity.VANISHED
        if Oddity.DIPPED in due:
            empty = Campaign(self.id, self.name, self._phones(), self.skill, self.status, self.speed)
            return empty.row(), Oddity.DIPPED
        if Oddity.STALE_DIAL in due:
            return {**self.row(), "dial": f"{due[Oddity.STALE_DIAL]:,}"}, Oddity.STALE_DIAL
        return self.row(), None

    def _phones(self) -> str:
        return " - ".join(filter(None, [self.phones, *map(str, self._passes)]))

    def row(self) -> dict[str, object]:
        """Write this campaign as the real-time report does: all values are text."""
        row: dict[str, object] = {
            "campaign": " - ".join(filter(None, (self.id, self.name, self._phones()))),
            "speed": f"{self.speed}%",
            "status": self.status,
            "skill_id": self.skill,
            "records": f"{self.records:,}",
            "clean": f"{self.clean:,}",
            "dial": f"{self.dial:,}",
            "answer": f"{self.answer:,}",
            "no_answer": f"{self.no_answer:,}",
            "busy/congestion/failed": f"{self.failed:,}",
            "answer_machine": f"{self.machine:,}",
            "penetration_day": _percent(self.recycled * self.records + self.dial, self.records),
            "penetration_now": _percent(self.dial, self.records),
            "hits": f"{self.hits:,} ({_percent(self.hits, self.dial)})",
            "calls_x_min": f"{self.calls_now:,}",
            "recycled": f"{self.recycled:,}",
        }
        return completed(row, NUMBERS) | self.raw


@cache
def _sums(weights: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(accumulate(weights))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 0:,.2f} %"
