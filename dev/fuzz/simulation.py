"""A simulation: time passes from one thing that happens to the next, and the referee watches the process."""

from collections.abc import Generator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from fuzz.course import Course, Event, Terms, What, changed
from fuzz.machine import Clock, Disk, exact
from fuzz.process import Process, Worker
from fuzz.referee import Referee
from fuzz.wolkvox import Api
from fuzz.world import World

MOST_STEPS = 1000
"""Decisions of one course of chance; it ends there."""
_STORE_WRITES = 4
"""How often the store is written to for one call at most."""
_WELL = 5400.0
"""Seconds for which all is well in the end: the longest pause, and every interval twice."""


@dataclass(order=True)
class _Sleeper:
    until: float
    number: int
    worker: Worker = field(compare=False)
    work: Generator[float] = field(compare=False)


@dataclass
class _Kill:
    """The process is to be killed while it is doing something, or at an instant once that is known."""

    doing: str
    down: float
    is_booted: bool
    at: float | None = None


class Simulation:
    """One course, from the first start of the process to its end."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._terms: dict[str, Terms] = {one.name: one for one in course.terms}
        clock = Clock()
        files = {one.name: (one.token, clock.time()) for one in course.terms}
        self.world = World(clock, Api(course.terms), Disk(), Referee(), files)
        self._numbers = count(1)
        self._steps = 0
        self._is_stepped = False
        self._kill: _Kill | None = None
        self._sleepers: list[_Sleeper] = []
        self._by_worker: dict[str, _Sleeper] = {}
        self._process = Process(self.world, self._wake)

    @property
    def steps(self) -> int:
        """How often was decided."""
        return self._steps + self._process.steps

    def run(self, most: float = float("inf")) -> int:
        """Live through the course, and return how often was decided. AssertionError if a promise is broken.

        After `most` decisions nothing happens any more.
        """
        self._process.begin(self._terms)
        for event in self._course.events:
            self.passes(event.after)
            if self.steps > most:
                break
            self.happens(event)
        self._kill = None
        self.happens(Event(0.0, What.ALL_IS_WELL))
        self.passes(_WELL)
        self.world.referee.finds_all_asked(self.world.clock)
        return self.steps

    def passes(self, seconds: float) -> None:
        """Let time pass, and all happen that falls due in it."""
        clock, end = self.world.clock, self.world.clock.instant + seconds
        while (at := self._next()) <= end:
            clock.instant = max(clock.instant, at)
            if self._kill and self._kill.at == at:
                self._restart(self._kill)
            else:
                self._proceeds(heappop(self._sleepers))
        clock.instant = max(clock.instant, end)

    def _next(self) -> float:
        while self._sleepers and self._by_worker.get(self._sleepers[0].worker.key) is not self._sleepers[0]:
            heappop(self._sleepers)
        at = self._sleepers[0].until if self._sleepers else float("inf")
        return min(at, self._kill.at) if self._kill and self._kill.at is not None else at

    def _proceeds(self, sleeper: _Sleeper) -> None:
        until = next(sleeper.work, None)
        if until is None:
            del self._by_worker[sleeper.worker.key]
            return
        self._sleeps(sleeper.worker, sleeper.work, until)
        if self._kill and self._kill.at is None and sleeper.worker.doing == self._kill.doing:
            now = self.world.clock.instant
            self._kill.at = now + exact((until - now) / 2)

    def _sleeps(self, worker: Worker, work: Generator[float], until: float) -> None:
        sleeper = _Sleeper(until, next(self._numbers), worker, work)
        self._by_worker[worker.key] = sleeper
        heappush(self._sleepers, sleeper)

    def _wake(self, worker: Worker) -> None:
        sleeper = self._by_worker.get(worker.key)
        if sleeper is None:
            self._sleeps(worker, self._process.run(worker), self.world.clock.instant)
        elif worker.doing == "sleeps":
            self._sleeps(worker, sleeper.work, self.world.clock.instant)

    def _restart(self, kill: _Kill) -> None:
        clock, referee = self.world.clock, self.world.referee
        self._steps += self._process.steps
        self._kill = None
        self._sleepers.clear()
        self._by_worker.clear()
        referee.killed()
        clock.instant += kill.down
        if kill.is_booted:
            clock.reboot()
            referee.is_sure &= not self._is_stepped
        self._process = Process(self.world, self._wake)
        self._process.begin(self._terms)

    def happens(self, event: Event) -> None:
        """Let something happen."""
        world, value = self.world, event.value
        name = tuple(self._terms)[event.who % len(self._terms)]
        world.api.happens(event, name, world.token_files[name][0] or "none", world.clock.true_time)
        match event.what, value:
            case What.TOKEN_FILE, str(content):
                self._write_token(name, content)
            case What.RELOAD, (str(key), setting):
                self._terms[name] = changed(self._terms[name], key, setting)
                self._process.reload(self._terms[name])
            case What.RESTART, (float(down), str(how), str(boot)):
                self._is_to_be_killed(_Kill(how, down, boot == "another boot"))
            case What.CLOCK_STEPS, float(seconds):
                world.clock.ahead += seconds
                self._is_stepped = True
            case What.CODEC, _:
                self._process.codecs_to_check = len(self._process.workers)
            case What.ALL_IS_WELL, _:
                self._is_well()
            case _, float(number):
                self._slows_down(event.what, number)

    def _is_well(self) -> None:
        self.world.token_takes = self.world.store_takes = 0.0
        self.world.store_is_full = False
        for name, (token, _) in self.world.token_files.items():
            self._write_token(name, token or "new")

    def _slows_down(self, what: What, number: float) -> None:
        world = self.world
        if what is What.TOKEN_FILE_TAKES:
            world.token_takes = number
        elif what is What.STORE_TAKES:
            world.store_takes = number
        elif what is What.STORE_IS_FULL:
            world.store_is_full = bool(number)
        taken = world.token_takes + _STORE_WRITES * world.store_takes
        world.referee.overhead = max(world.referee.overhead, taken)

    def _is_to_be_killed(self, kill: _Kill) -> None:
        self._kill = kill
        if kill.doing == "sleeps":
            kill.at = self.world.clock.instant

    def _write_token(self, name: str, content: str) -> None:
        files, clock = self.world.token_files, self.world.clock
        named = {
            "gone": "",
            "new": f"token {next(self._numbers)}",
            "first": next(one.token for one in self._course.terms if one.name == name),
            "shared": files[next(iter(files))][0],
        }
        token = named.get(content, content)
        if token != files[name][0]:
            # a file that is written anew would pass for another token after a restart
            files[name] = token, clock.time()
            self.world.referee.token_file_is(name, there=bool(token), now=clock.instant)
