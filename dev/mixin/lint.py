"""What Grafana's dashboard-linter is told to pass over, and why."""

from collections.abc import Iterator

from mixin.texts import Language, text
from mixin.yamlfile import written

_ABOUT = "For Grafana's dashboard-linter."
_REASON = (
    "campaign facts do not depend on which replica of the exporter reported them; replicas are folded into one series"
)
_RULES = ("template-instance-rule", "target-instance-rule")
_BOARDS = ("operations", "campaign")


def lint_files(language: Language) -> Iterator[tuple[str, str]]:
    """Yield name and text of the linter's file, which stands beside the dashboards."""
    entries = [{"dashboard": text(f"board.{board}.title", language)} for board in _BOARDS]
    yield ".lint", written({"exclusions": {rule: {"reason": _REASON, "entries": entries} for rule in _RULES}}, _ABOUT)
