"""The comparison: what the exporter counted against what was injected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from soak.operations import OPERATIONS

Key = tuple[str, ...]
FAILURES = "wolkvox_poll_failures_total"
REQUESTS = "wolkvox_api_requests_total"
POLLS = "wolkvox_polls_total"
_LABELS = {FAILURES: ("operation", "report", "reason"), REQUESTS: ("operation", "report", "code")}


@dataclass(frozen=True)
class Exposition:
    """The counters of one scrape, by their labels."""

    failures: Mapping[Key, float]
    requests: Mapping[Key, float]
    polls: Mapping[Key, float]


def read(text: str) -> Exposition:
    """Read a scrape in the text format."""
    found: dict[str, dict[Key, float]] = {FAILURES: {}, REQUESTS: {}, POLLS: {}}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in found:
                labels = _LABELS.get(sample.name, ("operation", "report"))
                found[sample.name][tuple(sample.labels[label] for label in labels)] = sample.value
    return Exposition(found[FAILURES], found[REQUESTS], found[POLLS])


def counted(rows: Iterable[list[Any]]) -> dict[Key, float]:
    """Return what the edge counted."""
    return {tuple(key): float(number) for *key, number in rows}


def differences(shown: Exposition, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Tell where the failures counted are not those injected, and where a poll of an unreachable host succeeded.

    Between the two looks at the edge only that goes wrong which always does: all else has to agree to the number.
    """
    unreachable = {spec.name: spec.always for spec in OPERATIONS if spec.always}
    always = {
        (name, "campaigns", unreachable[name]): polls for (name, _), polls in shown.polls.items() if name in unreachable
    }
    lowest, highest = counted(before["injected"]) | always, counted(after["injected"]) | always
    return [
        f"{'/'.join(key)}: {shown.failures.get(key, 0):g} failures counted, {highest.get(key, 0):g} injected"
        for key in sorted({*shown.failures, *highest})
        if not lowest.get(key, 0) <= shown.failures.get(key, 0) <= highest.get(key, 0)
    ]


def misses(shown: Exposition, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Tell where requests were counted that were not made between the two looks at the edge, or the other way round."""
    lowest, highest = counted(before["codes"]), counted(after["codes"])
    return [
        f"{'/'.join(key)}: {shown.requests.get(key, 0):g} requests counted, {lowest.get(key, 0):g} to {most:g} made"
        for key, most in sorted(highest.items())
        if not lowest.get(key, 0) <= shown.requests.get(key, 0) <= most
    ]
