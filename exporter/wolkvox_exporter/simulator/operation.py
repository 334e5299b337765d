"""The simulated operation: an account with its campaigns and agents, and what it lets callers see of them."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field

from wolkvox_exporter.api.reports.amd import NUMBERS
from wolkvox_exporter.simulator.agent import Agent, Status
from wolkvox_exporter.simulator.answers import Row, completed
from wolkvox_exporter.simulator.campaign import Campaign
from wolkvox_exporter.simulator.detections import Lag
from wolkvox_exporter.simulator.distributor import Distributor
from wolkvox_exporter.simulator.fault import Fault
from wolkvox_exporter.simulator.skill import Skill
from wolkvox_exporter.simulator.truth import AgentsPoll, Poll, SkillsPoll
from wolkvox_exporter.simulator.window import DAY, Window, midnight_before

TICK = 10
"""Seconds of simulated dialling in one step: figures do not depend on how often they are asked for."""

LONGEST_LEAP = 86_400.0
"""Seconds of dialling made up for at most, so that a clock that jumps by years does not hang the server."""


@dataclass
class Operation:
    """An account of wolkvox: its tokens share `daily_limit` calls a day. The seed decides how its figures move.

    `others_per_hour` calls an hour are spent by other integrations with tokens of their own. `amd_all=False`: the
    server has no AMD data for `campaign_id=all`. `amd_lag`: after how many seconds detections are reported, from and
    to. `start`: the Unix time at which the simulation begins; None: when first asked. `distributor` has the agents who
    talk to those whom campaigns reach, and the skills; `skills_all` is how an old server refuses `skill_id=all`, None
    that it does not; `logged_out_listed` has the agents report list those who are not there. `polls`, `skills_polls`
    and `agents_polls` are the good reports, of which the last `polls_kept` (None: all) are kept.
    """

    name: str
    tokens: tuple[str, ...] = field(repr=False)
    campaigns: list[Campaign] = field(default_factory=list)
    daily_limit: int = 20_000
    seed: int = 0
    others_per_hour: float = 0.0
    amd_all: bool = True
    amd_lag: tuple[int, int] = (0, 0)
    start: float | None = None
    polls_kept: int | None = None
    distributor: Distributor = field(default_factory=Distributor, repr=False)
    skills_all: Fault | None = None
    logged_out_listed: bool = False
    polls: deque[Poll] = field(init=False, repr=False)
    skills_polls: deque[SkillsPoll] = field(init=False, repr=False)
    agents_polls: deque[AgentsPoll] = field(init=False, repr=False)
    _random: random.Random = field(init=False, repr=False)
    _at: float | None = field(default=None, init=False, repr=False)
    _midnight: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - figures to look at, the same in every run
        self.polls = deque(maxlen=self.polls_kept)
        self.skills_polls = deque(maxlen=self.polls_kept)
        self.agents_polls = deque(maxlen=self.polls_kept)

    def advance(self, now: float, pace: float = 1.0) -> None:
        """Dial up to the Unix time `now`, `pace` seconds of dialling in each second; the first call starts the time.

        Of a longer absence than a day only the timetables are made up for, and a day of dialling.
        """
        if self._at is None:
            self._begin(now)
        else:
            self._live(self._at, now, pace)

    def _begin(self, now: float) -> None:
        # Whatever the pace will be, the hour of the day is right at first.
        self._live(now if self.start is None else self.start, now, 1.0)
        # What one report was to show before anybody could ask is no news.
        for campaign in self.campaigns:
            campaign.forget_oddities()

    def _live(self, since: float, now: float, pace: float) -> None:
        missed = max(0.0, now - since - LONGEST_LEAP / pace)
        at = since + missed
        for campaign in self.campaigns:
            campaign.miss(missed * pace)
        self.distributor.miss(int(missed * pace))
        self._see_midnight(at)
        while at + TICK / pace <= now:
            at += TICK / pace
            self.distributor.advance(TICK, self._dial(at))
            self._see_midnight(at)
        self._at = at

    def _dial(self, at: float) -> Counter[str]:
        """Let every campaign dial for a tick, and give the answered calls by skill."""
        answered: Counter[str] = Counter()
        for campaign in self.campaigns:
            results = campaign.truth.results
            before = results["answer"]
            campaign.advance(TICK, at, self._random)
            if results["answer"] > before:
                answered[campaign.skill] += results["answer"] - before
        return answered

    def _see_midnight(self, at: float) -> None:
        if at - self._midnight >= DAY:
            self._midnight = midnight_before(at)
            self.distributor.begin_day()

    def skip(self, now: float) -> None:
        """Let the time up to the Unix time `now` pass without a call; the timetables wait as well."""
        self._at = now

    def rows(self) -> list[Row]:
        """Write the campaigns report as it stands."""
        return [campaign.row() for campaign in self.campaigns]

    def reported(self, now: float) -> list[Row]:
        """Write the campaigns report of the Unix time `now` for somebody who will read it: it may show oddities.

        The truth of this moment is kept in `polls`.
        """
        standing = {campaign.id: campaign.standing() for campaign in self.campaigns}
        outcomes = {id(campaign): campaign.reported() for campaign in self.campaigns}
        truth = {campaign.id: campaign.truth.copy() for campaign in self.campaigns}
        oddities = {c.id: oddity for c in self.campaigns if (oddity := outcomes[id(c)][1])}
        self.polls.append(Poll(now, truth, oddities, standing))
        return [row for row, _ in outcomes.values() if row is not None]

    def amd_rows(self, campaign_id: str, window: Window, now: float, pace: float = 1.0) -> list[Row]:
        """Write what the AMD report says at the Unix time `now` of one campaign or, if `campaign_id` is `all`, of all.

        Campaigns of which nothing is reported yet are left out.
        """
        lag = Lag(*self.amd_lag, self.seed)
        asked = [c for c in self.campaigns if campaign_id == c.id or (campaign_id == "all" and self.amd_all)]
        counts = [(c.id, c.detections.reported(window.first, window.last + 1, now, lag, pace)) for c in asked]
        return [completed({"campaign_id": key, "total_amd": str(count)}, NUMBERS) for key, count in counts if count]

    def skills(self, skill_id: str) -> list[Skill]:
        """Give the skill of this id, if there is one, or all of them."""
        return [skill for key, skill in self.distributor.skills.items() if skill_id in {"all", key}]

    @property
    def listed(self) -> list[Agent]:
        """The agents whom the agents report lists."""
        return [each for each in self.distributor.agents if self.logged_out_listed or each.state != Status.LOGOUT]

    def agents_rows(self) -> list[Row]:
        """Write the agents report as it stands."""
        return [agent.row(self.distributor.now) for agent in self.listed]

    def keep_skills(self, now: float, skills: list[Skill]) -> None:
        """Keep the truth of a good report on `skills`, asked at the Unix time `now`."""
        truth = {skill.id: skill.truth.copy() for skill in skills}
        self.skills_polls.append(SkillsPoll(now, truth, {skill.id: skill.waiting for skill in skills}))

    def keep_agents(self, now: float) -> None:
        """Keep the truth of a good agents report, asked at the Unix time `now`."""
        agents, longest = Counter[str](), Counter[str]()
        calls, times = Counter[str](), Counter[str]()
        for agent in self.listed:
            agents[agent.state] += 1
            longest[agent.state] = max(longest[agent.state], self.distributor.now - agent.since)
            calls.update(agent.calls)
            times.update(agent.times(self.distributor.now))
        self.agents_polls.append(AgentsPoll(now, agents, longest, calls, times))
