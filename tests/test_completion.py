"""What shells complete, asked of the shells themselves."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.processes import environment
from wolkvox_exporter.cli import completion, values
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.cli.running import COMMANDS
from wolkvox_exporter.simulator import Fault

WRITTEN = [name for name in COMMANDS if name != GRAMMAR.default]
BASH = """\
source "$1"; shift
complete -p wolkvox-exporter >/dev/null || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_wolkvox_exporter
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """\
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; autoload -Uz compinit; compinit -u -D; source $1; cd $3"
zpty -w shell "zstyle ':completion:*' list-prompt ''; LISTMAX=1000; setopt no_list_ambiguous; print -r -- ready''-now"
zpty -r -m shell line '*ready-now*'
zpty -w -n shell "$2"$'\\t\\t'
zpty -w shell " ; print -r -- the''-end"
zpty -r -m shell line '*the-end*'
print -r -- "$line"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file and a folder whose names have spaces."""
    (tmp_path / "my config.yaml").touch()
    (tmp_path / "my folder").mkdir()
    return tmp_path


def shell(name: str) -> str:
    """Return the shell, or skip the test."""
    return shutil.which(name) or pytest.skip(f"there is no {name}")


def ran(*command: str, folder: Path) -> str:
    """Run a command; returns what it prints."""
    done = subprocess.run(
        command,
        capture_output=True,
        check=True,
        cwd=folder,
        env=environment() | {"TERM": "xterm"},
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def script(name: str, folder: Path) -> Path:
    """Write the script for a shell."""
    path = folder / "completion"
    path.write_text(completion.script(name, GRAMMAR) + "\n")
    return path


def completed(folder: Path, *words: str) -> list[str]:
    """Return what bash completes the last of the words to."""
    path = str(script("bash", folder))
    out = ran(shell("bash"), "-c", BASH, "bash", path, "wolkvox-exporter", *words, folder=folder)
    return out.splitlines() if out.strip() else []


def test_bash_completes_commands_and_the_flags_of_each(folder: Path) -> None:
    """If one presses Tab in bash, then commands come first, then the flags that the command takes, and no other."""
    assert completed(folder, "c") == ["check", "completion"]
    assert set(completed(folder, "")) >= {*WRITTEN, "--version", "--help", "--config.file", "--web.listen-address"}
    assert "--speed" not in completed(folder, "")
    for command in WRITTEN:
        assert sorted(completed(folder, command, "--")) == sorted(
            ["--help", *(flag.name for flag in GRAMMAR.taken(command))]
        )


@pytest.mark.parametrize("before", [("--log.level",), ("--log.level", "="), ("once", "--log.level", "=")])
def test_bash_completes_values(folder: Path, before: tuple[str, ...]) -> None:
    """If a flag has a choice of values, then bash offers them, after a space as after =, which bash splits off."""
    assert completed(folder, *before, "") == list(values.LOG_LEVELS)
    assert completed(folder, *before, "w") == ["warn"]
    assert completed(folder, *(word for word in before if word != "="), "=") == list(values.LOG_LEVELS)


def test_bash_completes_what_is_not_a_flag(folder: Path) -> None:
    """If a file, a folder, a shell or a fault is wanted, then bash offers those, whole, whatever is in their names."""
    assert sorted(completed(folder, "check", "--config.file", "=", "my")) == ["my config.yaml", "my folder"]
    assert completed(folder, "assets", "m") == ["my folder"]
    assert completed(folder, "once", "--save-replies", "") == ["my folder"]
    assert completed(folder, "completion", "") == ["bash", "zsh", "fish"]
    assert completed(folder, "simulate", "--fault", "") == list(Fault)
    assert completed(folder, "--web.max-requests", "") == []


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("chec", {"check"}, {"once"}),
        ("check --", {"--config.file", "--web.config.file", "--output", "--help"}, {"--log.level", "--speed"}),
        ("once --log.level=", set(values.LOG_LEVELS), {"json"}),
        ("completion ", {"bash", "zsh", "fish"}, set()),
        ("", {*WRITTEN}, set()),
    ],
)
def test_fish_completes_the_same(folder: Path, typed: str, offered: set[str], not_offered: set[str]) -> None:
    """If one presses Tab in fish, then it offers the same."""
    path = script("fish", folder)
    command = f"source {path}; complete --do-complete 'wolkvox-exporter {typed}'"
    lines = [
        line.split("\t")[0] for line in ran(shell("fish"), "--no-config", "-c", command, folder=folder).splitlines()
    ]
    names = {line.rpartition("=")[2] if "=" in line else line for line in lines}
    assert offered <= names
    assert not not_offered & names


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("", {*WRITTEN}, set()),
        ("check --", {"--config.file", "--web.config.file", "--output", "--help"}, {"--log.level", "--speed"}),
        ("once --log.level=", set(values.LOG_LEVELS), {"json"}),
        ("simulate --fault=", {"html", "garbage"}, set()),
        ("completion ", {"bash", "zsh", "fish"}, set()),
        ("assets ", {"my"}, {"config.yaml"}),
    ],
)
def test_zsh_completes_the_same(folder: Path, typed: str, offered: set[str], not_offered: set[str]) -> None:
    """If one presses Tab in zsh, then it offers the same."""
    path = script("zsh", folder)
    shown = ran(
        shell("zsh"), "-f", "-c", ZSH, "zsh", str(path), f"wolkvox-exporter {typed}", str(folder), folder=folder
    )
    assert [name for name in offered if name not in shown] == []
    assert [name for name in not_offered if name in shown] == []


@pytest.mark.parametrize("name", values.SHELLS)
def test_each_script_is_the_shells_own_language(folder: Path, name: str) -> None:
    """If a script is made, then its shell reads it without an error."""
    flag = "--no-execute" if name == "fish" else "-n"
    assert ran(shell(name), flag, str(script(name, folder)), folder=folder) == ""
