"""The metrics: what is published, under which name, with which labels."""

from wolkvox_exporter.metrics.catalogue import CATALOGUE, EXPORTER_CATALOGUE
from wolkvox_exporter.metrics.family import ExporterStatus, Family, Sample, Source

__all__ = ["CATALOGUE", "EXPORTER_CATALOGUE", "ExporterStatus", "Family", "Sample", "Source"]
