"""As many agents as the campaigns need, and when they are there: made up, as are their names."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from wolkvox_exporter.simulator.agent import Agent, Break, Duty, LogIn, LogOut
from wolkvox_exporter.simulator.campaign import Campaign
from wolkvox_exporter.simulator.distributor import Distributor, Lines, Rota
from wolkvox_exporter.simulator.events import RESULTS, Timetable
from wolkvox_exporter.simulator.skill import Skill
from wolkvox_exporter.simulator.window import DAY

HOUR = 3_600
ROUND = 8 * HOUR
"""After so long the rota of a centre that never closes comes round."""
NIGHT_RATE = 0.15
"""Incoming calls a minute at night, where there is anybody to take them."""

_FIRST = ("María", "José", "Ñusta", "Andrés", "Lucía", "Íngrid", "Óscar", "Zoé", "Iván", "Belén", "Raúl", "Noé")
_LAST = ("Peña", "Núñez", "Ibáñez", "Güell", "D'Alba", "Muñoz", "Ávila", "Sáenz", "Quiñones", "Yáñez", "Ríos")
_SPELLINGS: tuple[Callable[[str], str], ...] = (str.upper, str.upper, str.title, str)

Entry = tuple[float, Rota | Lines]


@dataclass(frozen=True)
class Centre:
    """What an operation's agents are like: the texts of its own states, its skills' names and incoming calls a minute.

    `staffing` are the agents for each whom the work keeps busy while all campaigns dial: few, so that there is a queue
    now and then. `lunch` and the short breaks are as the operation has written them. At `night` two agents of that
    skill are there.
    """

    names: Mapping[str, str]
    inbound: Mapping[str, float] = field(default_factory=dict)
    staffing: float = 1.0
    lunch: str = "Almuerzo"
    short: tuple[str, ...] = ("Baño", "Pausa activa")
    night: str | None = None

    def by_day(self, campaigns: Iterable[Campaign], days: int, rng: random.Random) -> Distributor:
        """Staff so many days of the campaigns from about 8 to 19 hours after their beginning."""
        skills, agents = self._staff(campaigns, rng)
        entries = [entry for day in range(days) for entry in self._day(day * DAY, skills, agents, rng)]
        if self.night is not None:
            guards = self._agents(skills[self.night], 2, len(agents), rng)
            agents += guards
            entries += [entry for day in range(days) for entry in _night(day * DAY, guards, rng)]
        return Distributor(skills.values(), agents, Timetable(entries), rng)

    def at_any_time(self, campaigns: Iterable[Campaign], rng: random.Random) -> Distributor:
        """Staff the campaigns around the clock: one after the other is away for a while."""
        skills, agents = self._staff(campaigns, rng)
        entries: list[Entry] = [(0.0, Lines(skill, self.inbound.get(key, 0.0))) for key, skill in skills.items()]
        for number, agent in enumerate(agents):
            away = ROUND * (number + 0.5) / len(agents)
            entries += [(0.0, Rota(agent, LogIn())), (away, Rota(agent, LogOut()))]
            entries += [(away + HOUR / 4, Rota(agent, LogIn()))] if away + HOUR / 4 < ROUND else []
            entries += [(rng.uniform(0, ROUND), Rota(agent, duty)) for duty in self._breaks(rng)]
        return Distributor(skills.values(), agents, Timetable(entries, every=ROUND), rng)

    def _staff(self, campaigns: Iterable[Campaign], rng: random.Random) -> tuple[dict[str, Skill], list[Agent]]:
        skills = {key: Skill(key, name) for key, name in self.names.items()}
        minutes = {key: self.inbound.get(key, 0.0) for key in skills}
        for campaign in campaigns:
            if campaign.skill in skills:
                minutes[campaign.skill] += _answers(campaign)
        agents: list[Agent] = []
        for key, skill in skills.items():
            number = 1 + ceil(self.staffing * minutes[key] * (skill.talk + skill.acw) / 60)
            agents += self._agents(skill, number, len(agents), rng)
        return skills, agents

    def _agents(self, skill: Skill, number: int, taken: int, rng: random.Random) -> list[Agent]:
        others = [key for key in self.names if key != skill.id]
        return [
            Agent(
                id=str(12_001 + taken + each),
                name=f"{rng.choice(_FIRST)} {rng.choice(_LAST)} {rng.choice(_LAST)}",
                # every fifth helps out in a second skill
                skills=(skill.id, rng.choice(others)) if others and each % 5 == 0 else (skill.id,),
                spelled=rng.choice(_SPELLINGS),
            )
            for each in range(number)
        ]

    def _breaks(self, rng: random.Random) -> list[Duty]:
        return [
            Break(self.lunch, rng.randrange(1_800, 3_600)),
            *(Break(rng.choice(self.short), rng.randrange(120, 900)) for _ in range(3)),
        ]

    def _day(
        self, midnight: float, skills: Mapping[str, Skill], agents: Iterable[Agent], rng: random.Random
    ) -> Iterator[Entry]:
        for key, skill in skills.items():
            rate = self.inbound.get(key, 0.0)
            yield midnight + 8 * HOUR, Lines(skill, rate)
            yield midnight + 19 * HOUR, Lines(skill, min(rate, NIGHT_RATE) if key == self.night else 0.0)
        for agent in agents:
            lunch, *short = self._breaks(rng)
            yield midnight + rng.uniform(7.6, 8.1) * HOUR, Rota(agent, LogIn())
            yield midnight + rng.uniform(12.2, 13.2) * HOUR, Rota(agent, lunch)
            for duty in short:
                yield midnight + rng.uniform(8.5, 18.5) * HOUR, Rota(agent, duty)
            yield midnight + rng.uniform(19.1, 19.4) * HOUR, Rota(agent, LogOut())


def _night(midnight: float, guards: Iterable[Agent], rng: random.Random) -> Iterator[Entry]:
    for guard in guards:
        yield midnight + rng.uniform(18.6, 19.0) * HOUR, Rota(guard, LogIn())
        yield midnight + DAY + rng.uniform(7.5, 7.9) * HOUR, Rota(guard, LogOut())


def _answers(campaign: Campaign) -> float:
    """Give how many calls a minute are answered while the campaign dials."""
    return campaign.calls_per_minute * campaign.mix[RESULTS.index("answer")] / sum(campaign.mix)
