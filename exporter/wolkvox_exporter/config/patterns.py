"""Patterns for campaigns: `*` is any text, `?` any one character, all else stands for itself, in any case.

They are shell patterns without character classes: where a campaign is called `[MX] Cobranza`, whoever writes `[MX]*`
means that one, not every name that begins with M or X.
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from unicodedata import normalize

MEANING = "* is any text, ? any one character, and all else, also [ ^ $ . and \\, stands for itself"
"""What a pattern is, for people who have written something else."""
REMEDY = f"correct include and exclude under campaigns; in a pattern on id or name {MEANING}"
"""What to do where no campaign is left."""

_FOREIGN = re.compile(
    r"""
      ^\^ | ^\(\?                 # ^VENTAS, (?i)ventas
    | ^[^.]*\.[*+]                # .*prueba, VENTAS.+, but not S.A.*
    | \\                          # \d, \[MX\]
    | \S\|\S                      # (a|b), ventas|cobranza, but not MX | Ventas
    | [*+?)\]}]\$$ | [^\W\d_]\$$  # *$, prueba$, but not Plan 50$
    | \{\d+(?:,\d*)?\}            # {2}, {1,3}
    | \{[^{}]*,[^{}]*\}           # {ventas,cobranza}*
    | \[[!^][^]]                  # [!a]*, [^a]*, but not [!] Urgente
    | \[[][*?]\]                  # [[]MX]*, [*]
    | \[(?:0-9|a-z|A-Z)           # [0-9]*, [a-zA-Z]*, but not Mora [A-L]
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Matcher:
    plain: frozenset[str]
    wild: tuple[re.Pattern[str], ...]


def folded(text: str) -> str:
    """Return what is the same for texts that differ in case alone, or in how their accents are encoded."""
    return normalize("NFC", normalize("NFD", text).casefold())


def matches(patterns: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Return whether one of the patterns takes one of the texts, which are folded."""
    matcher = _matcher(patterns)
    return not matcher.plain.isdisjoint(texts) or any(pattern.match(text) for pattern in matcher.wild for text in texts)


def looks_foreign(pattern: str) -> bool:
    """Return whether a pattern can hardly be meant as one: it reads like a regular expression or a class."""
    return _FOREIGN.search(pattern) is not None


def takes_everything(patterns: tuple[str, ...]) -> bool:
    """Return whether one of the patterns takes any text, even the empty one."""
    return any(not pattern.strip("*") for pattern in patterns)


@lru_cache(maxsize=1000)
def _matcher(patterns: tuple[str, ...]) -> _Matcher:
    every = [folded(pattern) for pattern in patterns]
    wild = [pattern for pattern in every if "*" in pattern or "?" in pattern]
    # a class of the bracket alone is how the library takes it literally
    compiled = [re.compile(translate(pattern.replace("[", "[[]"))) for pattern in wild]
    return _Matcher(frozenset(every), tuple(compiled))
