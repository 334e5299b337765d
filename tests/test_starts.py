"""What a start reads: a command that does not serve reads nothing of what serves."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from support.processes import run
from wolkvox_exporter import app, assets, config, simulator
from wolkvox_exporter.cli import values
from wolkvox_exporter.cli.checking import _SHOWN
from wolkvox_exporter.cli.completion import _SCRIPTS
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.cli.running import COMMANDS
from wolkvox_exporter.runtime.logs import _NUMBERS

CONFIG = """\
operations:
  - {name: ventas-co, server: "0042", token_env: WOLKVOX_TOKEN}
"""
OF_SERVING = {
    "aiohttp",
    "jinja2",
    "prometheus_client",
    *(f"wolkvox_exporter.{name}" for name in ("app.exporter", "metrics", "polling", "simulator.server", "storage")),
}
"""Which take half a second of a processor to read."""
OF_FILES = {"pydantic", "yaml"}


async def modules_of(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that a command has read by its end."""
    file = folder / "config.yaml"
    file.write_text(CONFIG)
    start = "import sys; from wolkvox_exporter.__main__ import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
    prints = "print(*sys.modules, sep='\\n', file=sys.stderr)"
    ended = await run(sys.executable, "-c", f"{start}{prints}", *arguments, cwd=folder)
    modules = set(ended.err.splitlines())
    assert "wolkvox_exporter.cli.options" in modules, ended.err
    return modules


@pytest.mark.parametrize("line", ["--version", "--help", "once --help", "completion bash", "check --no-such-flag"])
async def test_what_is_only_said_reads_no_library(tmp_path: Path, line: str) -> None:
    """If only a text is wanted that is always the same, then neither what serves nor what reads files is read."""
    assert await modules_of(tmp_path, *line.split()) & (OF_SERVING | OF_FILES) == set()


async def test_a_check_reads_nothing_of_what_serves(tmp_path: Path) -> None:
    """If a configuration is checked, then what reads files is read, and nothing of what serves."""
    modules = await modules_of(tmp_path, "check")
    assert modules & OF_SERVING == set()
    assert modules >= OF_FILES


async def test_what_serves_is_read_where_it_is_used(tmp_path: Path) -> None:
    """If reports are asked for, then all of it is read but the simulator: the tests before look for what there is."""
    assert OF_SERVING - await modules_of(tmp_path, "once") == {"wolkvox_exporter.simulator.server"}
    assert "wolkvox_exporter.simulator.server" in await modules_of(
        tmp_path, "simulate", "--web.listen-address=192.0.2.1:0"
    )


@pytest.mark.parametrize("package", [app, assets, config, simulator], ids=lambda package: package.__name__)
def test_a_package_has_what_it_offers(package: ModuleType) -> None:
    """If somebody asks a package for a name that it offers, then it is there; any other is Python's own error."""
    offering = package if hasattr(package, "__all__") else import_module(f"{package.__name__}.offered")
    assert [name for name in offering.__all__ if not hasattr(package, name)] == []
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        package.no_such_name  # noqa: B018 - asking is what fails


def test_every_choice_on_the_command_line_is_taken() -> None:
    """If a command, an output, a shell or a log level may be written, then what does it is there, and nothing more."""
    assert set(COMMANDS) == set(GRAMMAR.commands)
    assert (set(values.OUTPUTS), set(values.SHELLS)) == (set(_SHOWN), set(_SCRIPTS))
    assert set(values.LOG_LEVELS) == set(_NUMBERS)
