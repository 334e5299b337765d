"""The parts of the page, as the template takes them: finished words, which it alone makes HTML of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant: as people say it, and behind it in UTC, for comparing with a log."""

    words: str
    iso: str
    utc: str

    @classmethod
    def at(cls, seconds: float, words: str = "") -> Self:
        """Return an instant in seconds since the epoch, in its own words if there are none."""
        instant = datetime.fromtimestamp(seconds, UTC)
        utc = f"{instant:%Y-%m-%d %H:%M:%S} UTC"
        return cls(words or utc, f"{instant:%Y-%m-%dT%H:%M:%SZ}", utc)


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: the class of its colour, its sign and its word."""

    tone: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True)
class Note:
    """A few words, and perhaps an instant behind them; without a tone in the colour of the rest."""

    text: str
    tone: str = ""
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table, its content a text or an instant, with smaller notes below."""

    label: str
    text: str = ""
    moment: Moment | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What is shown of a report's polling."""

    report: str
    badge: Badge
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened to a report, and when; `detail` may quote what the API said."""

    report: str
    at: Moment
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Failures:
    """Reports that fail alike, and what helps all of them."""

    reports: tuple[Failure, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a report."""

    report: str
    text: str


@dataclass(frozen=True, slots=True)
class Remarks:
    """Reports of which something is to be said, and what helps all of them."""

    reports: tuple[Remark, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Section:
    """What is shown of an operation."""

    id: str
    name: str
    badge: Badge
    facts: tuple[Note, ...]
    failures: tuple[Failures, ...]
    overdue: tuple[Remarks, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    held: tuple[Remark, ...]
    warnings: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Where the page leads to."""

    href: str
    path: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """When the configuration in effect was loaded, and whether changes of its files take effect by themselves."""

    loaded: Moment
    is_watched: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page. `reload_remedy` is what to do about a reload that failed, empty if none did.

    `store_remedy` is the same for the database that replicas share, `differing` names replicas that are configured
    differently.
    """

    badge: Badge
    verdict: str
    others: str
    version: str
    links: tuple[Link, ...]
    reload_remedy: str
    store_remedy: str
    differing: str
    configuration: Configuration | None
    sections: tuple[Section, ...]
    is_wide: bool
    now: Moment
