"""An exposition one can look samples up in, read by the client library's own parser."""

from prometheus_client.parser import text_string_to_metric_families


class Samples:
    """The samples of an exposition in the text format."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.all = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def value(self, name: str, **labels: str) -> float | None:
        """Return the one sample of `name` that has these labels, or None; more than one is an error."""
        found = self.values(name, **labels)
        assert len(found) <= 1, f"{len(found)} samples of {name} with {labels}"
        return found[0] if found else None

    def values(self, name: str, **labels: str) -> list[float]:
        """Return all samples of `name` that have these labels."""
        return [
            sample.value for sample in self.all if sample.name == name and labels.items() <= dict(sample.labels).items()
        ]

    def names(self) -> set[str]:
        """Return the names of all samples."""
        return {sample.name for sample in self.all}
