"""Simulated time: tasks that sleep, and messages between processes and the database that may go wrong."""

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from wolkvox_exporter.replicas.store import DatabaseError

TIME_OUT = 3.0
"""Seconds after which nobody waits for the database any more."""


@dataclass(frozen=True)
class Sleep:
    """An instruction to the kernel: go on after so many true seconds, or when woken."""

    seconds: float

    def __await__(self) -> Generator[Any, Any, None]:
        """Wait."""
        yield self


@dataclass(frozen=True)
class Ask:
    """An instruction to the kernel: have this done by the database, and go on with its answer."""

    work: Callable[[], Any]

    def __await__(self) -> Generator[Any, Any, Any]:
        """Wait for the answer; raises `DatabaseError`."""
        return (yield self)


@dataclass
class Machine:
    """What a task runs on: it may stand still, be cut off from the database, or be dead."""

    frozen_until: float = 0.0
    cut_until: float = 0.0
    is_dead: bool = False


@dataclass
class Task:
    """A coroutine; what is to go on is the wake-up with the latest number."""

    machine: Machine
    work: Coroutine[Any, Any, None]
    number: int = 0
    is_asleep: bool = False


@dataclass
class Network:
    """How the way to the database is; shares of messages."""

    lost: float = 0.0
    answer_lost: float = 0.0
    repeated: float = 0.0
    late: float = 0.0
    down_until: float = 0.0
    life: int = 0
    """Messages under way do not reach another life of the database."""


@dataclass
class Kernel:
    """Lets time pass from one thing that happens to the next."""

    random: Random
    network: Network = field(default_factory=Network)
    now: float = 0.0
    _tasks: list[Task] = field(default_factory=list)
    _queue: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def at(self, instant: float, work: Callable[[], object]) -> None:
        """Do something at an instant."""
        heappush(self._queue, (instant, next(self._numbers), work))

    def start(self, machine: Machine, work: Coroutine[Any, Any, None]) -> Task:
        """Run a coroutine on a machine."""
        task = Task(machine, work)
        self._tasks.append(task)
        self._resume_at(self.now, task, None)
        return task

    def wake(self, task: Task) -> None:
        """End a task's sleep."""
        if task.is_asleep:
            self._resume_at(self.now, task, None)

    def close(self) -> None:
        """End all coroutines."""
        for task in self._tasks:
            task.work.close()

    def until(self, instant: float) -> None:
        """Let everything happen that falls due by an instant."""
        while self._queue and self._queue[0][0] <= instant:
            at, _, work = heappop(self._queue)
            self.now = max(self.now, at)
            work()
        self.now = max(self.now, instant)

    def _resume_at(self, instant: float, task: Task, answer: object) -> None:
        task.number += 1
        task.is_asleep = False
        number = task.number
        self.at(instant, lambda: self._resume(task, number, answer))

    def _resume(self, task: Task, number: int, answer: object) -> None:
        machine = task.machine
        if machine.is_dead or number != task.number:
            return
        if machine.frozen_until > self.now:
            self.at(min(machine.frozen_until, self.now + 1.0), lambda: self._resume(task, number, answer))
            return
        try:
            instruction = task.work.throw(answer) if isinstance(answer, DatabaseError) else task.work.send(answer)
        except StopIteration:
            return
        if isinstance(instruction, Sleep):
            self._resume_at(self.now + instruction.seconds, task, None)
            task.is_asleep = True
        else:
            self._send(task, instruction.work)

    def _send(self, task: Task, work: Callable[[], Any]) -> None:
        chance, network = self.random.random, self.network
        takes = self.random.uniform(0.5, 2 * TIME_OUT) if chance() < network.late else self.random.uniform(0.001, 0.02)
        back = self.random.uniform(0.001, 0.02)
        if chance() < network.lost or task.machine.cut_until > self.now:
            self._fails(task)
            return
        life, is_answered, sent = network.life, chance() >= network.answer_lost, self.now
        if chance() < network.repeated:
            self.at(self.now + takes + self.random.uniform(0.001, 2 * TIME_OUT), lambda: self._arrives(life, work))

        def arrives() -> None:
            did, answer = self._arrives(life, work)
            if did and is_answered and self.now + back < sent + TIME_OUT:
                self._resume_at(self.now + back, task, answer)

        self._fails(task)
        self.at(self.now + takes, arrives)

    def _fails(self, task: Task) -> None:
        # an answer that comes before takes its place
        self._resume_at(self.now + TIME_OUT, task, DatabaseError("no answer in time", "look at the database"))

    def _arrives(self, life: int, work: Callable[[], Any]) -> tuple[bool, Any]:
        if life != self.network.life or self.network.down_until > self.now:
            return False, None
        try:
            return True, work()
        except DatabaseError as error:
            return True, error
