"""The rooms of the code and which way they depend on each other."""

import ast
import re
from pathlib import Path

import pytest

from docs.generate import ROOT

PACKAGE = ROOT / "exporter" / "wolkvox_exporter"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MIXIN = sorted((ROOT / "dev" / "mixin").rglob("*.py"))
# from the top to the bottom; each may import from itself and from those after it
ROOMS = [
    "cli",
    "app",
    "reloading",
    "pool",
    "storage",
    "systemd",
    "web",
    "metrics",
    "polling",
    "assets",
    "simulator",
    "api",
    "config",
    "runtime",
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def room(path: Path) -> str:
    """Return the room that a file stands in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms that a file imports from."""
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "wolkvox_exporter":
            rooms |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wolkvox_exporter."):
            rooms.add(str(node.module).split(".")[1])
    return rooms - {"__version__"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_room_imports_only_downwards(path: Path) -> None:
    """If a file imports from another room, then that room is below its own."""
    if room(path) in ("__init__", "__main__"):
        return
    below = ROOMS[ROOMS.index(room(path)) :]
    assert imported_rooms(path) <= set(below)


def test_the_graph_is_not_empty() -> None:
    """If the tree is moved, then the tests here do not pass because they see nothing."""
    arrows = {(room(path), other) for path in SOURCES for other in imported_rooms(path) - {room(path)}}
    assert len(SOURCES) > 80
    assert len(MIXIN) > 20
    assert {("cli", "app"), ("app", "pool"), ("polling", "api"), ("metrics", "polling")} <= arrows
    assert len(arrows) > 30


def test_nothing_imports_the_source_root() -> None:
    """If code imports the folder that the package stands in, an empty namespace in a checkout, then a test says so."""
    files = [path for folder in ("exporter", "tests", "dev", "docs") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 200
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "exporter"], path


def test_the_drawing_names_every_room() -> None:
    """If a room is added, then ARCHITECTURE.md names it."""
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name.strip("/") for row in rows for name in re.findall(r"`([a-z/]+)`", row)}
    assert named == set(ROOMS) == {room(path) for path in SOURCES} - {"__init__", "__main__"}


@pytest.mark.parametrize("path", [*SOURCES, *MIXIN], ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """If a file or a function outgrows what a reader holds in mind, then it is split."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    functions = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION] == []


def test_the_exporter_runs_without_the_mixin() -> None:
    """If the exporter is installed, then it needs nothing of what makes the dashboards."""
    for path in SOURCES:
        assert not re.search(r"\b(mixin|grafana_foundation_sdk)\b", path.read_text(encoding="utf-8")), path


def test_only_one_place_knows_grafanas_models() -> None:
    """If Grafana's schema changes, then what dashboards show does not."""
    knowing = {path.name for path in MIXIN if "grafana_foundation_sdk" in path.read_text(encoding="utf-8")}
    assert knowing == {"grafana.py", "panels.py"}


def test_the_api_knows_nothing_of_prometheus() -> None:
    """If Prometheus' formats change, then the room of the API does not."""
    for path in (PACKAGE / "api").rglob("*.py"):
        assert "prometheus" not in path.read_text(encoding="utf-8").replace("Nothing of Prometheus", "").lower()
