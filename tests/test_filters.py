"""Which campaigns the patterns of `include` and `exclude` select, and patterns that can hardly be meant."""

from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.files import load_text, operation, problems_of
from wolkvox_exporter.config import Campaigns

NAMES = (
    "[MX] Cobranza",
    "Mora",
    "MORA ÑANDÚ",
    "Xolos",
    "Prueba ñ 2",
    "Ventas S.A. Enero",
    "^VENTAS",
    "Plan 50$",
    "(a|b)",
    "100% [",
    "a\\d",
    "* URGENTE *",
    "línea\nuno",
)
READS_FOREIGN = (
    "this reads like a regular expression or a character class; here * is any text, ? any one character, and all else, "
    "also [ ^ $ . and \\, stands for itself"
)


Encoding = Literal["NFC", "NFD"]


def selected(*include: str, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return which of the names are selected."""
    selection = Campaigns(include=include, exclude=exclude)
    return [name for name in NAMES if selection.selects("", name)]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("[MX]*", ["[MX] Cobranza"]),
        ("[mx] cobranza", ["[MX] Cobranza"]),
        ("[MX", []),
        ("*[", ["100% ["]),
        ("*]*", ["[MX] Cobranza"]),
        ("[[]MX]*", []),
        ("[a-z]*", []),
        ("[!M]*", []),
        ("m???", ["Mora"]),
        ("m????", []),
        ("mora*", ["Mora", "MORA ÑANDÚ"]),
        ("MORA ?AND?", ["MORA ÑANDÚ"]),
        ("mora ñandú", ["MORA ÑANDÚ"]),
        ("mora nandu", []),
        ("*prueba ñ*", ["Prueba ñ 2"]),
        ("^VENTAS.*$", []),
        ("^VENTAS", ["^VENTAS"]),
        (".*", []),
        ("ventas s.a.*", ["Ventas S.A. Enero"]),
        ("ventas?s?a?*", ["Ventas S.A. Enero"]),
        ("*50$", ["Plan 50$"]),
        ("(a|b)", ["(a|b)"]),
        ("a\\d", ["a\\d"]),
        ("\\**", []),
        ("? urgente ?", ["* URGENTE *"]),
        ("línea*uno", ["línea\nuno"]),
        ("línea?uno", ["línea\nuno"]),
        ("*" * 500, list(NAMES)),
    ],
)
def test_a_pattern_takes_what_it_says(pattern: str, names: list[str]) -> None:
    """If a pattern is written, then * is any text, ? any one character, and all else stands for itself."""
    assert selected(pattern) == names
    assert selected("*", exclude=(pattern,)) == [name for name in NAMES if name not in names]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
@pytest.mark.parametrize("pattern", ["*prueba ñ*", "*PRUEBA Ñ*", "prueba ? áéíóúü*", "Prueba ñ ÁÉÍÓÚÜ ¿sí?"])
def test_accents_are_the_same_however_they_are_encoded(pattern: str, form: Encoding, other: Encoding) -> None:
    """If an accent is one character in the file and two in the answer, or the other way round, then it is the same."""
    selection = Campaigns(include=(normalize(form, pattern),))
    assert selection.selects("", normalize(other, "Prueba Ñ áéíóúü ¿Sí?"))
    assert not selection.selects("", normalize(other, "Prueba n aeiouu"))


LETTERS = "aáñüszx"
ALPHABET = LETTERS + LETTERS.upper() + "048 [](){}^$.+|\\!-\n"


def takes(pattern: str, text: str) -> bool:
    """Return the same by the words of the documentation, one character after the other."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(takes(pattern[1:], text[start:]) for start in range(len(text) + 1))
    first_agrees = bool(text) and (pattern[0] == "?" or pattern[0].lower() == text[0].lower())
    return first_agrees and takes(pattern[1:], text[1:])


@given(
    st.text(ALPHABET + "*?", max_size=8).filter(str.strip), st.text(ALPHABET, max_size=10), st.text("048", max_size=3)
)
@example("[a]*", "a", "4")
@example("*a*ñ*", "xañ", "0")
def test_any_pattern_is_taken_by_the_letter(pattern: str, name: str, identity: str) -> None:
    """If anything at all is written, then it selects what its characters say, be it an id or a name."""
    expected = takes(pattern, name) or takes(pattern, identity)
    assert Campaigns(include=(pattern,)).selects(identity, normalize("NFD", name)) == expected
    assert Campaigns(exclude=(pattern,)).selects(identity, normalize("NFD", name)) == (not expected)


@given(st.text().filter(str.strip))
def test_a_name_without_wildcards_selects_itself(name: str) -> None:
    """If the name of a campaign is copied into the list, in whatever script, then that campaign is selected."""
    assert Campaigns(include=(name.replace("*", "?"),)).selects("", name)
    assert Campaigns(include=(normalize("NFD", name).replace("*", "?"),)).selects("", name)


@pytest.mark.parametrize("repeated", ["*a", "*?", "?", "["])
def test_a_long_pattern_is_matched_in_time(repeated: str) -> None:
    """If a pattern of many wildcards meets a long name, then it is decided; a test that hangs would say otherwise."""
    pattern = repeated * (998 // len(repeated)) + "b"
    assert not Campaigns(include=(pattern,)).selects("", "a" * 999)


@pytest.mark.parametrize("written", ['""', '" "', "a" * 1001])
def test_patterns_that_can_match_nothing_are_refused(tmp_path: Path, written: str) -> None:
    """If a pattern is blank, or longer than any name, then it is refused."""
    (problem,) = problems_of(tmp_path, operation(f"campaigns: {{exclude: [{written}]}}"))
    assert problem.path == "operations[0].campaigns.exclude[0]"
    assert problem.text.startswith("a pattern ")


def warned(folder: Path, *patterns: str) -> list[tuple[int, str, str]]:
    """Return the warnings of a configuration with these patterns, one in a line."""
    quoted = [f"    - '{pattern}'" for pattern in patterns]
    config = load_text(folder, operation("campaigns:", "  exclude:", *quoted))
    assert config.operations[0].campaigns.exclude == patterns
    return [(warning.line, warning.path, warning.text) for warning in config.warnings]


@pytest.mark.parametrize(
    "pattern",
    [
        "^VENTAS.*$", "^ventas", ".*", ".*prueba.*", "VENTAS.+", "ventas.*", "(?i)ventas", r"\d+", r"\[MX\].*", r"\*",
        r"48\d\d", "(a|b)", "(ventas|cobranza).*", "ventas|cobranza", "prueba$", "prueba*$", "[0-9]+$", "[0-9]*",
        "[a-z]*", "[A-Za-z]*", "48[0-9]", "[^a]*", "[!a]*", "[[]MX]*", "[*]*", "[?]", "[]]*", "48{2}", "a{1,3}",
        "{ventas,cobranza}*", "ventas(s)?$", "(ventas)$",
    ],
)  # fmt: skip
def test_patterns_that_read_like_something_else_are_warned_of(tmp_path: Path, pattern: str) -> None:
    """If a pattern can hardly be meant as one, then there is a warning at its line, and it is used as written."""
    at = "operations[0].campaigns.exclude[1]"
    assert warned(tmp_path, "*prueba*", pattern) == [(8, at, READS_FOREIGN)]


@pytest.mark.parametrize(
    "pattern",
    [
        "?", "?*", "ventas*", "*prueba*", "4875", "487?", "[MX]*", "[MX] Cobranza*", "*[", "[", "]", "Mora [A-L]",
        "[!] Urgente", "Ventas S.A.*", "Mora (30+)*", "Mora (30+) días", "MX | Ventas*", "Plan 50$", "100%*",
        "Cobro 30-60", "¿Sí?", "a+b", "C++*", "Campaña n.º 3*", "3. Ventas", "#1", "@todos", "ñ", "Ventas {julio}*",
        "Día del Niño!", "~*", "<ventas>", "$ promo*",
    ],
)  # fmt: skip
def test_patterns_for_names_as_people_write_them_need_no_warning(tmp_path: Path, pattern: str) -> None:
    """If a pattern has what the names of campaigns have, then nothing is said of it."""
    assert warned(tmp_path, pattern) == []


@pytest.mark.parametrize("pattern", [" ventas*", "*prueba ", "\N{NO-BREAK SPACE}ventas"])
def test_a_space_at_an_end_is_warned_of(tmp_path: Path, pattern: str) -> None:
    """If a pattern begins or ends with a space, which no id or name does, then there is a warning."""
    text = "a space stands at the beginning or the end, where no id or name has one; remove it"
    assert warned(tmp_path, pattern) == [(7, "operations[0].campaigns.exclude[0]", text)]


@pytest.mark.parametrize("pattern", ["*", "**"])
def test_a_pattern_that_leaves_out_everything_is_warned_of(tmp_path: Path, pattern: str) -> None:
    """If `exclude` takes any text, then nothing can be published, and a warning says so before anything is asked."""
    text = "this leaves out every campaign, since exclude wins; write which ones are meant"
    assert warned(tmp_path, "*prueba*", pattern) == [(8, "operations[0].campaigns.exclude[1]", text)]
