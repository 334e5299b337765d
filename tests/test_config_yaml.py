"""YAML itself: syntax, aliases, merges, duplicates, and texts that want to break the reader."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.files import load_text, operation, problems_of
from wolkvox_exporter.config import ConfigError, load

_NOT_SINGLE = "one single value is wanted here, not a group of keys"
_TAG = "a tag (!…) means nothing here; remove it, or quote the value if it is part of it"
_MISFIT = "this is not YAML: the line does not fit the ones before it; check indentation"


TOO_DEEP = "the values are nested too deeply; see the examples that `wolkvox-exporter assets DIR` writes"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("interval: 5m\noperations: [\n", 3, "this is not YAML: "),
        ("interval: 5m\n  timeout: 65s\n", 2, "this is not YAML: a colon stands where no key can be"),
        ("interval: 5m\n\ttimeout: 65s\n", 2, "this is not YAML: a value starts with a tab"),
        ("operations:\n  - name: a\n timeout: 65s\n", 3, _MISFIT),
        ("operations: [a, b\ninterval: 5m\n", 2, "this is not YAML: a bracket or brace is not closed"),
        ("interval: 5m\nnonsense\ntimeout: 65s\n", 3, "this is not YAML: a key has no colon after it"),
        ('interval: "5m\n', 1, "this is not YAML: a quote is opened and never closed"),
        ("interval: 5m\ntimeout: '65s\nstale_after: 3\n", 2, "this is not YAML: a quote is opened and never closed"),
        ('interval: "5\\m"\n', 1, "this is not YAML: a backslash in double quotes starts no known escape"),
        ("interval: *five\n", 1, "this is not YAML: an alias (*name) has no anchor"),
        ("interval: &five 5m\ntimeout: &five 5m\n", 2, "this is not YAML: an anchor (&name) is defined twice"),
        ("interval: 5m\n---\ninterval: 5m\n", 2, "this is not YAML: a second document starts here"),
        ("interval: 5m\n# \x07\n", 2, "a character has no place in YAML; remove control characters"),
        ('interval: "\\UFFFFFFFF"\n', 1, "the number of an escape or of a % directive is too large; remove it"),
        ("interval: !handle!tag 5m\n", 1, "this is not YAML: a tag (!…) means nothing here"),
        ("interval: !<a 5m\n", 1, "this is not YAML: something cannot stand here; check indentation"),
        ("%YAML 2.0\n---\ninterval: 5m\n", 1, "this is not YAML: found incompatible YAML document"),
    ],
)
def test_syntax_errors_say_what_to_look_for(tmp_path: Path, text: str, line: int, expected: str) -> None:
    """If a file is not YAML, the line and the usual cause are named."""
    (problem,) = problems_of(tmp_path, text)

    assert (problem.line, problem.path) == (line, "")
    assert problem.text.startswith(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("interval:", "operations[0].interval: nothing is written here; write a value or remove the key"),
        ("campaigns: {include: [a, ]}", ""),
        ("campaigns: {include: [{b: c}]}", f"operations[0].campaigns.include[0]: {_NOT_SINGLE}"),
        ("name: b", "operations[0].name: the key is already written in line 2; remove one"),
        ("interval: !!int 5m", f"operations[0].interval: {_TAG}"),
        ("interval: !!str 5m", ""),
        ("? [interval]\n    : 5m", "operations[0]: a key must be a plain word; quote what starts with [ or {"),
        ("<<: 5m", "operations[0]: << takes over the keys of an alias; write <<: *name"),
        ("!!str interval: 5m", ""),
    ],
)
def test_unusual_yaml_works_or_is_explained(tmp_path: Path, line: str, expected: str) -> None:
    """If YAML offers more than a configuration needs, it works or is refused in plain words at its line."""
    found = [str(problem) for problem in problems_of(tmp_path, operation(line))]

    assert found == ([f"{tmp_path}/config.yaml:5: {expected}"] if expected else [])


def test_aliases_and_merges_share_what_operations_have_in_common(tmp_path: Path) -> None:
    """If operations share keys by anchors, each has them, and its own keys win."""
    text = operation("campaigns: &some {exclude: [b]}", "time_zone: America/Lima").replace(
        "- name", "- &base\n    name"
    )
    text += '  - {<<: [*base, {amd: off}], name: b, server: "0043"}\n  - {<<: *base, name: c, server: "0044"}\n'

    first, second, third = load_text(tmp_path, text).operations

    assert [str(o.time_zone) for o in (first, second, third)] == ["America/Lima"] * 3
    assert [o.amd for o in (first, second, third)] == ["auto", "off", "auto"]
    assert [o.base_url[10:14] for o in (first, second, third)] == ["0042", "0043", "0044"]
    assert first.campaigns == second.campaigns == third.campaigns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("operations: &a [*a]\n", "an alias stands inside its own anchor; write the value out"),
        ("&a operations:\n  - &b {<<: *b}\n", "an alias stands inside its own anchor; write the value out"),
        ("operations: " + "[" * 5000, TOO_DEEP),
        (
            "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1000)),
            TOO_DEEP,
        ),
        (
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 15)),
            "the file, with its aliases written out, holds too many values; write fewer",
        ),
        (
            "a0: &a0 {x: y}\n"
            + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 15)),
            "the file, with its aliases written out, holds too many values; write fewer",
        ),
    ],
    ids=["itself", "merged into itself", "brackets", "chain", "bomb", "bomb of merges"],
)
@pytest.mark.timeout(20)
def test_endless_files_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    """If aliases or brackets would never come to an end, the file is refused at once."""
    (problem,) = problems_of(tmp_path, text)

    assert problem.text == expected


_PIECES = [
    "operations", "name", "server", "interval", "campaigns", "include", "token", "0042", "5m", ": ", "- ", "\n",
    "  ", "[", "]", "{", "}", ",", "&a ", "*a", "<<", "!x ", "'", '"', "\\", "#", "|", ">", "?", "%", "@", "~", "\t",
    "\x00", "🙂", "\u2028",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=40).map("".join))
def test_any_text_is_a_configuration_or_has_problems(tmp_path: Path, text: str) -> None:
    """If a file holds anything whatever, the answer is a configuration or its problems, never a crash."""
    _expect_an_answer(tmp_path, text.encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 120), st.integers(0, 8), st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=4))
def test_any_slip_in_a_good_file_has_an_answer(tmp_path: Path, place: int, removed: int, added: list[str]) -> None:
    """If a good file is damaged anywhere, the answer is a configuration or its problems, never a crash."""
    text = operation("interval: 5m", "campaigns: {include: [a]}", "time_zone: America/Bogota", "ca_file: token")
    _expect_an_answer(tmp_path, (text[:place] + "".join(added) + text[place + removed :]).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_have_an_answer(tmp_path: Path, content: bytes) -> None:
    """If the file is no text at all, that is a problem and no crash."""
    _expect_an_answer(tmp_path, content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["name", "server", "base_url", "token_file", "token_env", "token", "time_zone", "amd", "proxy_url", "ca_file",
         "interval", "stale_after", "timeout"]
    ),
    st.text(st.characters(codec="utf-8")),
)  # fmt: skip
def test_any_text_as_a_value_has_an_answer(tmp_path: Path, key: str, value: str) -> None:
    """If a value is anything whatever, the answer is a configuration or its problems, never a crash."""
    quoted = "".join(f"\\U{ord(character):08x}" for character in value)
    _expect_an_answer(tmp_path, f'operations:\n  - {{{key}: "{quoted}\\ud800"}}\n  - {{{key}: "{quoted}"}}\n'.encode())


def _expect_an_answer(folder: Path, content: bytes) -> None:
    path = folder / "config.yaml"
    path.write_bytes(content)
    try:
        problems = load(path).warnings
    except ConfigError as error:
        problems = error.problems

    assert problems == tuple(sorted(problems))
    assert all(problem.line > 0 and problem.text for problem in problems)
