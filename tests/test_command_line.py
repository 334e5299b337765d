"""What is written twice, in the wrong place, or not quite right."""

from itertools import product

import pytest

from wolkvox_exporter.cli import options
from wolkvox_exporter.cli.command_line import Flag
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.simulator import Fault

VALUES = {
    "--web.listen-address": ":0",
    "--web.max-requests": "1",
    "--web.telemetry-path": "/m",
    "--log.level": "info",
    "--log.format": "json",
    "--speed": "1",
    "--seed": "1",
    "--fault": "html",
    "--grafana-url": "https://g.example",
    "--runbook-url": "https://r.example",
}
"""A good value of each flag that does not take any text."""
ONCE = [(command, flag) for command in GRAMMAR.commands for flag in GRAMMAR.taken(command) if not flag.repeatable]
FOREIGN = [
    (command, flag) for command, flag in product(GRAMMAR.commands, GRAMMAR.flags) if command not in flag.commands
]


def error_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the error of a command line that cannot be read."""
    with pytest.raises(SystemExit) as ended:
        options.parse(arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    return str(err.splitlines()[0].removeprefix("wolkvox-exporter: error: "))


def words(command: str) -> list[str]:
    """Return a command as it is written, with what it wants besides flags."""
    wanted = GRAMMAR.commands[command].word
    given = [wanted.choices[0] if wanted.choices else "new"] if wanted else []
    return [command, *given] if command != GRAMMAR.default else []


def written(flag: Flag) -> list[list[str]]:
    """Return the ways in which a flag is written."""
    if not flag.read:
        return [[flag.name]]
    value = VALUES.get(flag.name, flag.choices[0] if flag.choices else "text")
    return [[f"{flag.name}={value}"], [flag.name, value]]


@pytest.mark.parametrize(("command", "flag"), ONCE, ids=lambda each: getattr(each, "name", each))
def test_a_flag_given_twice_is_refused(command: str, flag: Flag, capsys: pytest.CaptureFixture[str]) -> None:
    """If a flag is given twice, in either spelling, before or after the command, then it is refused by name."""
    named = words(command)
    for first, second in product(written(flag), repeat=2):
        for line in ([*first, *second, *named], [*first, *named, *second], [*named, *first, *second]):
            assert error_of(line, capsys) == f"{flag.name} is given twice; write it once"


def test_how_often_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """If a flag is given more often than twice, then the message counts."""
    line = ["--log.level=info", "--log.level=info", "once", "--log.level=warn"]
    assert error_of(line, capsys) == "--log.level is given 3 times; write it once"


def test_what_may_be_repeated_counts_each_time() -> None:
    """If several faults are wanted, then all are taken, in their order, wherever they stand."""
    line = ["--fault=html", "simulate", "--fault", "no_token", "--fault=html"]
    assert options.parse(line).faults == [Fault.HTML, Fault.NO_TOKEN, Fault.HTML]


@pytest.mark.parametrize(("command", "flag"), FOREIGN, ids=lambda each: getattr(each, "name", each))
def test_a_flag_that_a_command_does_not_use_is_refused(
    command: str, flag: Flag, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a flag means nothing to a command, then it is refused wherever it stands, and who takes it is said."""
    named, who = words(command), "serving" if command == GRAMMAR.default else command
    for given in written(flag):
        for line in ([*given, *named], [*named, *given]):
            error = error_of(line, capsys)
            assert error.startswith(f"{who} takes no {flag.name}; ")
            assert error.endswith((" do", " does"))


@pytest.mark.parametrize(
    "flag",
    # demo and simulate listen elsewhere, so that the commands know where
    [flag for flag in GRAMMAR.flags if flag.default and flag.key != "listen_addresses"],
    ids=lambda flag: flag.name,
)
def test_the_default_that_is_shown_is_the_one_that_holds(flag: Flag) -> None:
    """If help says what holds without a flag, then it is that."""
    assert flag.read
    assert flag.read(flag.default) == getattr(options.parse([]), flag.key)


HOME = "~ is the shell's, and only at the beginning of a word; write a space for =, or the whole path"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (["chekc"], "there is no command chekc; did you mean check?"),
        (["Check"], "there is no command Check; did you mean check?"),
        (["hash_password"], "there is no command hash_password; did you mean hash-password?"),
        (["--web.listen-adress=:1"], "there is no flag --web.listen-adress; did you mean --web.listen-address?"),
        (["--config", "a.yaml"], "there is no flag --config; did you mean --config.file?"),
        (["-config.file=a.yaml"], "there is no flag -config.file; did you mean --config.file?"),
        (["--port", "9"], "there is no flag --port"),
        (["--config.file=~/config.yaml"], f"--config.file: {HOME}"),
        (["check", "--web.config.file=~ana/web.yaml"], f"--web.config.file: {HOME}"),
        (["--check"], "there is no flag --check; did you mean check?"),
        (["--log.level=warning"], "--log.level: write debug, info, warn or error; did you mean warn?"),
        (["--log.level=INFO"], "--log.level: write debug, info, warn or error; did you mean info?"),
        (["--log.format=JSON"], "--log.format: write logfmt or json; did you mean json?"),
        (["--log.level=loud"], "--log.level: write debug, info, warn or error"),
        (["--web.max-requests=1000000"], "--web.max-requests: write a whole number of up to six digits, such as 40"),
        (["demo", f"--seed={10**18}"], "--seed: write a whole number of up to 18 digits, such as 2024"),
        (["--config.file="], "--config.file is empty; write --config.file=FILE, or leave it out"),
        (["--config.file", "--log.level=info"], "--config.file wants a value; write --config.file=FILE"),
        (["assets", "x", "--force=no"], "--force takes no value; write it alone"),
        (["--help=check"], "--help takes no value; write it alone"),
        (["--version=1"], "--version takes no value; write it alone"),
        (["--versoin"], "there is no flag --versoin; did you mean --version?"),
        (["version"], "there is no command version; did you mean --version?"),
        (["help"], "there is no command help; did you mean --help?"),
        (["check", "again"], "check takes flags only, and no other word, such as --config.file=FILE"),
        (["assets"], "assets wants one DIR: where to write; made if it is missing"),
        (["check", "--speed=1"], "check takes no --speed; demo and simulate do"),
        (["--web.max-requests=4", "once"], "once takes no --web.max-requests; serving does"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_was_probably_meant_is_asked(line: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If a line is nearly right, then the error names what is wrong and what was probably meant."""
    assert error_of(line, capsys) == error


def test_a_wrong_fault_is_told_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    """If a fault is misspelt, then all are listed, and the one that was probably meant is named."""
    assert error_of(["simulate", "--fault=htlm"], capsys).endswith("; did you mean html?")


@pytest.mark.parametrize(
    "line",
    [
        ["--token=s3cr3t"],
        ["-ps3cr3t"],
        ["s3cr3t"],
        ["hash-password", "s3cr3t"],
        ["--log.level=s3cr3t"],
        ["--seed=s3cr3t"],
    ],
)
def test_what_may_be_a_secret_is_not_repeated(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """If a secret is written where none can be, then the error does not show it."""
    assert "s3cr3t" not in error_of(line, capsys)


def test_what_is_shown_of_a_line_cannot_deceive_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """If a flag holds controls or is very long, then the error shows codes, and only its beginning."""
    error = error_of([f"--\x1b[2J\u202e{'x' * 1000}"], capsys)
    assert error == rf"there is no flag --\u001b[2J\u202e{'x' * 53}…"


def test_a_seed_may_be_negative() -> None:
    """If a value begins with a dash and is a number, then it is the flag's value."""
    assert options.parse(["demo", "--seed", "-5"]).seed == -5


@pytest.mark.parametrize("columns", ["1", "0", "-3", "abc", "60", "100000"])
def test_help_fits_any_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a terminal is very narrow, very wide or says nonsense, then help has lines that can be read."""
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        options.parse(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert 59 <= max(map(len, lines)) <= 120


@pytest.mark.parametrize("line", [["check", "--help"], ["--help", "check"], ["check", "--config.file", "-h"]])
def test_help_of_a_command_is_shown_wherever_it_is_asked_for(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """If help is asked for anywhere in a line, then that of its command is shown and nothing else is done."""
    with pytest.raises(SystemExit) as ended:
        options.parse(line)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: wolkvox-exporter check [flags]\n")
