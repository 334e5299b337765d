"""Whole files: what comes out of good ones, and what is said of bad ones."""

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.files import FIXTURES, TOKEN, load_text, operation, problems_of
from wolkvox_exporter.config import AmdMode, ConfigError, Problem, load

EXAMPLE = Path(__file__).parent.parent / "config.example.yaml"


def test_a_minimal_operation_gets_the_defaults(tmp_path: Path) -> None:
    """If only name, server and token are written, everything else has its documented default."""
    config = load_text(tmp_path, operation())

    (only,) = config.operations
    assert config.warnings == ()
    assert (only.name, only.base_url) == ("ventas-co", "https://wv0042.wolkvox.com/api/v2")
    assert (only.interval, only.amd_interval, only.stale_after, only.timeout) == (300.0, 300.0, 3, 65.0)
    assert (only.time_zone, only.amd) == (ZoneInfo("America/Bogota"), AmdMode.AUTO)
    assert (only.proxy_url, only.ca_file) == (None, None)
    assert only.campaigns.selects("4875", "anything")
    assert only.token.read() == TOKEN


def test_global_values_hold_unless_an_operation_has_its_own(tmp_path: Path) -> None:
    """If an operation overrides a global key, its value counts there and the global one everywhere else."""
    head = "interval: 10m\namd_interval: 20m\nstale_after: 4\ntimeout: 30s\n"
    text = operation("interval: 5m", "stale_after: 3", head=head) + '  - {name: b, server: "0043", token_file: token}\n'

    own, inherited = load_text(tmp_path, text).operations

    assert (own.interval, own.amd_interval, own.stale_after, own.timeout) == (300.0, 1200.0, 3, 30.0)
    assert (inherited.interval, inherited.amd_interval, inherited.stale_after, inherited.timeout) == (
        600.0,
        1200.0,
        4,
        30.0,
    )


def test_yaml_traps_are_read_as_written(tmp_path: Path) -> None:
    """If values are written without quotes, they are what people see and not what YAML makes of them."""
    config = load_text(tmp_path, (FIXTURES / "traps.good.yaml").read_text())

    assert [operation.name for operation in config.operations] == ["no", "1:30", "*ocho"]
    assert [operation.base_url[8:14] for operation in config.operations] == ["wv0042", "wv0017", "wv0089"]
    assert {operation.amd for operation in config.operations} == {AmdMode.OFF}
    assert [operation.interval for operation in config.operations] == [300.0, 5400.0, 300.0]
    assert [operation.stale_after for operation in config.operations] == [5, 3, 5]
    assert {operation.amd_interval for operation in config.operations} == {900.0}
    assert config.operations[1].campaigns == config.operations[0].campaigns


def test_all_errors_are_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a file has many errors, all of them are reported, each with its line, path and remedy."""
    shutil.copy(FIXTURES / "many-errors.bad.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as caught:
        load(Path("many-errors.bad.yaml"))

    expected = (FIXTURES / "many-errors.txt").read_text()
    assert str(caught.value).splitlines() == expected.splitlines()


def test_the_example_can_be_loaded(tmp_path: Path) -> None:
    """If someone starts from the example and supplies the tokens, it works without a warning."""
    text = EXAMPLE.read_text()
    for name in ("ventas-co", "cobranza-mx"):
        (tmp_path / name).write_text(f"token-of-{name}")
        text = text.replace(f"/run/secrets/{name}", name)

    config = load_text(tmp_path, text)

    assert [operation.name for operation in config.operations] == ["ventas-co", "cobranza-mx"]
    assert config.operations[1].amd is AmdMode.OFF
    assert config.warnings == ()


def test_what_the_example_shows_as_default_is_the_default(tmp_path: Path) -> None:
    """If the commented defaults of the example are switched on, nothing changes."""
    plain = load_text(tmp_path, operation())
    shown = [line[2:] for line in EXAMPLE.read_text().splitlines() if line.startswith(("# interval", "# amd_interval"))]
    shown += [line[2:] for line in EXAMPLE.read_text().splitlines() if line.startswith(("# stale_after", "# timeout"))]

    assert len(shown) == 4
    assert load_text(tmp_path, operation(head="\n".join(shown) + "\n")) == plain


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """If the file is not there, that is said the same way as any other problem."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "absent.yaml")

    text = "the file cannot be read (No such file or directory); give the path of a readable file"
    assert caught.value.problems == (Problem(str(tmp_path / "absent.yaml"), 1, "", text),)
    assert str(caught.value) == f"{tmp_path}/absent.yaml:1: {text}"


def test_a_folder_is_a_problem(tmp_path: Path) -> None:
    """If the path leads to a folder, that is a problem and no crash."""
    with pytest.raises(ConfigError, match=r":1: the file cannot be read \(Is a directory\)"):
        load(tmp_path)


def test_another_encoding_is_a_problem_at_its_line(tmp_path: Path) -> None:
    """If the file is not UTF-8, the line with the first wrong byte is named."""
    path = tmp_path / "config.yaml"
    path.write_bytes("interval: 5m\n# campaña\n".encode("latin-1"))

    with pytest.raises(ConfigError, match=r"config\.yaml:2: the file is not in UTF-8"):
        load(path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    """If an editor on Windows has put a mark in front, the file works all the same."""
    assert problems_of(tmp_path, "\ufeff" + operation().replace("\n", "\r\n")) == ()


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """If the path leads to something huge, it is not read to its end."""
    (problem,) = problems_of(tmp_path, "#" * 1_048_577)

    assert problem.text == "the file is larger than 1 MiB; is it the right one?"


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_a_problem(tmp_path: Path, text: str) -> None:
    """If nothing is written, the example is pointed out."""
    (problem,) = problems_of(tmp_path, text)

    assert problem.text == (
        "the file is empty; write at least one operation, as in config.example.yaml, "
        "which `wolkvox-exporter assets DIR` writes"
    )


@pytest.mark.parametrize("text", ["operations", "- name: ventas-co\n", "'quoted'"])
def test_a_top_level_that_is_no_mapping_is_a_problem(tmp_path: Path, text: str) -> None:
    """If the file is a list or a text, it is said what it has to be."""
    (problem,) = problems_of(tmp_path, text)

    assert problem.text == "keys with values are wanted at the top of the file; start with operations:"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "interval: 5m\n",
            "operations: the key is missing; write it: The operations (accounts) to poll, at least one.",
        ),
        ("operations: []\n", "operations: the list is empty; write at least one entry"),
        ("operations:\n", "operations: nothing is written here; write a value or remove the key"),
        (
            "operations: {}\n",
            "operations: a list is wanted here; start each entry with a dash, or write [first, second]",
        ),
    ],
)
def test_a_file_without_operations_is_a_problem(tmp_path: Path, text: str, expected: str) -> None:
    """If there is nothing to poll, the file is refused."""
    (problem,) = problems_of(tmp_path, text)

    assert str(problem) == f"{tmp_path}/config.yaml:1: {expected}"


def test_a_bad_global_value_is_reported_once(tmp_path: Path) -> None:
    """If a global value is wrong, it is reported at its own line, not once for each operation."""
    text = "interval: 5\n" + operation() + '  - {name: b, server: "0042", token_file: token}\n'

    (problem,) = problems_of(tmp_path, text)

    assert str(problem) == f"{tmp_path}/config.yaml:1: interval: a duration needs its unit; write 5m or 300s"
