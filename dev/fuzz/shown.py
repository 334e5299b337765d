"""What a poll showed: samples by name and labels, and single ones looked up."""

from collections.abc import Mapping

Series = tuple[str, tuple[tuple[str, str], ...]]
Samples = Mapping[Series, float]


def series(name: str, **labels: str) -> Series:
    """Return what a sample of the operation is found under."""
    return name, tuple(sorted({"operation": "fuzz", **labels}.items()))


def value(shown: Samples, name: str, **labels: str) -> float | None:
    """Return the sample of one series of the operation."""
    return shown.get(series(name, **labels))


def unreadable_since(before: Samples, after: Samples, report: str, field: str) -> float:
    """Return how many values of a field could not be read from one poll to the next."""
    name = "wolkvox_unreadable_values_total"
    return (value(after, name, report=report, field=field) or 0) - (
        value(before, name, report=report, field=field) or 0
    )


def more_today_than_counted(shown: Samples) -> list[Series]:
    """Return the figures of today that are higher than their counters, but for what decimals are rounded by."""
    return [
        (name, labels)
        for (name, labels), today in shown.items()
        if name.endswith("_today") and today > (1 + 1e-9) * shown[f"{name.removesuffix('_today')}_total", labels]
    ]
