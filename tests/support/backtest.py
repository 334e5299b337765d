"""What alerts would have said of recorded days: found minute by minute, with `for` and `keep_firing_for` honoured."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from mixin.alertmanager import INHIBITIONS
from mixin.settings import Settings
from support.history import backfill, load
from support.prometheus import Prometheus, prometheus_by
from support.promql import selectors
from support.recording import SCRAPE_INTERVAL, Recording
from wolkvox_exporter.config import durations

NO_LOOK_BACK = f"--query.lookback-delta={SCRAPE_INTERVAL - 1}s"
"""A series that has vanished is gone at once, as if it had been marked as stale."""
_SATURDAY = 5
_GROUP_INTERVAL = 600
"""Seconds after which Alertmanager looks at a group again."""
_MATCHER = re.compile(r'(?P<label>\w+)=(?P<regular>~?)"(?P<value>.*)"')


@dataclass(frozen=True)
class AlertRule:
    """An alerting rule of a file; durations in seconds."""

    name: str
    expression: str
    pending: float
    keep_firing: float
    labels: Mapping[str, str]
    interval: int = SCRAPE_INTERVAL
    """Between two evaluations."""

    @property
    def muted_outside_hours(self) -> bool:
        """Whether Alertmanager sends it in business hours only."""
        return "schedule" in self.labels


@dataclass(frozen=True)
class Period:
    """An alert that fired from the Unix time `since` up to but not including `until`; `value` is its first."""

    rule: AlertRule
    labels: Mapping[str, str]
    since: int
    until: int
    value: float

    def __str__(self) -> str:
        first, last = (datetime.fromtimestamp(now, UTC).isoformat() for now in (self.since, self.until))
        labels = " ".join(f"{label}={text!r}" for label, text in self.labels.items())
        return f"{self.rule.name} {labels}, {self.value:g} at first, from {first} to {last}"

    @property
    def all_labels(self) -> dict[str, str]:
        """What Alertmanager knows it by."""
        return {**self.labels, **self.rule.labels, "alertname": self.rule.name}

    @property
    def moments(self) -> range:
        """The evaluations at which it fired."""
        return range(self.since, self.until, SCRAPE_INTERVAL)


def groups_of(file: Path) -> list[dict[str, Any]]:
    """Return the groups of a rule file."""
    groups: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))["groups"]
    return groups


def alert_rules(file: Path) -> list[AlertRule]:
    """Return the alerting rules of a file."""
    return [
        AlertRule(
            *(rule["alert"], rule["expr"], _seconds(rule, "for"), _seconds(rule, "keep_firing_for"), rule["labels"]),
            interval=round(_seconds(group, "interval")) or SCRAPE_INTERVAL,
        )
        for group in groups_of(file)
        for rule in group["rules"]
    ]


def _seconds(rule: Mapping[str, Any], key: str) -> float:
    return durations.parse(rule[key]) if key in rule else 0.0


def metrics_of(*files: Path) -> set[str]:
    """Return the names that the rules of the files read."""
    expressions = [rule["expr"] for file in files for group in groups_of(file) for rule in group["rules"]]
    return {name for expression in expressions for name, _ in selectors(expression)}


@asynccontextmanager
async def days_of(recording: Recording, folder: Path, recording_rules: Path) -> AsyncIterator[Prometheus]:
    """Serve the recorded days with what the recording rules make of them."""
    rules, config, tsdb = folder / "recording.rules.yml", folder / "prometheus.yml", folder / "tsdb"
    # every minute, since there is no look-back to the last of five
    groups = [{key: group[key] for key in ("name", "rules")} for group in groups_of(recording_rules)]
    rules.write_text(yaml.safe_dump({"groups": groups}), "utf-8")
    config.touch()
    await load(recording, tsdb)
    await backfill(tsdb, recording.times[0], recording.times[-1], [rules])
    async with prometheus_by(config, "--storage.tsdb.retention.time=100y", NO_LOOK_BACK) as server:
        yield server


async def spoken(server: Prometheus, rule: AlertRule, minutes: range) -> list[Period]:
    """Return when an alert would have fired, had it been evaluated at those of `minutes` at which its group is."""
    times = minutes[:: rule.interval // minutes.step]
    span = {"start": str(times[0]), "end": str(times[-1]), "step": str(times.step)}
    found = (await server.get("query_range", query=rule.expression, **span))["result"]
    return [
        period
        for series in found
        for period in periods(rule, series["metric"], {int(at): float(value) for at, value in series["values"]}, times)
    ]


def periods(rule: AlertRule, labels: Mapping[str, str], values: Mapping[int, float], times: range) -> Iterator[Period]:
    """Give the periods in which the alert of one label set fires; `values` are what its expression finds, by time.

    It does as Prometheus does: one evaluation that finds nothing ends what is pending, and ends what fires unless
    something is found again before `keep_firing_for` is over. What fires at the end ends after the last evaluation.
    """
    pending: int | None = None
    firing: int | None = None
    missed: int | None = None
    for now in times:
        if now in values:
            missed = None
            pending = now if pending is None else pending
            firing = now if firing is None and now - pending >= rule.pending else firing
            continue
        pending = None
        missed = now if missed is None else missed
        if firing is not None and now - missed >= rule.keep_firing:
            yield Period(rule, labels, firing, now, values[firing])
            firing = None
    if firing is not None:
        yield Period(rule, labels, firing, times.stop, values[firing])


def heard(every: Sequence[Period], settings: Settings) -> dict[int, list[int]]:
    """Return the moments at which Alertmanager lets each period through, by its place in `every`.

    At the others it is muted out of hours, or another alert that fires says enough.
    """
    return {
        number: [
            now
            for now in period.moments
            if (in_business_hours(now, period.labels["operation"], settings) or not period.rule.muted_outside_hours)
            and not any(_inhibits(other, period) for other in every if other.since <= now < other.until)
        ]
        for number, period in enumerate(every)
    }


def in_business_hours(now: float, operation: str, settings: Settings) -> bool:
    """Return whether Alertmanager sends at a Unix time what it sends of an operation in business hours only."""
    hours = next(each for each in settings.business_hours if re.fullmatch(each.operations, operation))
    local = datetime.fromtimestamp(now, ZoneInfo(hours.time_zone))
    if local.weekday() > _SATURDAY:
        return False
    start, end = hours.saturdays if local.weekday() == _SATURDAY else hours.weekdays
    return time.fromisoformat(start) <= local.time() < time.fromisoformat(end)


def _inhibits(source: Period, target: Period) -> bool:
    return any(
        all(_matches(matcher, source) for matcher in sources)
        and _matches(targets, target)
        and all(source.all_labels.get(label) == target.all_labels.get(label) for label in equal)
        for sources, targets, equal in INHIBITIONS
    )


def _matches(matcher: str, period: Period) -> bool:
    found = _MATCHER.fullmatch(matcher)
    assert found, matcher
    value = period.all_labels.get(found["label"], "")
    return bool(re.fullmatch(found["value"], value)) if found["regular"] else value == found["value"]


@dataclass(frozen=True)
class Message:
    """What supervisors get at the Unix time `at`: how many alerts in it are new. Of what is over they hear nothing."""

    at: int
    operation: str
    new: int


def messages(every: Sequence[Period], settings: Settings, times: range) -> list[Message]:
    """Return about which messages Alertmanager makes of alerts on campaigns, one after the other for each group."""
    through = heard(every, settings)
    found: list[Message] = []
    for operation in {period.labels["operation"] for period in every}:
        for muted_outside in (False, True):
            group = {
                number: through[number]
                for number, period in enumerate(every)
                if (period.labels["operation"], period.rule.muted_outside_hours) == (operation, muted_outside)
            }
            found += [Message(at, operation, new) for at, new in _flushes(group, every, times)]
    return found


def _flushes(group: Mapping[int, list[int]], every: Sequence[Period], times: range) -> Iterator[tuple[int, int]]:
    """Give when a group is sent, and how many of its alerts are new by then.

    It is looked at half a minute after its first alert and every ten minutes from then on, and sent if anything in it
    is new.
    """
    told: set[int] = set()
    due: int | None = None
    for now in times:
        alive = any(every[number].since <= now < every[number].until for number in group)
        if due is None and alive:
            due = now + SCRAPE_INTERVAL
        if due != now:
            continue
        firing = {number for number, moments in group.items() if now in moments}
        if firing - told:
            yield now, len(firing - told)
            told = firing
        due = now + _GROUP_INTERVAL if alive else None
        told = told if alive else set()
