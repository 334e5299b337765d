"""What can only be a placeholder: a text that somebody, or some program, was to replace and did not.

Nothing is replaced in configuration files. What may be meant as it is written passes: percent-encoding, the dollar and
equals signs of real tokens and passwords, names that merely contain such a word.
"""

import re
from dataclasses import dataclass, replace

# longer than any token, path or address in use; the time that some searches take grows with the square
_LONGEST = 2048
# a name made of words; what looks like a token must neither be taken for one nor be repeated in a message
_WORD = r"[A-Za-z]{1,24}[0-9]{0,3}"
_NAME = rf"_*{_WORD}(?:_+(?:{_WORD}|[0-9]{{1,4}})){{0,9}}_*"
_CAPITALS = r"\$[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*"
_VARIABLE = re.compile(
    rf"\$\{{(?:env[:.])?({_NAME})(?::?[-?+=][^{{}}]*)?\}}|\$\(({_NAME})\)|\$(?:env:)?({_NAME})|%({_NAME})%"
)
_SOME_NOTATION = re.compile(r"\$\{[^{}]+\}|\$\([^()]+\)|\{\{[^{}]+\}\}|\{%[^%]+%\}|<%[^%]+%>")
_WHOLE_NOTATION = re.compile(rf"\{{{_NAME}\}}|`[^`]+`|{_CAPITALS}")
_BRACES = re.compile(rf"\{{{_NAME}\}}")
_ANGLES = re.compile(r"<[^<>]+>")
_BRACKETS = re.compile(r"\[[A-Za-z][A-Za-z _-]*\]")
# what goes on after the second sign is percent-encoding, as in p%aass%bb
_PERCENT = re.compile(rf"(?<![A-Za-z0-9])%{_NAME}%(?![A-Za-z0-9])")
_VARIABLE_IN_PATH = re.compile(rf"(?<![A-Za-z0-9]){_CAPITALS}(?![A-Za-z0-9])")
_VARIABLE_IN_HOST = re.compile(rf"(?<=//wv)(?:{_CAPITALS}|%{_NAME}%)")
# of systemd; on both sides it ends as a part of a path does
_SPECIFIER = re.compile(r"(?:^|(?<=/))%[A-Za-z](?=/|$)")
# as documents write servers
_FILLER_IN_HOST = re.compile(r"(?i)//wvx{3,}(?=[.:/]|$)")
_USER = re.compile(r"[a-z]+://([^/]*)@")
_SEPARATORS = re.compile(r"[\W_]+")
_FILLER = re.compile(r"(?i)[*._-]{3,}|x{3,}(?:[_-]x+)*")
_TO_BE_CHANGED = re.compile(
    r"(?:please)?(?:change|replace)(?:me|this|it)(?:please)?|pleasechange|tobe(?:changed|replaced)"
    r"|fillmein|fillme|fillin|setme|cambi[ae]me|reempla[cz][ae]me|porcambiar"
)
_STANDS_FOR_TOKEN = re.compile(
    r"(?:replace(?:me)?with|put|paste|insert|enter|pegue|pega|ponga|pon|escriba)?(?:here|aqui)?(?:your|my|the|su|tu|mi|el)?"
    r"(?:own|new|actual|real|secret)?(?:wolkvox)?(?:api|access|secret)?token(?:goes|value|secreto|de)?(?:wolkvox)?"
    r"(?:here|aqui)?|todo|tbd|fixme|placeholder|redacted|dummy|none|null|undefined|example|secret|(?:your)?apikey"
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A text that stands for another."""

    what: str
    """What is wrong with it, for people."""
    variable: str = ""
    """The name, where the text is that of a variable and nothing else."""


_NOTATION = Placeholder("nothing is replaced in this file")
_WORDS = Placeholder("this is a placeholder")


def in_token(text: str) -> Placeholder | None:
    """Return the placeholder that is written in the place of a token, if it is one."""
    text = text[:_LONGEST]
    if placeholder := _variable(text) or _notation(text):
        return placeholder
    plain = _plain(text)
    shapes = (_ANGLES, _BRACKETS, _FILLER)
    is_for_people = any(shape.fullmatch(text) for shape in shapes) or _STANDS_FOR_TOKEN.fullmatch(plain)
    return _WORDS if is_for_people or _TO_BE_CHANGED.fullmatch(plain) else None


def is_to_be_changed(name: str) -> bool:
    """Return whether a name says that another is wanted; names such as MY_TOKEN may well be meant."""
    return _TO_BE_CHANGED.fullmatch(_plain(name[:_LONGEST])) is not None


def in_path(text: str) -> Placeholder | None:
    """Return the placeholder that a path is, or has in it."""
    text = text[:_LONGEST]
    if placeholder := _variable(text) or _notation(text):
        return placeholder
    if _VARIABLE_IN_PATH.search(text) or _SPECIFIER.search(text):
        return _NOTATION
    return _in_parts(text, re.split(r"[/.]", text), text)


def in_address(text: str) -> Placeholder | None:
    """Return the placeholder that an address is, or has in it."""
    text = text[:_LONGEST]
    if placeholder := _variable(text) or _notation(text):
        return placeholder
    if _VARIABLE_IN_HOST.search(text):
        return _NOTATION
    if _FILLER_IN_HOST.search(text):
        return _WORDS
    # a password may hold what no other part of an address can
    user = _USER.match(text)
    rest = text[user.end() :] if user else text
    return _in_parts(text, [*(user.group(1).split(":", 1) if user else ()), *re.split(r"[/:.]", rest)], rest)


def _variable(text: str) -> Placeholder | None:
    named = _VARIABLE.fullmatch(text)
    return replace(_NOTATION, variable=next(filter(None, named.groups()))) if named else None


def _notation(text: str) -> Placeholder | None:
    found = _SOME_NOTATION.search(text) or _WHOLE_NOTATION.fullmatch(text)
    return _NOTATION if found else None


def _in_parts(text: str, parts: list[str], plain: str) -> Placeholder | None:
    """Return the placeholder that one of the parts is, or that stands in what can hold no brackets."""
    if _PERCENT.search(text) or _BRACES.search(plain) or any(_WHOLE_NOTATION.fullmatch(part) for part in parts):
        return _NOTATION
    is_for_people = any(_ANGLES.fullmatch(part) or _TO_BE_CHANGED.fullmatch(_plain(part)) for part in parts)
    return _WORDS if is_for_people or _ANGLES.search(plain) else None


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", text).casefold()
