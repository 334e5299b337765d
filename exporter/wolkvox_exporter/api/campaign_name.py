"""The campaign string: id, name and how the phones are dialled, all in one text.

Documented: `4875 - MY CAMPAIGN - tel1 (100%)`. Seen: ` - Strategy (…)` in the phones' place. Guessed: Autopilot,
several phones, no suffix. The name may itself hold ` - `, parentheses and line breaks, so the id is taken from the
front, the suffixes from the end, and what is left is the name. What stands inside Strategy and Autopilot is not read.
"""

import re
from dataclasses import dataclass

from wolkvox_exporter.api.values import Unreadable, percentage

_ID = re.compile(r"(\d+)(?:\s+-(?:\s+|\Z)|\Z)", re.ASCII)
_LEADING_DIGITS = re.compile(r"\d+", re.ASCII)
# suffixes are matched on the text backwards, where one begins at the end of the other: searched for from the front, a
# text of many would be read once for each of them
_SPACE = re.compile(r"\s*")
_DASH = r"\s*(?:-\s|-?\Z)"
_PHONE = re.compile(r"\)([^()]*)\(\s*(\d+let)", re.ASCII | re.IGNORECASE)
_PHONE_DASH = re.compile(_DASH, re.ASCII)
_SEPARATOR = re.compile(r"\s*[-,;|/+]?\s*", re.ASCII)
_MODE = re.compile(r"\)(?:[^()]++|\)[^()]*+\()*+\(\s*+(?:ygetarts|tolipotua)" + _DASH, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CampaignName:
    """What the campaign string says; `unreadable` if it lacks an id or a phone's share cannot be read."""

    id: str
    name: str
    phones: tuple[tuple[str, float], ...]
    unreadable: bool


def campaign_name(written: str) -> CampaignName:
    """Read a campaign string; without an id in front the whole text, less its suffixes, is the name."""
    identity = _ID.match(written)
    name, phones = _without_suffixes(written[identity.end() :] if identity else written)
    shares: dict[str, float] = {}
    unreadable = identity is None
    for column, share in phones:
        try:
            ratio = percentage(share)
        except Unreadable:
            unreadable = True
            continue
        unreadable |= column in shares
        if ratio is not None:
            shares.setdefault(column, ratio)
    return CampaignName(identity.group(1) if identity else "", name, tuple(shares.items()), unreadable)


def leading_id(written: str) -> str:
    """Return the digits in front: some reports write the name behind the id. Unreadable if there are none."""
    digits = _LEADING_DIGITS.match(written)
    if digits is None:
        raise Unreadable
    return digits.group()


def _without_suffixes(rest: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the name, and the phones with their shares in their order."""
    backwards = rest.strip()[::-1]
    phones: list[tuple[str, str]] = []
    at = 0
    while True:
        found, end = _phones(backwards, at)
        if not found:
            mode = _MODE.match(backwards, at)
            if mode is None:
                return backwards[at:][::-1], phones[::-1]
            end = mode.end()
        phones += found
        at = _end(_SPACE, backwards, end)


def _phones(backwards: str, at: int) -> tuple[list[tuple[str, str]], int]:
    """Return the phones up to the first that follows a dash, the last one first, and where that dash ends."""
    passed: list[tuple[str, str]] = []
    found, end = 0, at
    while phone := _PHONE.match(backwards, at):
        share, column = phone.groups()
        passed.append((column[::-1], share[::-1]))
        if dash := _PHONE_DASH.match(backwards, phone.end()):
            found, end = len(passed), dash.end()
        at = _end(_SEPARATOR, backwards, phone.end())
    return passed[:found], end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
