"""A Prometheus that has hours of many campaigns behind it: synthetic history, since nobody waits for a real one."""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from mixin import recording

MINUTE, HOUR = 60, 3_600
_REPORTS = ("campaigns", "skills", "agents", "amd", "quota")
_RESULTS = ("answer", "no_answer", "busy_congestion_failed", "answer_machine")
_PART = 2 * HOUR
"""Seconds in one file: a large one takes as much memory."""
_SKILLS = 12
"""Of an operation."""


@dataclass(frozen=True)
class Fleet:
    """So many campaigns in each of so many operations, at the Unix time `now`."""

    operations: int
    campaigns: int
    now: int
    instance: str = "exporter-0:10842"

    def of(self, replica: int) -> "Fleet":
        """Return the same as another exporter says it."""
        return replace(self, instance=f"exporter-{replica}:10842")

    def labels(self) -> Iterator[tuple[int, str]]:
        """Give a number and the labels of each campaign."""
        for operation in range(self.operations):
            for campaign in range(self.campaigns):
                number = operation * self.campaigns + campaign
                values = {
                    "job": "wolkvox",
                    "instance": self.instance,
                    "operation": f"operation-{operation:02d}",
                    "campaign": f"Cobranza {campaign:03d} - Región Occidente",
                    "campaign_id": 10_000 + number,
                    "skill": 4_000 + campaign % _SKILLS,
                }
                yield number, ",".join(f'{name}="{value}"' for name, value in values.items())


def store(fleet: Fleet, tsdb: Path, before: int, after: int, only: str = "") -> None:
    """Add what exporters say from so many seconds before now to so many after it, every minute.

    `only` is what a series begins with that is wanted, by default any.
    """
    for first in range(fleet.now - before, fleet.now + after, _PART):
        times = range(first, min(first + _PART, fleet.now + after), MINUTE)
        _create(tsdb, exposed(fleet, times, only))


def store_recorded(fleet: Fleet, tsdb: Path, values: Mapping[str, float], before: int) -> None:
    """Add what rules have recorded of each campaign in days, every minute: one value for each name, labels and all."""
    for first in range(fleet.now - before, fleet.now, 24 * HOUR):
        _create(tsdb, recorded(fleet, values, range(first, min(first + 24 * HOUR, fleet.now), MINUTE)))


def store_by_skill(fleet: Fleet, tsdb: Path, before: int) -> None:
    """Add what rules have recorded of each skill in so many seconds before now, every minute."""
    _create(tsdb, by_skill(fleet, range(fleet.now - before, fleet.now, MINUTE)))


def _create(tsdb: Path, lines: Iterator[str]) -> None:
    with TemporaryDirectory(dir=tsdb.parent) as folder:
        text = Path(folder, "metrics.txt")
        with text.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            file.write("# EOF\n")
        command = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=30000h", text, tsdb)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def recorded(fleet: Fleet, values: Mapping[str, float], times: Sequence[int], instance: str = "") -> Iterator[str]:
    """Write what rules have recorded of each campaign, a sample a line; `instance` stands for the label they drop."""
    for number, labels in fleet.labels():
        for name, value in values.items():
            series = name.replace("{}", labels.replace(f'instance="{fleet.instance}",', instance))
            yield "".join([f"{series} {value * (1 + (time // MINUTE + number) % 7 / 10)} {time}\n" for time in times])


def by_skill(fleet: Fleet, times: Sequence[int], instance: str = "") -> Iterator[str]:
    """Write what rules have recorded of each skill, a sample a line; `instance` as in `recorded`."""
    for operation, number in product(range(fleet.operations), range(_SKILLS)):
        labels = f'job="wolkvox",{instance}operation="operation-{operation:02d}",skill="{4_000 + number}"'
        plain = (recording.DIALED_TODAY, recording.HITS_TODAY, recording.CALLS_BY_SKILL)
        series = [f"{name}{{{labels}}}" for name in plain]
        series += [f'{recording.OF_STATE}{{{labels},state="{state}"}}' for state in recording.STATES]
        for name, result in product((recording.RESULTS_TODAY, recording.RESULTS_BY_SKILL), _RESULTS):
            series.append(f'{name}{{{labels},result="{result}"}}')
        for each in series:
            yield "".join([f"{each} {100 + (time // MINUTE + number) % 70} {time}\n" for time in times])


def exposed(fleet: Fleet, times: Sequence[int], only: str = "") -> Iterator[str]:
    """Write what exporters say, a sample a line; `only` is what a series begins with that is wanted, by default any."""
    for number, labels in fleet.labels():
        for series, values in _series(number, labels, times).items():
            if series.startswith(only):
                yield "".join([f"{series} {value} {time}\n" for value, time in zip(values, times, strict=True)])
    if not only:
        yield from _of_operations(fleet, times)


def _series(number: int, labels: str, times: Sequence[int]) -> dict[str, list[float]]:
    """Return the samples of a campaign: four of five are started and dial, and poll by poll something rises."""
    polls = [(time // (5 * MINUTE)) % 10_000 for time in times]
    pace = (20 + number % 30) * (number % 5 > 0)
    day = 24 * 12

    def metric(name: str, more: str = "") -> str:
        return f"wolkvox_campaign_{name}{{{labels}{more}}}"

    found: dict[str, list[float]] = {
        metric("started"): [float(number % 5 > 0)] * len(polls),
        metric("calls_per_minute"): [float(pace and pace + poll % 5) for poll in polls],
        metric("records"): [20_000.0] * len(polls),
        metric("records_clean"): [float(number % 7 and 20_000 - pace * (poll % 100)) for poll in polls],
        metric("records_dialed"): [float(pace * (poll % 100)) for poll in polls],
        metric("records_hit"): [float(pace * (poll % 100) // 10) for poll in polls],
        metric("hit_ratio"): [0.1] * len(polls),
        metric("speed_ratio"): [1.2] * len(polls),
        metric("penetration_day_ratio"): [0.3] * len(polls),
        metric("penetration_now_ratio"): [0.3] * len(polls),
        metric("recycles"): [float(poll % 3) for poll in polls],
        metric("list_recycles_total"): [float(poll // 60) for poll in polls],
        metric("dialed_total"): [5.0 * pace * poll for poll in polls],
        metric("hits_total"): [float(pace * poll // 2) for poll in polls],
        metric("dialed_today"): [5.0 * pace * (poll % day) for poll in polls],
        metric("hits_today"): [float(pace * (poll % day) // 2) for poll in polls],
    }
    for place, result in enumerate(_RESULTS, 1):
        more = f',result="{result}"'
        found[metric("records_result", more)] = [float(pace * (poll % 100) // place) for poll in polls]
        found[metric("results_total", more)] = [float(pace * poll // place) for poll in polls]
        found[metric("results_today", more)] = [float(pace * (poll % day) // place) for poll in polls]
    return found


def _of_operations(fleet: Fleet, times: Sequence[int]) -> Iterator[str]:
    for operation in range(fleet.operations):
        labels = f'job="wolkvox",instance="{fleet.instance}",operation="operation-{operation:02d}"'
        series: dict[str, Callable[[int], float]] = {
            f"wolkvox_operation_info{{{labels}}}": lambda _: 1,
            f"wolkvox_token_valid{{{labels}}}": lambda _: 1,
            f"wolkvox_quota_used_calls{{{labels}}}": lambda time: time % 86_400 / 60,
            f"wolkvox_quota_limit_calls{{{labels}}}": lambda _: 10_000,
            f"wolkvox_campaigns{{{labels}}}": lambda _: fleet.campaigns,
            f"wolkvox_day_start_timestamp_seconds{{{labels}}}": lambda time: time - time % 86_400,
        }
        for report in _REPORTS:
            asked = f'{labels},report="{report}"'
            series |= {
                f"wolkvox_up{{{asked}}}": lambda _: 1,
                f"wolkvox_report_interval_seconds{{{asked}}}": lambda _: 300,
                f"wolkvox_report_duration_seconds{{{asked}}}": lambda time: time % 7,
                f"wolkvox_report_last_success_timestamp_seconds{{{asked}}}": lambda time: time - time % 300,
                f"wolkvox_report_last_attempt_timestamp_seconds{{{asked}}}": lambda time: time - time % 300,
                f"wolkvox_polls_total{{{asked}}}": lambda time: time // 300,
                f'wolkvox_poll_failures_total{{{asked},reason="timeout"}}': lambda time: time // 9_000,
            }
        for name, value in series.items():
            yield "".join([f"{name} {value(time)} {time}\n" for time in times])
    exporter = f'job="wolkvox",instance="{fleet.instance}"'
    for each in (
        f"wolkvox_exporter_config_last_reload_success_timestamp_seconds{{{exporter}}}",
        f'wolkvox_exporter_build_info{{{exporter},version="1.0.0",python_version="3.13"}}',
    ):
        yield "".join([f"{each} 1 {time}\n" for time in times])
