"""What `check` found, for people, for programs, and as annotations of a pull request."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import complain, say
from wolkvox_exporter.config import Config, ConfigError, Operation, Problem, cost, durations, load
from wolkvox_exporter.web.words import count

_SHARED = "An account has licences × 1,000 calls a day, which all its integrations share."  # noqa: RUF001 - as the vendor puts it


def check(options: Options) -> int:
    """Print what is wrong with the configuration, and with the web configuration file if one is named."""
    config, problems = _checked(options)
    limits = _limits_last_seen(config) if config else {}
    findings = Findings(str(options.config_file), config, tuple(problems), limits)
    _SHOWN[options.output](findings)
    return 0 if findings.is_good else 1


def _checked(options: Options) -> tuple[Config | None, list[Problem]]:
    config, problems = None, list[Problem]()
    try:
        config = load(options.config_file)
        problems += config.unreadable_tokens
    except ConfigError as error:
        problems += error.problems
    try:
        if options.web_config_file:
            from wolkvox_exporter.web.toolkit import web_config  # noqa: PLC0415 - few use it, and it takes long to import

            web_config.load(options.web_config_file)
    except ConfigError as error:
        problems += error.problems
    return config, problems


def _limits_last_seen(config: Config) -> Mapping[str, float]:
    """Return the calls that wolkvox allowed in a day when an exporter last asked, by operation, where a state says."""
    if not isinstance(config.state, Path):
        return {}
    from wolkvox_exporter.cli import limits  # noqa: PLC0415 - few use it, and it takes long to import

    return limits.last_seen(config.state, config.operations)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a file, and what it says if it can be read; `errors` may be of the web configuration file."""

    file: str
    config: Config | None
    errors: tuple[Problem, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    """Calls of a day that wolkvox allowed when it was last asked, by operation; not of all there is one."""

    @property
    def is_good(self) -> bool:
        """Whether the exporter would start."""
        return not self.errors

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What works, but may not have been meant."""
        return (*self.config.warnings, *self._beyond_limits(self.config)) if self.config else ()

    def _beyond_limits(self, config: Config) -> Iterator[Problem]:
        """Warn where an operation takes more calls than it may have."""
        for operation, place in zip(config.operations, config.places, strict=True):
            total, limit = _total(operation), self.limits.get(operation.name)
            if limit is not None and total > limit * (1 - operation.quota_reserve):
                yield replace(
                    place,
                    text=f"its reports take {total:,} calls a day, but wolkvox allowed {limit:,.0f} when it was last "
                    f"asked, of which quota_reserve leaves {operation.quota_reserve:.0%} to others; lengthen "
                    "intervals, or switch reports off",
                )

    @property
    def _operations(self) -> tuple[Operation, ...]:
        return self.config.operations if self.config else ()

    def summary(self) -> str:
        """Return the operations of a good file, the reports of each, and the calls that they take in a day."""
        total = sum(_total(operation) for operation in self._operations)
        lines = [f"{self.file} is good: {count(len(self._operations), 'operation')}, {total:,} calls a day"]
        return "\n".join([*lines, *map(self._line, self._operations), _SHARED])

    def as_json(self) -> str:
        """Return all as one JSON object, in ASCII."""
        found = {
            "file": self.file,
            "good": self.is_good,
            "problems": [*_entries("error", self.errors), *_entries("warning", self.warnings)],
            "operations": None,
            "calls_a_day": None,
        }
        if self.config:
            found["operations"] = [
                {
                    "name": operation.name,
                    "reports": _reports(operation),
                    "calls_a_day": _total(operation),
                    "limit_last_seen": self.limits.get(operation.name),
                }
                for operation in self._operations
            ]
            found["calls_a_day"] = sum(map(_total, self._operations))
        return json.dumps(found, indent=2)

    def _line(self, operation: Operation) -> str:
        calls, total = cost.calls_a_day(operation), _total(operation)
        every = {name: durations.written(cost.interval(operation, name)) for name in calls}
        reports = ", ".join(f"{name} every {every[name]} ({number:,})" for name, number in calls.items())
        quota_of = f"within the quota of {count(cost.licences(total), 'licence')}"
        if operation.name in self.limits:
            quota_of += f"; wolkvox last allowed {self.limits[operation.name]:,.0f}"
        return f"  {operation.name}: {reports}: {total:,} calls a day, {quota_of}"

    def as_annotations(self) -> str:
        """Return the problems as commands of a GitHub workflow, which shows them beside their lines; a line each."""
        graded = [*(("error", each) for each in self.errors), *(("warning", each) for each in self.warnings)]
        return "\n".join(_annotation(severity, problem) for severity, problem in graded)


def _reports(operation: Operation) -> Mapping[str, Mapping[str, float]]:
    return {
        report: {"interval_seconds": cost.interval(operation, report), "calls_a_day": calls}
        for report, calls in cost.calls_a_day(operation).items()
    }


def _total(operation: Operation) -> int:
    return sum(cost.calls_a_day(operation).values())


def _entries(severity: str, problems: tuple[Problem, ...]) -> Iterator[dict[str, str | int]]:
    for problem in problems:
        yield {
            "file": problem.file,
            "line": problem.line,
            "path": problem.path,
            "severity": severity,
            "text": problem.text,
        }


def _annotation(severity: str, problem: Problem) -> str:
    text = ": ".join(part for part in (problem.path, problem.text) if part)
    return f"::{severity} file={_escaped(problem.file, ':,')},line={problem.line}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _show_text(findings: Findings) -> None:
    complain(*findings.errors, *(f"{warning} (a warning)" for warning in findings.warnings))
    if findings.is_good:
        say(findings.summary())


def _show_json(findings: Findings) -> None:
    say(findings.as_json())


def _show_annotations(findings: Findings) -> None:
    if annotations := findings.as_annotations():
        say(annotations)
    if findings.is_good:
        say(findings.summary())


_SHOWN: dict[str, Callable[[Findings], None]] = {
    "text": _show_text,
    "json": _show_json,
    "github": _show_annotations,
}
