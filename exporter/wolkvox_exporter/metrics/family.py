"""What a metric is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, Literal, TypeAlias, TypeVar

from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.runtime.stderr import lines_dropped

Source = TypeVar("Source")
Sample: TypeAlias = tuple[tuple[str, ...], float]
"""The label values, in the order of the family's labels, and the value."""
Kind: TypeAlias = Literal["gauge", "counter"]


@dataclass(frozen=True, slots=True)
class Family(Generic[Source]):
    """One metric: its name, what it says, and how its samples come out of what is known.

    `content_of` is the report whose good answers it repeats: without a fresh one its samples vanish. Families that tell
    of the polling itself have none and stay.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    source: str
    samples: Callable[[Source], Iterable[Sample]]
    content_of: ReportName | None = None
    own_labels: Callable[[Source], Iterable[str]] = lambda _: ()
    """The labels that samples of a source have beside those of the family; their values come after these."""


@dataclass(frozen=True, slots=True)
class ExporterStatus:
    """What is known of the exporter itself."""

    version: str
    python_version: str
    config_loaded: bool
    config_loaded_at: float
    """Seconds since the epoch: the last good load."""
    worker_restarts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """By operation."""
    log_lines_dropped: Callable[[], int] = lines_dropped
    """Since the start; asked for whenever the metrics are rendered."""
    store_up: bool | None = None
    """Whether the database that replicas share did all that was asked of it last; None where there is none."""
    leases: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Whether each operation is polled here rather than by another replica, or by none."""
    lease_handovers: int | None = None
    """How many tokens were taken over from other replicas; None where there are none."""
    replica: str = ""
    """The name of this replica among others."""
    holders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The replica that polls each operation."""
    replicas_differing: tuple[str, ...] = ()
    """The replicas whose operations in effect differ from those here."""
    store_trouble: str = ""
    """What is wrong with the database, and what to do about it."""
