"""What a dashboard shows, without a word of how Grafana writes it down."""

from dataclasses import dataclass
from typing import Literal

from mixin.rules import Board

Kind = Literal["stat", "gauge", "bars", "series", "table", "timeline"]
Unit = Literal["short", "none", "percentunit", "dthms", "s", "bytes", "string", "locale", "prefix:×"]  # noqa: RUF001 - a number of times
"""Grafana's names."""
TIMES: Unit = "prefix:×"  # noqa: RUF001 - as above
Cell = Literal["text", "colour", "background", "gauge"]
Place = tuple[int, int, int, int]
"""Column, row, width and height on Grafana's grid of 24 columns."""


@dataclass(frozen=True)
class State:
    """A value that has a word, a key `state.…` of the table of texts, and a colour."""

    value: int
    word: str
    colour: str


@dataclass(frozen=True)
class Step:
    """From which value on a number has another colour; None: from the lowest."""

    above: float | None
    colour: str


@dataclass(frozen=True)
class Series:
    """A series whose colour is always the same; its title is a key of the table of texts."""

    name: str
    title: str
    colour: str


@dataclass(frozen=True)
class Query:
    """A query; `legend` is a template of Grafana such as `{{skill}}` or a key `legend.…` of the table of texts.

    `rightly_empty` is the reason why it may find nothing although all is well.
    """

    expression: str
    legend: str = ""
    colour: str | None = None
    dashed: bool = False
    unit: Unit | None = None
    line: bool = False
    """Whether it is a line with an axis of its own among bars."""
    rightly_empty: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table: the `label` of its rows, or the value of a `query`; its title is a key `column.…`.

    A width of 0 is what the other columns leave; `empty` is the key of what a cell says without a value.
    """

    title: str
    width: int
    label: str | None = None
    query: Query | None = None
    unit: Unit = "string"
    cell: Cell = "text"
    states: tuple[State, ...] = ()
    steps: tuple[Step, ...] = ()
    decimals: int | None = None
    words: tuple[tuple[str, str], ...] = ()
    """What stands in a cell for a text: pairs of the text and a key."""
    link: str | None = None
    link_title: str = ""
    wraps: bool = False
    """Whether a long text takes more lines."""
    empty: str | None = None


@dataclass(frozen=True)
class Panel:
    """A panel; title and description stand in the table of texts under `panel.<board>.<key>`.

    `empty` is the key of what is said in place of a number that is not there.
    """

    key: str
    kind: Kind
    place: Place
    queries: tuple[Query, ...]
    """Those of a table's columns come on top."""
    unit: Unit = "short"
    decimals: int | None = None
    least: float | None = 0
    most: float | None = None
    """The end of a scale; of a graph's axis, which goes further where values do."""
    states: tuple[State, ...] = ()
    steps: tuple[Step, ...] = ()
    series: tuple[Series, ...] = ()
    columns: tuple[Column, ...] = ()
    order: tuple[str, ...] = ()
    """Titles of the columns by which a table is sorted, highest first."""
    least_first: tuple[str, ...] = ()
    """Titles of those by which it is sorted then, lowest first."""
    paged: bool = False
    """Whether a table tells how many rows there are beyond those that fit."""
    stacked: bool = False
    """Whether series stand on each other, or the numbers of a stat one below the other."""
    stepped: bool = False
    bars: bool = False
    hourly: bool = False
    """Whether it is asked at whole hours alone, and what it draws there stands for the hour before."""
    legend: bool = True
    """Without one the states of a timeline stand in its bars."""
    label: str | None = None
    """The label that names a series even where there is only one."""
    sizes: tuple[int, int] | None = None
    """Pixels of the letters of names and, below these, of the numbers of a stat; otherwise as large as fits."""
    empty: str | None = None

    @property
    def asked(self) -> tuple[Query, ...]:
        """All queries, in the order of their letters."""
        return self.queries + tuple(column.query for column in self.columns if column.query)


@dataclass(frozen=True)
class Variable:
    """A variable by which a dashboard is narrowed down; its label is a key `variable.…`.

    The query of one that has `values` is none; the first of them is chosen. One that is `hidden` is nobody's choice: it
    stands for all that its query finds.
    """

    name: str
    query: str = ""
    regex: str = ""
    many: bool = True
    all_value: str = ".*"
    values: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True)
class Annotation:
    """A mark on the graphs; its name is a key `annotation.…`."""

    key: str
    expression: str
    text: str
    colour: str
    shown: bool


@dataclass(frozen=True)
class Dashboard:
    """A dashboard; title and description stand in the table of texts under `board.<board>`."""

    board: Board
    hours: int
    refresh: str
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...]
    panels: tuple[Panel, ...]
