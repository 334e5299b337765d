"""The settings file, from which `assets` makes rules that record thresholds by operation."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from docs.generate import ROOT
from support.processes import run
from support.promql import selectors
from support.tools import tool
from wolkvox_exporter.assets import settings
from wolkvox_exporter.assets.settings_rules import rules
from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold
from wolkvox_exporter.cli.commands import main
from wolkvox_exporter.config import values
from wolkvox_exporter.config.problems import BadValue

NAMES = (
    "Ventas (CO) + MX",
    "mx|co",
    "a.b*",
    'x"y\\z',
    "señal\u00a0ñandú",
    "{{ .Value }}",
    "%{HOME}",
    "\U0001f4de\u200b",
    "x: y # z",
)
"""Names of operations, each of which means something to PromQL, YAML, regular expressions or templates."""
RULES = Path("prometheus", "rules", "wolkvox-settings.rules.yml")


def written(folder: Path, content: object) -> Path:
    """Write a settings file; a text as it is."""
    file = folder / "settings.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return file


def promql(text: str) -> str:
    """Write a label's value as promtool reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def case(expected: Mapping[str, float], record: str) -> dict[str, object]:
    """Return a case for promtool: the operations of all names, and what a recorded series is for each."""
    infos = [f'wolkvox_operation_info{{job="wolkvox", instance="a", operation={promql(name)}}}' for name in NAMES]
    samples = [
        {"labels": f'{record}{{job="wolkvox", operation={promql(name)}}}', "value": value}
        for name, value in expected.items()
    ]
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": "1x10"} for series in infos],
        "promql_expr_test": [{"expr": record, "eval_time": "5m", "exp_samples": samples}],
    }


async def judged(folder: Path, *cases: dict[str, object]) -> None:
    """Let promtool hold cases against the rules that were written."""
    rules = [str(folder / "prometheus" / "rules" / f"wolkvox-{name}.rules.yml") for name in ("settings", "recording")]
    file = folder / "settings.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": rules, "tests": list(cases)}, allow_unicode=True), encoding="utf-8")
    said = await run(tool("promtool"), "test", "rules", file)
    assert said.code == 0, said.out + said.err


async def test_an_operations_own_value_counts_before_the_general_one(tmp_path: Path) -> None:
    """If thresholds are set for all and for single operations, then each has its own, the general one or the default.

    The names are such that one of them would be mistaken for another, or break the rules.
    """
    own = {name: {"machine_ratio": f"{10 + number}%"} for number, name in enumerate(NAMES[:-1])}
    file = written(tmp_path, {"thresholds": {"machine_ratio": 0.75, "running_out_seconds": "30m"}, "operations": own})
    assert main(["assets", str(tmp_path), f"--settings.file={file}"]) == 0
    ratios = {name: (10 + number) / 100 for number, name in enumerate(NAMES[:-1])} | {NAMES[-1]: 0.75}
    await judged(
        tmp_path,
        case(ratios, "operation:wolkvox_machine_ratio:threshold"),
        case(dict.fromkeys(NAMES, 1800), "operation:wolkvox_running_out_seconds:threshold"),
        case(dict.fromkeys(NAMES, 1800), "operation:wolkvox_running_out_seconds:setting"),
        # not set
        case(dict.fromkeys(NAMES, 0.4), "operation:wolkvox_failure_ratio:threshold"),
        case({}, "operation:wolkvox_failure_ratio:setting"),
    )


def test_no_name_is_filled_in_by_whoever_reads_the_rules(tmp_path: Path) -> None:
    """If a name looks like a variable of the environment, which vmalert would fill in, then it is not written so."""
    file = written(tmp_path, {"operations": {"%{HOME}": {"machine_ratio": "60%"}}})
    assert main(["assets", str(tmp_path), f"--settings.file={file}"]) == 0
    assert "%{" not in (tmp_path / RULES).read_text(encoding="utf-8")


@given(st.text(min_size=1, max_size=100))
def test_rules_select_the_operation_whatever_its_name_is(name: str) -> None:
    """If a name can be an operation's at all, then the rules made for it select that one and nothing else."""
    try:
        values.name(name)
    except BadValue:
        assume(condition=False)
    document = yaml.safe_load(rules(settings.Settings(own={name: {"machine_ratio": 0.5}})))
    ((_, matchers),) = selectors(document["groups"][0]["rules"][0]["expr"])
    assert matchers == {"operation": f'="{name}"'}


async def test_what_is_set_for_one_operation_alone_concerns_no_other(tmp_path: Path) -> None:
    """If only one operation has a value of its own, then all others have the default."""
    file = written(tmp_path, {"operations": {"a.b*": {"rotating_recycles": 9}}})
    assert main(["assets", str(tmp_path), f"--settings.file={file}"]) == 0
    name = "operation:wolkvox_rotating_recycles:threshold"
    await judged(tmp_path, case(dict.fromkeys(NAMES, 3) | {"a.b*": 9}, name))


async def test_the_example_for_prometheus_loads_the_rules_if_they_are_there(tmp_path: Path) -> None:
    """If rules were made from settings, then the written prometheus.yml loads them; if not, then it is good as well."""
    config = tmp_path / "prometheus" / "prometheus.yml"
    main(["assets", str(tmp_path)])
    without = await run(tool("promtool"), "check", "config", config)
    main(["assets", str(tmp_path), f"--settings.file={written(tmp_path, {'thresholds': {'machine_ratio': '60%'}})}"])
    with_settings = await run(tool("promtool"), "check", "config", config)
    assert (without.code, with_settings.code) == (0, 0), without.err + with_settings.err
    assert (without.out.count("rules found"), with_settings.out.count("rules found")) == (2, 3)
    assert "1 rules found" in with_settings.out


async def test_a_shell_completes_the_flag() -> None:
    """If somebody completes the flags of `assets` in bash, then that of the settings file is among them, and files."""
    script = (
        f"source <({sys.executable} -m wolkvox_exporter completion bash); "
        "COMP_WORDS=(wolkvox-exporter assets --set); COMP_CWORD=2; _wolkvox_exporter; "
        "printf '%s\\n' \"${COMPREPLY[@]}\"; "
        "COMP_WORDS=(wolkvox-exporter assets --settings.file README.m); COMP_CWORD=3; _wolkvox_exporter 2>/dev/null; "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    completed = await run("bash", "-c", script, cwd=ROOT)
    assert completed.out.split() == ["--settings.file", "README.md"], completed.err


@pytest.mark.parametrize("flags", [[], ["--force"], ["--force", "--language=es"]])
def test_an_upgrade_keeps_what_was_set(tmp_path: Path, flags: list[str]) -> None:
    """If assets are written anew without the settings file, then the rules made from it stay, to the byte."""
    file = written(tmp_path, {"thresholds": {"machine_ratio": "60%"}})
    main(["assets", str(tmp_path / "there"), f"--settings.file={file}"])
    before = (tmp_path / "there" / RULES).read_bytes()
    assert b"+ 0.6" in before
    assert main(["assets", str(tmp_path / "there"), *flags]) == 0
    assert (tmp_path / "there" / RULES).read_bytes() == before


def test_without_a_settings_file_there_are_no_rules_of_it(tmp_path: Path) -> None:
    """If nothing is set, then no rules for settings are written, and the example of the file is there all the same."""
    main(["assets", str(tmp_path)])
    assert not (tmp_path / RULES).exists()
    assert (tmp_path / "prometheus" / "settings.example.yaml").exists()


def test_changed_settings_need_no_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If the settings change, then the rules follow; somebody's own file in their place is as safe as any other."""
    there = tmp_path / "there"
    for ratio in ("60%", "70%"):
        file = written(tmp_path, {"thresholds": {"machine_ratio": ratio}})
        assert main(["assets", str(there), f"--settings.file={file}"]) == 0
    assert "+ 0.7" in (there / RULES).read_text(encoding="utf-8")
    (there / RULES).write_text("groups: []  # mine\n", encoding="utf-8")
    assert main(["assets", str(there), f"--settings.file={file}"]) == 1
    assert str(RULES) in capsys.readouterr().err
    assert (there / RULES).read_text(encoding="utf-8") == "groups: []  # mine\n"


async def test_settings_that_set_nothing_are_the_defaults(tmp_path: Path) -> None:
    """If nothing is left in the file, as in the example, then all thresholds are the defaults again."""
    main(["assets", str(tmp_path)])
    example = tmp_path / "prometheus" / "settings.example.yaml"
    set_before = written(tmp_path, {"thresholds": {"machine_ratio": "60%"}})
    for file in (set_before, example):
        assert main(["assets", str(tmp_path), f"--settings.file={file}"]) == 0
    await judged(tmp_path, case(dict.fromkeys(NAMES, 0.5), "operation:wolkvox_machine_ratio:threshold"))


def test_the_example_shows_every_threshold_and_is_right_without_the_hashes(tmp_path: Path) -> None:
    """If somebody takes the marks away from the example, then it is a settings file with all defaults."""
    text = (ROOT / "prometheus" / "settings.example.yaml").read_text(encoding="utf-8")
    taken = re.sub(r"^#(?! )|^#(?=  )", "", text, flags=re.MULTILINE)
    found = settings.load(written(tmp_path, taken))
    assert found.general == {each.name: each.default for each in THRESHOLDS}
    assert list(found.own) == ["Ventas (CO) + MX"]


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda each: each.name)
def test_a_default_can_be_written(threshold: Threshold) -> None:
    """If a threshold is shown with its default, then what is shown is read as that default."""
    assert settings.read(threshold, settings.written(threshold, threshold.default)) == threshold.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("running_out_seconds", "30m", 1800),
        ("running_out_seconds", "1800", 1800),
        ("running_out_seconds", "1h30m", 5400),
        ("machine_ratio", "50%", 0.5),
        ("machine_ratio", "50 %", 0.5),
        ("machine_ratio", "2.5%", 0.025),
        ("machine_ratio", "0.05", 0.05),
        ("machine_ratio", "1", 1),
        ("dialed_for_hits", "0", 0),
        ("dialed_for_hits", "2500", 2500),
    ],
)
def test_values_are_written_as_people_write_them(tmp_path: Path, name: str, text: str, value: float) -> None:
    """If a value is a duration, a percentage or a number, then it is taken in any way in which people write it."""
    assert settings.load(written(tmp_path, f"thresholds:\n  {name}: {text}\n")).general == {name: value}


WRONG = {
    "running_out_seconds": ("0s", "2d", "soon", "30 m", "-5", "1800.5", "[1, 2]"),
    "machine_ratio": ("101%", "1.5", "50", "-1%", "half", "5%%", "{a: 1}"),
    "dialed_for_hits": ("-1", "3.5", "1e3", "5%", "many", "1000000"),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_values_out_of_bounds_are_refused(
    tmp_path: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a value is none, or beyond what makes sense, then line and key are named, and nothing is written."""
    file = written(tmp_path, f'thresholds: {{}}\noperations:\n  "mx|co":\n    {name}: {text}\n')
    assert main(["assets", str(tmp_path / "new"), f"--settings.file={file}"]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{file}:4: operations.mx|co.{name}: ")
    assert text not in said.partition(f"{name}: ")[2].split()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("threshold:\n  machine_ratio: 5%", ":1: threshold: unknown key; did you mean thresholds?"),
        ("thresholds:\n  machin_ratio: 5%", ":2: thresholds.machin_ratio: unknown key; did you mean machine_ratio?"),
        (
            "operations:\n  mx:\n    rotating_recycle: 5",
            ":3: operations.mx.rotating_recycle: unknown key; did you mean rotating_recycles?",
        ),
        (
            "thresholds:\n  pauses: 5",
            f":2: thresholds.pauses: unknown key; known here are {', '.join(sorted(each.name for each in THRESHOLDS))}",
        ),
        ("thresholds:\n", ":1: thresholds: nothing is written here; write a value or remove the key"),
        ("thresholds: [5]", ":1: thresholds: keys with values (key: value) are wanted here"),
        ("operations: [mx]", ":1: operations: keys with values (key: value) are wanted here"),
        ("operations:\n  mx: 5%", ":2: operations.mx: keys with values (key: value) are wanted here"),
        ("operations:\n  ' ': {machine_ratio: 5%}", ":2: operations: a name has 1 to 100 characters"),
        ('operations:\n  "a\\nb": {machine_ratio: 5%}', ":2: operations: a name has no control characters"),
        ("- machine_ratio", ":1: keys with values are wanted at the top of the file; start with thresholds:"),
        (
            "thresholds:\n  machine_ratio: 5%\n  machine_ratio: 6%",
            ":3: thresholds.machine_ratio: the key is already written in line 2",
        ),
        ("thresholds: {", ":1: this is not YAML"),
    ],
)
def test_a_file_that_means_nothing_is_refused(
    tmp_path: Path, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a key is unknown, or something stands where it cannot, then the line and what would be right are told."""
    file = written(tmp_path, content)
    assert main(["assets", str(tmp_path / "new"), f"--settings.file={file}"]) == 1
    assert capsys.readouterr().err.startswith(f"{file}{said}")
    assert not (tmp_path / "new").exists()


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If several things are wrong, then all are told, in the order of the file."""
    file = written(tmp_path, "thresholds:\n  machine_ratio: 5\noperations:\n  mx: {failure_ratio: x, hits: 1}\n")
    main(["assets", str(tmp_path / "new"), f"--settings.file={file}"])
    told = [line.split(": ")[0:2] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        [f"{file}:2", "thresholds.machine_ratio"],
        [f"{file}:4", "operations.mx.failure_ratio"],
        [f"{file}:4", "operations.mx.hits"],
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If the settings file does not exist, then it is named, and nothing is written."""
    assert main(["assets", str(tmp_path / "new"), f"--settings.file={tmp_path}/none.yaml"]) == 1
    assert f"{tmp_path}/none.yaml:1: the file cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
