"""Both formats of an exposition, read by the client library's own parsers."""

from collections.abc import Callable, Iterable

from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_openmetrics: Callable[[str], Iterable[Metric]] = openmetrics.text_string_to_metric_families


def read_openmetrics(written: str) -> list[Sample]:
    """Return the samples of an exposition in the OpenMetrics format."""
    return [sample for family in _openmetrics(written) for sample in family.samples]


def read_text(written: str) -> list[Sample]:
    """Return the samples of an exposition in the text format."""
    return [sample for family in text_string_to_metric_families(written) for sample in family.samples]
