"""The automatic call distributor: gives those who want an agent to whoever has been ready longest.

It knows the calls that campaigns got answered, predictive as they are, and those that come by themselves. Both wait if
no agent of the skill is ready, and are gone when their patience ends. A phone that rings for a caller is picked up.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush

from wolkvox_exporter.simulator.agent import Agent, Break, Duty, LogIn, LogOut, Status
from wolkvox_exporter.simulator.events import Timetable
from wolkvox_exporter.simulator.skill import Caller, Direction, Skill

RINGS = (2, 8)
"""Seconds for which a phone rings, at least and at most, for an incoming call; others are put through at once."""
FORGOTTEN = 0.002
"""The share of after-call work that somebody forgets to end."""
FORGOTTEN_SECONDS = 1_500
CONSULTED = 0.03
"""The share of calls in which an agent asks a colleague, which is an internal call."""


@dataclass(frozen=True)
class Rota:
    """What `agent` is due to do."""

    agent: Agent
    duty: Duty


@dataclass(frozen=True)
class Lines:
    """So many calls a minute come in for `skill` from now on."""

    skill: Skill
    inbound_per_minute: float


class Distributor:
    """Agents, skills and the calls between them.

    `now` are seconds of simulated time since the simulation began. How long anything takes is drawn from `rng`.
    ValueError if an agent has a skill that is not there.
    """

    def __init__(
        self,
        skills: Iterable[Skill] = (),
        agents: Iterable[Agent] = (),
        timetable: Timetable[Rota | Lines] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.skills = {skill.id: skill for skill in skills}
        self.agents = list(agents)
        self.timetable = timetable or Timetable()
        self.now = 0
        self._random = rng or random.Random(0)  # noqa: S311 - figures to look at, the same in every run
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._pushed = 0
        self._ready: dict[str, dict[Agent, None]] = {skill: {} for skill in self.skills}
        """Agents by skill, the one that has been ready longest first."""
        for agent in self.agents:
            if not self.skills.keys() >= set(agent.skills):
                raise ValueError(f"agent {agent.id} has a skill that is not there: {', '.join(agent.skills)}")

    def advance(self, seconds: int, answered: Mapping[str, int]) -> None:
        """Distribute for `seconds` in which campaigns got so many calls `answered` by skill, then see to the rota.

        A skill that is not here, such as that of virtual agents, needs none of the agents.
        """
        for key, skill in self.skills.items():
            for _ in range(answered.get(key, 0)):
                self._expect(skill, Direction.OUTBOUND, self._random.randrange(seconds) + 1)
            self._let_call(skill, seconds)
        self.miss(seconds)

    def _let_call(self, skill: Skill, seconds: int) -> None:
        rate = skill.inbound_per_minute / 60
        after = self._random.expovariate(rate) if rate else seconds
        while after < seconds:
            self._expect(skill, Direction.INBOUND, int(after) + 1)
            after += self._random.expovariate(rate)

    def _expect(self, skill: Skill, direction: Direction, after: int) -> None:
        self._later(after, partial(self._arrive, Caller(skill, direction, self.now + after)))

    def miss(self, seconds: int) -> None:
        """Let `seconds` pass in which nobody calls; what was under way ends, and the rota goes on."""
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, happen = heappop(self._events)
            happen()
        self.now = end
        for entry in self.timetable.due(seconds):
            match entry:
                case Lines(skill, rate):
                    skill.inbound_per_minute = rate
                case Rota(agent, duty):
                    self._see_to(agent, duty)

    def begin_day(self) -> None:
        """Let all that the reports count begin at 0 again."""
        for skill in self.skills.values():
            skill.begin_day()
        for agent in self.agents:
            agent.begin_day(self.now)

    def _later(self, seconds: int, happen: Callable[[], None]) -> None:
        self._pushed += 1
        heappush(self._events, (self.now + seconds, self._pushed, happen))

    def _average(self, seconds: float) -> int:
        return max(1, round(self._random.expovariate(1 / seconds)))

    # What befalls a caller.

    def _arrive(self, caller: Caller) -> None:
        skill = caller.skill
        skill.offer()
        agent = next(iter(self._ready[skill.id]), None)
        if agent is not None:
            self._connect(agent, caller)
            return
        skill.queue[caller] = None
        self._later(self._average(skill.patience), partial(self._give_up, caller))

    def _give_up(self, caller: Caller) -> None:
        if caller in caller.skill.queue:
            del caller.skill.queue[caller]
            caller.skill.abandon()

    # What an agent does.

    def _enter(self, agent: Agent, state: str, seconds: int, caller: Caller | None = None) -> None:
        """Let `agent` be in a state, and do what comes next after so many seconds, unless the state has changed."""
        self._leave(agent)
        agent.enter(state, self.now, caller)
        self._later(seconds, partial(self._over, agent, agent.changes))

    def _leave(self, agent: Agent) -> None:
        if agent.state == Status.READY:
            for skill in agent.skills:
                self._ready[skill].pop(agent, None)

    def _connect(self, agent: Agent, caller: Caller) -> None:
        if caller.direction is Direction.OUTBOUND:
            self._answer(agent, caller)
            return
        caller.skill.ringing += 1
        self._enter(agent, Status.RING, self._random.randint(*RINGS), caller)

    def _answer(self, agent: Agent, caller: Caller) -> None:
        caller.skill.answer(self.now - caller.arrived)
        self._enter(agent, Status.TALK, self._average(caller.skill.talk), caller)
        agent.calls[caller.direction] += 1

    def _over(self, agent: Agent, changes: int) -> None:
        if agent.changes != changes:
            return
        caller = agent.caller
        if caller is not None and agent.state == Status.RING:
            caller.skill.ringing -= 1
            self._answer(agent, caller)
        elif caller is not None and agent.state == Status.TALK:
            self._wrap_up(agent, caller.skill)
        else:
            self._go_on(agent)

    def _wrap_up(self, agent: Agent, skill: Skill) -> None:
        if self._random.random() < CONSULTED:
            agent.calls["internal"] += 1
        is_forgotten = self._random.random() < FORGOTTEN
        self._enter(agent, Status.ACW, FORGOTTEN_SECONDS if is_forgotten else self._average(skill.acw))

    def _go_on(self, agent: Agent) -> None:
        """Let `agent`, who is free now, do what is due, or take who has waited longest, or be ready."""
        duty, agent.next_duty = agent.next_duty, None
        queues = [queue for skill in agent.skills if (queue := self.skills[skill].queue)]
        if duty is not None:
            self._begin(agent, duty)
        elif queues:
            caller = min((next(iter(queue)) for queue in queues), key=lambda head: head.arrived)
            del caller.skill.queue[caller]
            self._connect(agent, caller)
        else:
            agent.enter(Status.READY, self.now)
            for skill in agent.skills:
                self._ready[skill][agent] = None

    def _see_to(self, agent: Agent, duty: Duty) -> None:
        is_on_call = agent.state in {Status.RING, Status.TALK, Status.ACW}
        match duty:
            case LogIn() if agent.state == Status.LOGOUT:
                self._go_on(agent)
            case LogIn():
                # who was about to log out stays
                agent.next_duty = None
            case Break() if is_on_call:
                agent.next_duty = agent.next_duty or duty
            case LogOut() if is_on_call:
                agent.next_duty = duty
            case LogOut() if agent.state != Status.LOGOUT:
                self._begin(agent, duty)
            case Break() if agent.state == Status.READY:
                self._begin(agent, duty)

    def _begin(self, agent: Agent, duty: LogOut | Break) -> None:
        if isinstance(duty, Break):
            self._enter(agent, duty.text, duty.seconds)
        else:
            self._leave(agent)
            agent.enter(Status.LOGOUT, self.now)
