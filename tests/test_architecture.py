"""The packages of the code and which way they depend on each other."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from docs.generate import ROOT

PACKAGE = ROOT / "exporter" / "wolkvox_exporter"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MIXIN = sorted((ROOT / "dev" / "mixin").rglob("*.py"))
# from the top to the bottom; each may import from itself and from those after it
PACKAGES = [
    "cli",
    "app",
    "storage",
    "web",
    "metrics",
    "replicas",
    "polling",
    "assets",
    "simulator",
    "api",
    "config",
    "runtime",
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def package(path: Path) -> str:
    """Return the package that a file stands in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imported_packages(path: Path) -> set[str]:
    """Return the packages that a file imports from."""
    packages: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "wolkvox_exporter":
            packages |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wolkvox_exporter."):
            packages.add(str(node.module).split(".")[1])
    return packages - {"__version__"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_package_imports_only_downwards(path: Path) -> None:
    """If a file imports from another package, then that package is below its own."""
    if package(path) in ("__init__", "__main__"):
        return
    below = PACKAGES[PACKAGES.index(package(path)) :]
    assert imported_packages(path) <= set(below)


def test_the_graph_is_not_empty() -> None:
    """If the tree is moved, then the tests here do not pass because they see nothing."""
    arrows = {(package(path), other) for path in SOURCES for other in imported_packages(path) - {package(path)}}
    assert len(SOURCES) > 80
    assert len(MIXIN) > 20
    assert {("cli", "app"), ("app", "polling"), ("polling", "api"), ("metrics", "polling")} <= arrows
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


def table(title: str) -> set[str]:
    """Return what stands in the first column of the table under a title of ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    return {name.strip("/") for row in rows for name in re.findall(r"`([a-z_/.]+)`", row)}


def test_the_drawing_names_every_package() -> None:
    """If a package is added, then ARCHITECTURE.md names it."""
    assert table("The packages") == set(PACKAGES) == {package(path) for path in SOURCES} - {"__init__", "__main__"}


def test_the_files_that_the_drawing_names_are_there() -> None:
    """If a file is moved or renamed, then ARCHITECTURE.md follows."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", text))
    assert len(named) > 30
    assert {
        name for name in named if not any((root / name).exists() for root in (PACKAGE, ROOT, ROOT / "dev"))
    } == set()


def test_the_table_of_polling_names_every_file() -> None:
    """If a file is added to the core, then ARCHITECTURE.md says which question it answers."""
    files = {path.name for path in (PACKAGE / "polling").glob("*.py")} - {"__init__.py"}
    assert len(files) > 10
    # these two belong to no question
    assert table("Polling") == (files - {"now.py", "readability.py", "threads.py"}) | {"reports"}


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
    assert knowing == {"drawing.py", "grafana.py", "panels.py"}


def test_the_api_knows_nothing_of_prometheus() -> None:
    """If Prometheus' formats change, then the package of the API does not."""
    for path in (PACKAGE / "api").rglob("*.py"):
        assert "prometheus" not in path.read_text(encoding="utf-8").replace("Nothing of Prometheus", "").lower()


TOOLKIT = sorted((PACKAGE / "web" / "toolkit").glob("*.py"))
GENERIC = {"keys", "problems", "types", "validation", "values", "yamlfile"}
"""The modules of `config` that know no key of the configuration."""


@pytest.mark.parametrize("path", TOOLKIT, ids=lambda path: path.name)
def test_the_web_toolkit_knows_nothing_of_wolkvox(path: Path) -> None:
    """If another exporter took TLS, users and limits over, then nothing of this one would come along but its name."""
    text = path.read_text(encoding="utf-8")
    imported = (node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom)))
    modules = {
        f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
        for node in imported
        for name in node.names
    }
    allowed = ["runtime", "web.toolkit", *(f"config.{name}" for name in GENERIC)]
    ours = {module.removeprefix("wolkvox_exporter.") for module in modules if module.startswith("wolkvox_exporter")}
    assert {module for module in ours if not any(f"{module}.".startswith(f"{name}.") for name in allowed)} == set()
    assert not re.search("wolkvox(?![_-]exporter)", text.replace("Nothing of wolkvox", ""))


def test_the_web_toolkit_is_looked_at() -> None:
    """If the toolkit is moved, then the test before does not pass because it sees nothing."""
    imports = "".join(path.read_text(encoding="utf-8") for path in TOOLKIT)
    assert len(TOOLKIT) > 10
    assert all(f"wolkvox_exporter.{name}" in imports for name in ("runtime", "config.types", "web.toolkit"))
