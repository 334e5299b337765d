"""Readers of single values: the text as written in the file to the value meant, or `BadValue`."""

import os
import re
import ssl
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from wolkvox_exporter.config.problems import BadValue
from wolkvox_exporter.runtime import files

_SERVER = re.compile(r"(?:wv)?([0-9]{4})")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,4}")
_PRINTABLE = re.compile(r"[!-~]+")
_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.?")
# what resolvers take for an address in one of their own ways, such as 127.1, and the HTTP library refuses
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_NAME_LENGTH = 100
# no longer text is read as a name
_PATTERN_LENGTH = 1000
_HOST_LENGTH = 253
_NUMBERS = range(1, 1001)
_PERCENTAGE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%")
_WHOLE = 100
_BREAKS = {"Cc", "Cs", "Zl", "Zp"}
# what YAML reads as false where nobody meant a truth value
OFF_WORDS = frozenset({"off", "no", "false"})


_Mode = TypeVar("_Mode", bound=StrEnum)


class AmdMode(StrEnum):
    """How the accumulated AMD report is asked for."""

    AUTO = "auto"
    ALL = "all"
    EACH = "each"
    OFF = "off"


class AgentsMode(StrEnum):
    """Whether agents are asked for, and what is published of them: never who they are."""

    OFF = "off"
    BY_STATUS = "by_status"


@dataclass(frozen=True, slots=True)
class CaFile:
    """A file with certificates of authorities; with other certificates it is another value."""

    path: Path
    digest: str | None


def name(text: str) -> str:
    """Read an operation's name, which becomes a label of its metrics."""
    return label_value(text, "a name", _NAME_LENGTH)


def label_value(text: str, noun: str, longest: int) -> str:
    """Read what becomes the value of a label, of `longest` characters at most; `noun` is what people call it."""
    if not text.strip() or len(text) > longest:
        raise BadValue(f"{noun} has 1 to {longest} characters, not all of them blank")
    if _has_breaks(text):
        raise BadValue(f"{noun} has no control characters or line breaks; remove them")
    return text


def server(text: str) -> str:
    """Read `0042` or `wv0042` as the four digits."""
    match = _SERVER.fullmatch(text)
    if match is None:
        raise BadValue("a server has exactly four digits; write it as 0042 or wv0042")
    return match.group(1)


def base_url(text: str) -> str:
    """Read the API's address, without the slash at its end."""
    parts = _url(text)
    if parts is None or parts.scheme not in {"http", "https"} or "@" in parts.netloc or "?" in text or "#" in text:
        raise BadValue("write an address such as https://wv0042.wolkvox.com/api/v2, without user, query or fragment")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def proxy_url(text: str) -> SecretStr:
    """Read a proxy's address, a secret since it may hold a password."""
    parts = _url(text)
    if parts is None or parts.scheme != "http" or parts.path not in {"", "/"} or "?" in text or "#" in text:
        raise BadValue("write a proxy such as http://proxy:3128 or http://user:password@proxy:3128")
    return SecretStr(text)


def time_zone(text: str) -> ZoneInfo:
    """Read a time zone by its IANA name."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise BadValue("this is no time zone of the IANA database; write one such as America/Bogota") from None


def amd(text: str) -> AmdMode:
    """Read the AMD mode; the false of YAML is `off`."""
    return mode(text, AmdMode, "this is no AMD mode; write auto, all, each or off")


def agents(text: str) -> AgentsMode:
    """Read the agents mode; the false of YAML is `off`."""
    return mode(text, AgentsMode, "write by_status, which counts agents by their state and names nobody, or off")


def mode(text: str, modes: type[_Mode], refusal: str) -> _Mode:
    """Read one of some modes, of which one is `off`, in any letter case."""
    written = "off" if text.casefold() in OFF_WORDS else text.casefold()
    if written not in list(modes):
        raise BadValue(refusal)
    return modes(written)


def stale_after(text: str) -> int:
    """Read a number of intervals."""
    return whole_number(text, "intervals", example=3)


def amd_max_calls(text: str) -> int:
    """Read a number of calls."""
    return whole_number(text, "calls", example=10)


def share(text: str) -> float:
    """Read a percentage from 0% to 100% as a ratio."""
    match = _PERCENTAGE.fullmatch(text)
    if match is None or float(match.group(1)) > _WHOLE:
        raise BadValue("write a percentage from 0% to 100%, such as 10%")
    return float(match.group(1)) / _WHOLE


def pattern(text: str) -> str:
    """Read a pattern for campaigns."""
    if not text.strip():
        raise BadValue('a pattern is blank; write one such as "*prueba*"')
    if len(text) > _PATTERN_LENGTH:
        raise BadValue(f"a pattern has at most {_PATTERN_LENGTH} characters; write several shorter ones")
    return text


def ca_file(path: Path) -> CaFile:
    """Check that certificates can be loaded from the file."""
    try:
        if not path.is_file():
            if path.exists():
                raise BadValue(f"this is {files.NOT_REGULAR}; write the path of a PEM file with the CA's certificates")
            raise BadValue("there is no such file; write the path of a PEM file with the CA's certificates")
        # taken before: what is written meanwhile is found to differ
        digest = files.digest_of(path)
        ssl.create_default_context(cafile=str(path))
    except OSError:
        raise BadValue("no certificates can be read from the file; it must be readable and in PEM format") from None
    return CaFile(path, digest)


def state_path(text: str) -> str:
    """Refuse what is no path."""
    if not text.strip() or _has_breaks(text):
        raise BadValue("this is no path of a folder; write one such as /var/lib/wolkvox-exporter, or remove the key")
    return text


def state_folder(path: Path) -> Path:
    """Check that a folder can be written, or created, without doing so."""
    try:
        nearest = next(place for place in (path, *path.parents) if place.exists())
        if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
            return path
    except OSError:
        pass
    raise BadValue("the folder cannot be written or created; name one that is writable for the exporter")


def is_loopback(url: str) -> bool:
    """Return whether what is sent to a valid address stays on this host."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or (_is_ip_address(host) and ip_address(host).is_loopback)


def _has_breaks(text: str) -> bool:
    return any(unicodedata.category(character) in _BREAKS for character in text)


def whole_number(text: str, noun: str, *, example: int) -> int:
    """Read a whole number from 1 to 1000."""
    if not _WHOLE_NUMBER.fullmatch(text) or int(text) not in _NUMBERS:
        raise BadValue(f"write a whole number of {noun} from 1 to 1000, such as {example}")
    return int(text)


def _url(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        usable = _PRINTABLE.fullmatch(text) and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _is_host(host: str) -> bool:
    if _is_ip_address(host):
        return True
    is_name = len(host) <= _HOST_LENGTH and _HOST_NAME.fullmatch(host) is not None
    return is_name and not _ENDS_IN_A_NUMBER.fullmatch(host)


def _is_ip_address(host: str) -> bool:
    try:
        return "%" not in host and bool(ip_address(host))
    except ValueError:
        return False
