"""What the numbers of boards are made up of: of each campaign, skill or operation what is true of it at a moment."""

from collections.abc import Callable, Iterable, Iterator

from support.figures import Moment, Part
from support.staffing import Queue
from support.truth import RESULTS, Campaign, Stretch
from wolkvox_exporter.simulator import Truth
from wolkvox_exporter.simulator.day import CENTRES

Parts = Callable[[Moment], Iterator[Part]]
Count = Callable[[Truth], float]


def dialed(done: Truth) -> float:
    """Count the records that were dialled."""
    return done.dialed


def hits(done: Truth) -> float:
    """Count the hits."""
    return done.hits


def everything(done: Truth) -> float:
    """Count all results."""
    return done.results.total()


def of(result: str) -> Count:
    """Count the results with a name of the simulator."""
    return lambda done: done.results[result]


answered, machines = of("answer"), of("machine")


def now(value: Callable[[Campaign], float | None], per: Callable[[Campaign], float] = lambda _: 1.0) -> Parts:
    """Give what the last report says of each campaign; None where there is nothing to be said."""

    def parts(moment: Moment) -> Iterator[Part]:
        for each in moment.campaigns:
            said = value(each)
            if said is not None:
                yield Part(_labels(each, each.now.name, each.now.skill), said, per(each), each)

    return parts


def _labels(campaign: Campaign, name: str, skill: str) -> dict[str, str]:
    return {"operation": campaign.operation, "campaign": name, "campaign_id": campaign.id, "skill": skill}


def _done(of_campaign: Callable[[Campaign], Iterable[Stretch]], count: Count, per: Count) -> Parts:
    def parts(moment: Moment) -> Iterator[Part]:
        for each in moment.campaigns:
            for stretch in of_campaign(each):
                labels = _labels(each, stretch.name, stretch.skill)
                yield Part(labels, count(stretch.done), per(stretch.done), each)

    return parts


def in_hour(count: Count, per: Count = everything) -> Parts:
    """Give what each campaign did in the hour before the last report, by the names and skills that it had."""
    return _done(lambda each: each.hour, count, per)


def today(count: Count, per: Count = everything) -> Parts:
    """Give what each campaign has done since midnight, by the names and skills that it had."""
    return _done(lambda each: each.today, count, per)


def at_last(count: Count) -> Parts:
    """Give what each campaign did between the last report but one and the last."""
    return _done(lambda each: each.latest, count, everything)


def by_result(counted: Callable[[Count], Parts], *results: str) -> Parts:
    """Give it by the label of the result."""

    def parts(moment: Moment) -> Iterator[Part]:
        for result in results:
            for each in counted(of(result))(moment):
                yield Part({**each.labels, "result": RESULTS[result]}, each.value, campaign=each.campaign)

    return parts


def where(parts: Parts, holds: Callable[[Moment, Part], bool]) -> Parts:
    """Give only those parts of which something holds."""
    return lambda moment: (part for part in parts(moment) if holds(moment, part))


def with_machines(moment: Moment, part: Part) -> bool:
    """Return whether any of an operation's calls of that hour met a machine: it has AMD, or none was met."""
    campaigns = (each for each in moment.campaigns if each.operation == part.labels["operation"])
    return any(stretch.done.results["machine"] for each in campaigns for stretch in each.hour)


def reported(moment: Moment) -> Iterator[Part]:
    """Give when each operation last answered."""
    return (Part({"operation": name}, at) for name, at in moment.reported.items())


def agents(moment: Moment) -> Iterator[Part]:
    """Give how many agents of each operation are in which state; those that everybody has are there at 0, too."""
    for operation in moment.centre.agents:
        states = moment.centre.in_state(operation, moment.known)
        for state in {"ready", "talk", "ring", "acw"} | states.keys():
            yield Part({"operation": operation, "status": state}, states.get(state, 0))


def _skills(value: Callable[[Moment, str, str, Queue], tuple[float, float]]) -> Parts:
    def parts(moment: Moment) -> Iterator[Part]:
        for operation in moment.centre.queues:
            for skill, queue in moment.centre.skills(operation, moment.known).items():
                found, per = value(moment, operation, skill, queue)
                yield Part({"operation": operation, "skill": skill}, found, per)

    return parts


def _abandoned(moment: Moment, operation: str, skill: str, queue: Queue) -> tuple[float, float]:
    midnight, _ = moment.centre.today(operation, skill, moment.known)
    _, offered, abandoned = queue
    return abandoned - midnight.abandoned, offered - midnight.offered


waiting = _skills(lambda _, __, ___, queue: (queue[0], 1.0))
abandoned = _skills(_abandoned)
in_time = _skills(lambda moment, name, skill, _: (moment.centre.today(name, skill, moment.known)[1].level, 1.0))


def named(moment: Moment) -> Iterator[Part]:
    """Give the name of each skill."""
    for operation in moment.centre.queues:
        for skill in moment.centre.skills(operation, moment.known):
            name = CENTRES[operation].names[skill]
            yield Part({"operation": operation, "skill": skill, "skill_name": name}, 1.0)
