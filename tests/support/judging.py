"""What was really the case in a simulated contact centre, and whether a supervisor would call an alert on it false."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan

from support.backtest import Period
from support.recording import Action
from wolkvox_exporter.assets.thresholds import THRESHOLDS
from wolkvox_exporter.simulator import Campaign, Simulator

Key = tuple[str, str]
"""A campaign: its operation and id."""
THRESHOLD = {each.name: each.default for each in THRESHOLDS}
MINUTE, HOUR = 60, 3_600
LATE = 8 * MINUTE
"""How late an alert may know of something: a poll takes up to five minutes, a scrape one, its own evaluation two."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A campaign at one moment; `placed` are all calls since the simulation began, a record's further ones as well."""

    name: str
    skill: str
    started: bool
    clean: int
    calling: bool
    refills: int
    placed: int
    dialed: int
    hits: int
    results: dict[str, int]

    @property
    def busy(self) -> bool:
        """Whether it has anything to call, or calls."""
        return self.started and (self.clean > 0 or self.calling)

    @property
    def empty(self) -> bool:
        """Whether it is started with nothing left to call."""
        return self.started and not self.busy


class Observer:
    """Sees every campaign every minute from one Unix time up to another."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.sights: dict[Key, list[Sight]] = {}
        """By campaign, one a minute."""

    def actions(self) -> Iterator[tuple[str, Action]]:
        """Give what `record` has to do for it."""
        for time in range(self.start, self.end, MINUTE):
            yield datetime.fromtimestamp(time, UTC).isoformat(), self._look(time)

    def _look(self, time: int) -> Callable[[Simulator], None]:
        def look(simulator: Simulator) -> None:
            for operation in simulator.operations:
                # figures do not depend on how often they are asked for
                operation.advance(time)
                for campaign in operation.campaigns:
                    self.sights.setdefault((operation.name, campaign.id), []).append(_seen(campaign))

        return look

    def at(self, key: Key, time: float) -> Sight:
        """Return what was seen at the last look before or at a Unix time; the first or last look beyond them."""
        sights = self.sights[key]
        return sights[min(max(int(time - self.start) // MINUTE, 0), len(sights) - 1)]

    def during(self, key: Key, since: float, until: float) -> list[Sight]:
        """Return what was seen between two Unix times, both included; one look at least."""
        return [self.at(key, time) for time in range(int(since), max(int(until), int(since)) + 1, MINUTE)]


def _seen(campaign: Campaign) -> Sight:
    truth = campaign.truth
    return Sight(
        campaign.name,
        campaign.skill,
        campaign.status == "started",
        campaign.clean,
        campaign.calls_now > 0,
        truth.falls,
        truth.dialed + truth.redialed,
        truth.dialed,
        truth.hits,
        dict(truth.results),
    )


# What a supervisor would not call false. Each is asked with a period in which the alert fired, and the truth.


def stalled(period: Period, truth: Observer) -> bool:
    """Hold that it was started, had records to dial, and placed no call."""
    sights = seen(period, truth, 15 * MINUTE)
    return all(sight.started and sight.clean for sight in sights) and len({sight.placed for sight in sights}) == 1


def operation_stalled(period: Period, truth: Observer) -> bool:
    """Hold that two campaigns or more had records to dial, and that none of those placed a call."""
    stood = [
        {(sight.placed, sight.started, sight.clean > 0) for sight in sights}
        for key in truth.sights
        if key[0] == period.labels["operation"]
        for sights in [[truth.at(key, now) for now in covered(period, truth, 15 * MINUTE)]]
    ]
    able = [states for states in stood if any(started and clean for _, started, clean in states)]
    return len(able) > 1 and all(len({placed for placed, *_ in states}) == 1 for states in able)


def finished(period: Period, truth: Observer) -> bool:
    """Hold that it was started, its list was empty, and no further phone was being dialled."""
    return all(sight.empty for sight in seen(period, truth, 15 * MINUTE))


def running_out(period: Period, truth: Observer) -> bool:
    """Hold that it was being dialled, and that the list ended, was refilled or stopped about when it was forecast.

    That is within 1.5 times the forecast, or the 45 minutes that the alert is about.
    """
    key, latest = campaign(period), max(1.5 * period.value, THRESHOLD["running_out_seconds"])
    before = truth.at(key, period.since - LATE)
    later = truth.during(key, period.since - LATE, period.since + latest)
    return before.started and before.clean > 0 and any(ended(sight, before) for sight in later)


def ended(now: Sight, before: Sight) -> bool:
    """Return whether a list that was being dialled no longer is, or is another one."""
    return not now.started or now.clean == 0 or now.refills != before.refills


def machines(period: Period, truth: Observer) -> bool:
    """Hold that so many results of that hour were machines."""
    return share(period, truth, "machine") > 0.95 * THRESHOLD["machine_ratio"]


def failures(period: Period, truth: Observer) -> bool:
    """Hold that so many results of that hour were failures."""
    return share(period, truth, "failed") > 0.95 * THRESHOLD["failure_ratio"]


def collapsed(period: Period, truth: Observer) -> bool:
    """Hold that far fewer people answered in that hour than on all these days."""
    usual = share(period, truth, "answer", since=truth.start)
    return share(period, truth, "answer") < 1.05 * THRESHOLD["answer_drop_ratio"] * usual


def no_hits(period: Period, truth: Observer) -> bool:
    """Hold that it dialled a good deal in two hours and had no hit at all."""
    first, *_, last = seen(period, truth, 2 * HOUR - LATE)
    return last.hits == first.hits and last.dialed - first.dialed > THRESHOLD["dialed_for_hits"]


def idle_skill(period: Period, truth: Observer) -> bool:
    """Hold that for the whole time nothing was called, nor could be, for a skill that had a campaign before."""
    before = any(busy(truth, skill(period), now) for now in range(truth.start, period.since, MINUTE))
    return before and not any(busy(truth, skill(period), now) for now in covered(period, truth, 16 * MINUTE))


def without_skill(period: Period, truth: Observer) -> bool:
    """Hold that it was started and had no skill."""
    return all(sight.started and sight.skill in ("", "0") for sight in seen(period, truth, 0))


def disappeared(period: Period, truth: Observer) -> bool:
    """Hold that wolkvox no longer had the campaign: none of these days' reports leaves one out twice."""
    return truth.start + MINUTE * len(truth.sights.get(campaign(period), ())) < period.since


JUDGES: dict[str, Callable[[Period, Observer], bool]] = {
    "WolkvoxCampaignStalled": stalled,
    "WolkvoxOperationStalled": operation_stalled,
    "WolkvoxCampaignFinished": finished,
    "WolkvoxCleanRecordsRunningOut": running_out,
    "WolkvoxAnsweringMachineShareHigh": machines,
    "WolkvoxFailureShareHigh": failures,
    "WolkvoxAnswerRateCollapsed": collapsed,
    "WolkvoxNoHits": no_hits,
    "WolkvoxSkillWithoutCampaign": idle_skill,
    "WolkvoxCampaignWithoutSkill": without_skill,
    "WolkvoxCampaignDisappeared": disappeared,
}


def false(said: list[Period], truth: Observer) -> list[str]:
    """Return the alerts on campaigns that a supervisor would call false, and why."""
    return [
        f"{period}: false, since it does not {(judge.__doc__ or '').partition('.')[0].lower()}"
        for period in said
        if not (judge := JUDGES[period.rule.name])(period, truth)
    ]


def campaign(period: Period) -> Key:
    """Return the campaign that an alert is about."""
    return period.labels["operation"], period.labels["campaign_id"]


def skill(period: Period) -> Key:
    """Return the operation and skill that an alert is about."""
    return period.labels["operation"], period.labels["skill"]


def covered(period: Period, truth: Observer, before: int) -> range:
    """Return the minutes that an alert speaks of: so many seconds before it fired, until a poll could show its end."""
    until = max(period.until - LATE - round(period.rule.keep_firing), period.since - LATE)
    return range(max(period.since - before, truth.start), until + 1, MINUTE)


def seen(period: Period, truth: Observer, before: int) -> list[Sight]:
    """Return what was the case meanwhile with the campaign that an alert is about."""
    return [truth.at(campaign(period), now) for now in covered(period, truth, max(before, LATE))]


def share(period: Period, truth: Observer, result: str, since: int | None = None) -> float:
    """Return the share of a result in the hour before an alert fired, or since a Unix time; of few records, NaN."""
    first = truth.at(campaign(period), period.since - LATE - HOUR if since is None else since)
    last = truth.at(campaign(period), period.since)
    if last.dialed - first.dialed <= THRESHOLD["dialed_for_shares"]:
        return nan
    results = {name: count - first.results.get(name, 0) for name, count in last.results.items()}
    return results.get(result, 0) / sum(results.values())


def busy(truth: Observer, wanted: Key, now: float) -> bool:
    """Return whether any campaign with a skill was calling or could have."""
    operation, number = wanted
    sights = (truth.at(key, now) for key in truth.sights if key[0] == operation)
    return any(sight.busy and sight.skill == number for sight in sights)
