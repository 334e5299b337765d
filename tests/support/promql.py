"""Queries, held against what the exporter really publishes.

Grafana's variables are no PromQL: a dashboard's query is read after they are replaced.
"""

import re
from collections.abc import Iterable, Mapping

import promql_parser as ast
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from mixin.promql import REPLICA_LABELS
from wolkvox_exporter.api.errors import REMEDIES
from wolkvox_exporter.api.fields import ReportName
from wolkvox_exporter.assets.thresholds import THRESHOLDS
from wolkvox_exporter.metrics import CATALOGUE, EXPORTER_CATALOGUE
from wolkvox_exporter.metrics.builders import HELD_REASONS, RESULT_LABELS

Labels = frozenset[str]
Series = Mapping[str, Labels]
"""The labels that the series of a metric may have, by its name."""

TARGET: Labels = frozenset(("job", *REPLICA_LABELS))
"""What Prometheus adds to everything that it scrapes."""
_OF_THE_SCRAPE = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
_VALUES: Mapping[str, Iterable[str]] = {
    "report": [*ReportName],
    "result": RESULT_LABELS.values(),
    "reason": REMEDIES,
    "alertstate": ("pending", "firing"),
}
"""Labels that have no other values than these."""
_VALUES_OF: Mapping[str, Mapping[str, Iterable[str]]] = {"wolkvox_report_held": {"reason": HELD_REASONS}}
"""The same where a metric has values of its own."""
_OPERATORS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
_SETS = ("and", "or", "unless")
OF_THE_USER = ("cliente", "pais")
"""Labels that users may give operations, as the guide's examples have them."""
_OF_ALERTS = ("alertname", "alertstate", "severity", "area", "schedule")


def _published() -> dict[str, Labels]:
    families = [(family.name, family.labels) for family in CATALOGUE]
    families += [("wolkvox_operation_info", ("operation", *OF_THE_USER))]
    families += [(family.name, family.labels) for family in EXPORTER_CATALOGUE]
    alerts = {label for _, labels in families for label in labels}.union(_OF_ALERTS)
    process = CollectorRegistry()
    ProcessCollector(registry=process)
    PlatformCollector(registry=process)
    families += [(sample.name, tuple(sample.labels)) for family in process.collect() for sample in family.samples]
    families += [(name, ()) for name in _OF_THE_SCRAPE]
    families += [(threshold.setting, ("operation",)) for threshold in THRESHOLDS]
    return {"ALERTS": TARGET | alerts} | {name: TARGET.union(labels) for name, labels in families}


PUBLISHED: Series = _published()
"""What a Prometheus finds that scrapes the exporter, and has the rules made from somebody's settings."""


def selectors(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Return each metric's name that an expression selects with its matchers, such as `{"job": '=~"a|b"'}`."""
    return [
        (_name(node), {m.name: f'{_OPERATORS[str(m.op)]}"{m.value}"' for m in _matchers(node)})
        for node in _all(expression)
    ]


def _all(expression: str) -> list[ast.VectorSelector]:
    found: list[ast.VectorSelector] = []

    def visit(node: ast.Expr) -> None:
        if isinstance(node, ast.VectorSelector):
            found.append(node)

    ast.walk(ast.parse(expression), visit)
    return found


def _name(node: ast.VectorSelector) -> str:
    return node.name or next((m.value for m in node.matchers.matchers if m.name == "__name__"), "")


def _matchers(node: ast.VectorSelector) -> list[ast.Matcher]:
    return [matcher for matcher in node.matchers.matchers if matcher.name != "__name__"]


def unknown(expression: str, recorded: Series | None = None) -> list[str]:
    """Return what an expression relies on and nobody publishes or records: metrics, labels, values of closed sets.

    Labels are followed through the expression: `by` may only name what its operand has left, and two sides that never
    have the same labels never match. ValueError if it is no PromQL.
    """
    reader = _Reader({**PUBLISHED, **(recorded or {})})
    reader.labels(ast.parse(expression))
    return reader.complaints


def labels(expression: str, recorded: Series | None = None) -> Labels:
    """Return the labels that the result of an expression may have."""
    return _Reader({**PUBLISHED, **(recorded or {})}).labels(ast.parse(expression))


def recorded_series(rules: Iterable[Mapping[str, str]]) -> Series:
    """Return what recording rules add, each of which may read those before it."""
    series: dict[str, Labels] = {}
    for rule in rules:
        series[rule["record"]] = labels(rule["expr"], series)
    return series


class _Reader:
    """Follows labels from the selectors up to the result."""

    def __init__(self, series: Series) -> None:
        self.complaints: list[str] = []
        self._series = series

    def labels(self, node: ast.Expr) -> Labels:
        """Return the labels that the result of a part may have."""
        match node:
            case ast.VectorSelector():
                return self._selected(node)
            case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr() | ast.MatrixSelector():
                return self.labels(node.vector_selector if isinstance(node, ast.MatrixSelector) else node.expr)
            case ast.AggregateExpr():
                return self._aggregated(node)
            case ast.BinaryExpr():
                return self._combined(node)
            case ast.Call():
                return self._called(node)
            case _:
                return frozenset()

    def _selected(self, node: ast.VectorSelector) -> Labels:
        name = _name(node)
        known = self._series.get(name)
        if known is None:
            self.complaints.append(f"{name}: nobody publishes this metric")
            return frozenset()
        values = {**_VALUES, **_VALUES_OF.get(name, {})}
        for matcher in _matchers(node):
            self._demand(known, [matcher.name], name)
            if matcher.name in values and not _possible(matcher, values[matcher.name]):
                self.complaints.append(f"{name}: {matcher.name} is never {matcher.value!r}")
        return known

    def _demand(self, known: Labels, wanted: Iterable[str], where: object) -> None:
        self.complaints += [f"{where}: no label {label}" for label in wanted if label not in known]

    def _aggregated(self, node: ast.AggregateExpr) -> Labels:
        operand = self.labels(node.expr)
        grouping, names = node.modifier, node.modifier.labels if node.modifier else []
        if grouping and grouping.type == ast.AggModifierType.Without:
            self._demand(operand | TARGET, names, node)
            return operand.difference(names)
        self._demand(operand, names, node)
        operation = str(node.op)
        if operation in ("topk", "bottomk"):
            return operand
        added = [node.param.val] if operation == "count_values" and isinstance(node.param, ast.StringLiteral) else []
        return frozenset((*names, *added))

    def _combined(self, node: ast.BinaryExpr) -> Labels:
        left, right = self.labels(node.lhs), self.labels(node.rhs)
        if _scalar(node.lhs) or _scalar(node.rhs):
            return left | right
        on, names = _matching(node)
        self._demand(left & right if on else left | right, names, node)
        key = (frozenset(names), frozenset(names)) if on else (left.difference(names), right.difference(names))
        if str(node.op) != "or" and key[0] != key[1]:
            self.complaints.append(f"{node}: only one side has {', '.join(sorted(key[0] ^ key[1]))}")
        return self._kept(node, left, right, key[0])

    def _kept(self, node: ast.BinaryExpr, left: Labels, right: Labels, key: Labels) -> Labels:
        if str(node.op) in _SETS:
            return left | right if str(node.op) == "or" else left
        cardinality = node.modifier.card if node.modifier else ast.VectorMatchCardinality.OneToOne
        group = (node.modifier.group_labels if node.modifier else None) or []
        if cardinality == ast.VectorMatchCardinality.ManyToOne:
            self._demand(right, group, node)
            return left.union(group)
        if cardinality == ast.VectorMatchCardinality.OneToMany:
            self._demand(left, group, node)
            return right.union(group)
        return key

    def _called(self, node: ast.Call) -> Labels:
        of_arguments = frozenset[str]().union(*map(self.labels, node.args))
        if node.func.name.startswith("absent"):
            return _stated(node)
        if node.func.name in ("label_replace", "label_join"):
            target, sources = node.args[1], node.args[3 : 4 if node.func.name == "label_replace" else None]
            self._demand(of_arguments, filter(None, _texts(sources)), node)
            return of_arguments.union(_texts([target]))
        return of_arguments


def _possible(matcher: ast.Matcher, values: Iterable[str]) -> bool:
    if matcher.op in (ast.MatchOp.Equal, ast.MatchOp.NotEqual):
        return matcher.value in (*values, "")
    return any(re.fullmatch(matcher.value, value) for value in values)


def _matching(node: ast.BinaryExpr) -> tuple[bool, list[str]]:
    matching = node.modifier.matching if node.modifier else None
    return (matching.type == ast.LabelModifierType.Include, matching.labels) if matching else (False, [])


def _scalar(node: ast.Expr) -> bool:
    match node:
        case ast.NumberLiteral():
            return True
        case ast.Call():
            return bool(node.func.return_type == ast.ValueType.Scalar)
        case ast.ParenExpr() | ast.UnaryExpr():
            return _scalar(node.expr)
        case ast.BinaryExpr():
            return _scalar(node.lhs) and _scalar(node.rhs)
        case _:
            return False


def _stated(node: ast.Call) -> Labels:
    """Return the labels of `absent`: those that its selector states."""
    selector = node.args[0].vector_selector if isinstance(node.args[0], ast.MatrixSelector) else node.args[0]
    if not isinstance(selector, ast.VectorSelector):
        return frozenset()
    return frozenset(matcher.name for matcher in _matchers(selector) if matcher.op == ast.MatchOp.Equal)


def _texts(nodes: Iterable[ast.Expr]) -> list[str]:
    return [node.val for node in nodes if isinstance(node, ast.StringLiteral)]
