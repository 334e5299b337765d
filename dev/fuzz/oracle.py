"""What an answer says, read a second time: strictly, by the documentation, with no reader of the exporter's.

Where the words leave room, more than one reading is allowed, and the exporter's must be one of them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal
from unicodedata import normalize

from fuzz.replies import KEYS, Reply

Row = dict[str, object]
QUOTA = {
    "wolkvox_quota_limit_calls": "token_limit",
    "wolkvox_quota_used_calls": "all_token_today",
    "wolkvox_quota_token_used_calls": "token_use_today",
}
UNREADABLE: Final = "unreadable"
Reading = float | None | Literal["unreadable"]
"""A number, nothing where the value is blank, or that its text says nothing."""
_STATES: dict[str, Reading] = {"started": 1.0, "stopped": 0.0}
_SPACES = " \t\n\r\f\v"


def text(value: object) -> str | None:
    """Return a value's text, empty where it is blank; None where it is neither text nor a number, or too long."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 1000:
        return None
    return re.sub(r"[\ud800-\udfff]", "?", value).strip()


def number(written: str) -> Fraction | None:
    """Return what digits say: `,` between groups of three, one `.`, nothing else."""
    whole, point, decimals = written.partition(".")
    groups = whole.split(",")
    digits = "".join(groups) + decimals
    if not (digits.isascii() and digits.isdigit() and whole) or (point and not decimals):
        return None
    if len(groups) > 1 and not (
        1 <= len(groups[0]) <= 3 and groups[0][0] != "0" and all(len(group) == 3 for group in groups[1:])
    ):
        return None
    return Fraction(Decimal(written.replace(",", "")))


def _float(exact: Fraction | None) -> Reading:
    if exact is None:
        return UNREADABLE
    # beyond every count there can be, by the nearest number that can be shown
    return UNREADABLE if exact >= 10**16 or float(exact) > 10**15 else float(exact)


def _without_space(written: str) -> str:
    return written[:-1] if written[-1:] and written[-1] in _SPACES else written


def _percentage(written: str) -> Fraction | None:
    exact = number(_without_space(written[:-1])) if written.endswith("%") else None
    return None if exact is None else exact / 100


def _pair(written: str) -> tuple[Fraction, Fraction] | None:
    count, bracket, share = written.partition("(")
    if not bracket or not share.endswith(")"):
        return None
    inner = _without_space(share[:-1])
    inner = inner[1:] if inner[:1] and inner[0] in _SPACES else inner
    both = number(_without_space(count)), _percentage(inner)
    return None if both[0] is None or both[1] is None else (both[0], both[1])


def _seconds(written: str, *, may_be_bare: bool) -> Fraction | None:
    parts = written.split(":")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    if len(parts) == 1:
        return Fraction(int(written)) if may_be_bare else None
    if len(parts) != 3 or not all(len(part) == 2 and part < "60" for part in parts[1:]):
        return None
    return Fraction(int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2]))


_READERS: dict[str, Callable[[str], Fraction | None]] = {
    "count": number,
    "ratio": _percentage,
    "duration": lambda written: _seconds(written, may_be_bare=False),
    "seconds": lambda written: _seconds(written, may_be_bare=True),
}


def status(value: object) -> str | None:
    """Return an agent's state, empty where it is blank; None where it is none."""
    written = text(value)
    if not written:
        return written
    written = normalize("NFC", written)
    if len(written) > 100 or not any(character.isalpha() for character in written):
        return None
    return written.lower() if written.lower() in ("ready", "talk", "ring", "acw", "logout") else written


def is_blank(row: object, keys: Iterable[str]) -> bool:
    """Return whether a row says nothing: it has some of the keys, and each of them is blank."""
    found = [row[key] for key in keys if key in row] if isinstance(row, dict) else []
    return bool(found) and all(text(value) == "" for value in found)


def reading(value: object, how: str) -> Reading:
    """Return what a value says, read as a count, a ratio, a state, a time, or one of the two parts of the hits."""
    written = text(value)
    if not written:
        return UNREADABLE if written is None else None
    if how == "state":
        return _STATES.get(written.lower(), UNREADABLE)
    if how in _READERS:
        return _float(_READERS[how](written))
    pair = _pair(written)
    if pair is None or _float(pair[0]) == UNREADABLE or _float(pair[1]) == UNREADABLE:
        return UNREADABLE
    return _float(pair[how == "hit share"])


def cell(row: Row, key: str, how: str) -> Reading:
    """Return what a row says under a key; a known key that is absent is unreadable, too."""
    return reading(row[key], how) if key in row else UNREADABLE


@dataclass(frozen=True)
class Labels:
    """What tells campaigns apart."""

    campaign: str
    campaign_id: str
    skill: str


_SUFFIX = r"(?:[-,;|/+\s]*(?:tel\d+\s*\([^()]*\)|(?:strategy|autopilot)\s*\((?:[^()]|\([^()]*\))*\)))+"
_SUFFIXES = re.compile(_SUFFIX + r"\s*\Z", re.IGNORECASE | re.ASCII)


def may_be_labelled(row: Row, labels: Labels) -> bool:
    """Return whether a row may stand under these labels: nothing is cut off its campaign but id, phones and modes."""
    written = text(row.get("campaign"))
    if not written or labels.skill != (text(row.get("skill_id")) or ""):
        return False
    found = re.match(r"([0-9]+)(?:\s+-(?=\s|\Z)|\Z)", written)
    if labels.campaign_id != (found.group(1) if found else ""):
        return False
    rest = written[found.end() :].strip() if found else written
    if not rest.startswith(labels.campaign):
        return False
    cut = rest[len(labels.campaign) :]
    return not cut.strip() or _SUFFIXES.fullmatch(cut) is not None or _SUFFIXES.fullmatch(f" {cut.strip()}") is not None


def phone_shares(row: Row, phone: str) -> set[Reading]:
    """Return the shares that a row writes behind a phone's column."""
    written = text(row.get("campaign")) or ""
    return {
        reading(share, "ratio")
        for share in re.findall(rf"(?<![^\W_]){re.escape(phone)}\s*\(([^()]*)\)", written, re.ASCII)
    }


def _parsed(written: str, *, strict: bool) -> object:
    return json.loads(written, parse_int=str, parse_float=str, parse_constant=str, strict=strict)


def whole_document(reply: Reply) -> tuple[bool, object]:
    """Return whether the body is one JSON document by the letter of the standard, and the document."""
    try:
        return True, _parsed(reply.body.decode().removeprefix("\ufeff"), strict=True)
    except (ValueError, RecursionError):
        return False, None


def possible_documents(reply: Reply) -> Iterator[object]:
    """Return what may be taken for the document: all of the text, or what follows something that is none."""
    try:
        written = reply.body.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return
    for start in [0, *(found.start() for found in re.finditer(r"[\[{]", written))]:
        try:
            yield _parsed(written[start:], strict=False)
        except (ValueError, RecursionError):
            continue


_OF_REPORT: dict[str, set[str]] = {
    "campaigns": {"campaign"},
    "skills": {"skill_id"},
    "agents": {"agent_status"},
    "amd": {"campaign_id"},
    "quota": set(KEYS["quota"][:3]),
}


def report_rows(document: object, report: str) -> list[object] | None:
    """Return the rows of a report; None where the document is none."""
    keys = _OF_REPORT[report]
    found = document
    if isinstance(document, dict):
        code = document.get("code")
        if code is not None and not (isinstance(code, str) and code.strip() in ("", "0", "200")):
            return None
        bare = not document.keys() & {"code", "error", "msg", "data"} and document.keys() & keys
        found = document if bare else document.get("data")
        found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list):
        return None
    objects = [row for row in found if isinstance(row, dict)]
    if found and not any(row.keys() & keys for row in objects):
        return None
    if report == "quota":
        return found if objects else None
    if not found or report == "amd":
        return found
    return found if _names_something(report, found) else None


def _names_something(report: str, rows: list[object]) -> bool:
    """Return whether a row says whose it is, or, of skills and agents, nothing is said at all."""
    objects = [row for row in rows if isinstance(row, dict)]
    if report == "agents":
        real = [row for row in objects if not is_blank(row, KEYS["agents"])]
        found = [status(row.get("agent_status", 0)) for row in real]
        return any(found) or (len(objects) == len(rows) and None not in found)
    key = "campaign" if report == "campaigns" else "skill_id"
    if any(text(row.get(key)) for row in objects):
        return True
    return report == "skills" and all(is_blank(row, KEYS["skills"]) for row in rows)


def is_empty_window(reply: Reply, report: str) -> bool:
    """Return whether this may be the 404 of an AMD window without detections, sent as such or in a 200."""
    if report != "amd" or reply.status not in (200, 404):
        return False
    documents = [document for document in possible_documents(reply) if isinstance(document, dict)]
    codes = {"404"} if reply.status == 404 else {str(document.get("code")).strip() for document in documents}
    return "404" in codes and b"validate dates" in reply.body.lower()


_ENDS: dict[int, set[str]] = {
    400: {"request"},
    401: {"token"},
    403: {"token", "quota", "concurrency", "maintenance", "forbidden"},
    503: {"maintenance", "http"},
}


def is_compressed(reply: Reply) -> bool:
    """Return whether an answer says that it is compressed; what is no compression does not count."""
    codings = {value.lower() for name, value in reply.headers if name == "Content-Encoding"}
    return bool(codings & {"gzip", "deflate", "br"})


def reasons(reply: Reply) -> set[str]:
    """Return the reasons for which an answer may be a failed poll."""
    if reply.status in {301, 302, 303, 307, 308}:
        return {"redirect"}
    if is_compressed(reply):
        return {"invalid_body"}
    if reply.status != 200:
        return _ENDS.get(reply.status, {"http"})
    whole, document = whole_document(reply)
    if not whole:
        return {"invalid_body", "unexpected_shape"} | _of_code(reply)
    return {"unexpected_shape"} | (_of_code(reply) if isinstance(document, dict) else set())


def _of_code(reply: Reply) -> set[str]:
    # an error within a 200 is that error
    inner = {reason for allowed in _ENDS.values() for reason in allowed} | {"http"}
    return inner if b'"code"' in reply.body else set()
