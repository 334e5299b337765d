"""The simulated operations: campaigns whose figures move as a dialler moves them."""

import random
from collections import Counter
from dataclasses import dataclass, field

TICK = 10.0
"""Seconds of simulated dialling in one step: figures do not depend on how often they are asked for."""

LONGEST_LEAP = 86_400.0
"""Seconds of dialling made up for at most, so that a clock that jumps by years does not hang the server."""

RESULTS = ("answer", "no_answer", "failed", "machine")
"""The attributes of a campaign that hold the results of its dialled records."""


@dataclass
class Campaign:
    """An outbound campaign: a list of records and how far the dialler has come with it.

    Every figure counts records, `speed` is in percent and `calls_per_minute` the average pace. `dial` and `clean`
    follow from the results at creation and can be changed afterwards, to anything. `mix` weighs the four results,
    `hit_rate` is the share of answers that become a hit. `recycle_after` is how many seconds an exhausted list waits
    before it is loaded again; None: for ever. `raw` replaces values of the row by whatever stands there.

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
    detections: list[tuple[float, int]] = field(default_factory=list)
    raw: dict[str, object] = field(default_factory=dict)
    dial: int = field(init=False)
    clean: int = field(init=False)
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
        dialling = self.status == "started" and self.clean > 0
        return round(self.calls_per_minute * self._wobble) if dialling else 0

    def advance(self, seconds: float, at: float, rng: random.Random) -> None:
        """Dial for `seconds`; detections are stamped with `at`, a Unix time."""
        self._wobble = rng.uniform(0.85, 1.15)
        if self.status != "started":
            return
        if self.clean == 0:
            self._wait(seconds)
            return
        due = self.calls_per_minute * self._wobble * seconds / 60 + self._carry
        self._carry = due % 1
        self._dial(min(int(due), self.clean), at, rng)

    def _wait(self, seconds: float) -> None:
        self._idle += seconds
        if self.recycle_after is not None and self._idle >= self.recycle_after:
            self.recycle()

    def recycle(self) -> None:
        """Load the list again: every record is clean, every result is gone."""
        self.clean, self.dial, self.hits, self._idle = self.records, 0, 0, 0.0
        for result in RESULTS:
            setattr(self, result, 0)
        self.recycled += 1

    def _dial(self, count: int, at: float, rng: random.Random) -> None:
        self.clean -= count
        self.dial += count
        results = Counter(rng.choices(RESULTS, self.mix, k=count))
        for result, number in results.items():
            setattr(self, result, getattr(self, result) + number)
        self.hits += sum(rng.random() < self.hit_rate for _ in range(results["answer"]))
        if results["machine"]:
            self.detect(at, results["machine"])

    def detect(self, at: float, count: int) -> None:
        """Add `count` answering machines heard at the Unix time `at`; those of one second are kept as one entry."""
        second = float(at // 1)
        if self.detections and self.detections[-1][0] == second:
            count += self.detections.pop()[1]
        self.detections.append((second, count))

    def detected(self, first: float, last: float) -> int:
        """Answering machines heard from Unix time `first` to the end of the second `last`."""
        return sum(count for at, count in self.detections if first <= at < last + 1)

    def row(self) -> dict[str, object]:
        """Write this campaign as the real-time report does: all values are text."""
        return {
            "campaign": " - ".join(part for part in (self.id, self.name, self.phones) if part),
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
        } | self.raw


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 0:,.2f} %"


@dataclass
class Operation:
    """An account of wolkvox: its tokens share `daily_limit` calls a day. The seed decides how its figures move."""

    name: str
    tokens: tuple[str, ...] = field(repr=False)
    campaigns: list[Campaign] = field(default_factory=list)
    daily_limit: int = 20_000
    seed: int = 0
    _random: random.Random = field(init=False, repr=False)
    _at: float | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - figures to look at, the same in every run

    def advance(self, now: float, pace: float = 1.0) -> None:
        """Dial up to the Unix time `now`, `pace` seconds of dialling in each second; the first call starts the time.

        A longer absence than a day of dialling is cut to a day.
        """
        if self._at is None:
            self._at = now
        self._at = max(self._at, now - LONGEST_LEAP / pace)
        while self._at + TICK / pace <= now:
            self._at += TICK / pace
            for campaign in self.campaigns:
                campaign.advance(TICK, self._at, self._random)

    def skip(self, now: float) -> None:
        """Let the time up to the Unix time `now` pass without a call."""
        self._at = now
