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
_START = r"(?:\A-?|\s-)\s*"
_MODE = re.compile(_START + r"(?:strategy|autopilot)\s*\((?:[^()]|\([^()]*\))*\)\Z", re.IGNORECASE)
_PHONE = r"tel\d+\s*\([^()]*\)"
_PHONES = re.compile(rf"{_START}{_PHONE}(?:\s*[-,;|/+]?\s*{_PHONE})*\Z", re.IGNORECASE | re.ASCII)
_ONE_PHONE = re.compile(r"(tel\d+)\s*\(([^()]*)\)", re.IGNORECASE | re.ASCII)
# a suffix this long is none; the bound keeps the search linear in hostile texts
_SUFFIX_LENGTH = 500


@dataclass(frozen=True, slots=True)
class CampaignName:
    """What the campaign string says; `unreadable` if it lacks an id or a phone's share cannot be read."""

    id: str
    name: str
    phones: tuple[tuple[str, float], ...]
    unreadable: bool


def campaign_name(written: str) -> CampaignName:
    """Take a campaign string apart; without an id in front the whole text, less its suffixes, is the name."""
    identity = _ID.match(written)
    name, phone_suffixes = _without_suffixes(written[identity.end() :] if identity else written)
    shares: dict[str, float] = {}
    unreadable = identity is None
    for column, share in _ONE_PHONE.findall(phone_suffixes):
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


def _without_suffixes(rest: str) -> tuple[str, str]:
    """Return the name, and the phone suffixes in their order."""
    phones = ""
    while True:
        rest = rest.strip()
        tail = max(0, len(rest) - _SUFFIX_LENGTH)
        if suffix := _PHONES.search(rest, tail):
            phones = suffix.group() + phones
        else:
            suffix = _MODE.search(rest, tail)
        if suffix is None:
            return rest, phones
        rest = rest[: suffix.start()]
