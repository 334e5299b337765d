"""The kinds of values in the web configuration file: readers of the text as written, or `BadValue`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from wolkvox_exporter.config.problems import BadValue
from wolkvox_exporter.config.types import from_path, from_text
from wolkvox_exporter.runtime.files import require_regular

COSTLIEST = 18
"""The highest cost of a bcrypt hash that is accepted: one comparison takes some 15 s."""

# the last character of the salt stands for two bits only
_HASH = re.compile(r"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_COSTS = range(4, COSTLIEST + 1)
_GO_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|ms|s|m|h))+")
_GO_PART = re.compile(r"([0-9.]+)([a-zµ]+)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_PAUSE = 86_400.0
_LARGEST_BURST = 1_000_000
_BREAKS_HEADERS = re.compile(r"[^ -~]")
_TRUE, _FALSE = {"true", "yes", "on", "y"}, {"false", "no", "off", "n"}

TLS_1_2_CIPHERS = {
    f"TLS_ECDHE_{key}_WITH_{name}": f"ECDHE-{key}-{openssl}"
    for key in ("ECDSA", "RSA")
    for name, openssl in (
        ("AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
        ("AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
        ("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
        ("AES_128_CBC_SHA", "AES128-SHA"),
        ("AES_256_CBC_SHA", "AES256-SHA"),
    )
}
"""The suites that can be chosen, by the names of the standard, as OpenSSL calls them."""
TLS_1_3_CIPHERS = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
"""The suites that are always offered where TLS 1.3 is."""
CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
"""The curves, by the names of the format, as OpenSSL calls them."""
_UNVERIFIED = {"RequestClientCert", "RequireAnyClientCert", "RequireClientCert"}
_VERIFIED = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
_OLD = {"TLS10", "TLS11"}


def _pem_file(path: Path) -> Path:
    try:
        require_regular(path)
    except OSError as error:
        raise BadValue(f"the file cannot be read ({error.strerror}); write the path of a PEM file") from None
    return path


def _pem(text: str) -> str:
    if "-----BEGIN " not in text:
        raise BadValue("this is not PEM; write it in lines under cert: | or give its file instead")
    return text


def _password_hash(text: str) -> SecretStr:
    match = _HASH.fullmatch(text)
    if match is None:
        raise BadValue("this is no bcrypt hash; make one with: wolkvox-exporter hash-password")
    if int(match.group(1)) not in _COSTS:
        raise BadValue(f"the cost of the hash is not {_COSTS[0]} to {_COSTS[-1]}; make another with hash-password")
    return SecretStr(text)


def _user(text: str) -> str:
    if not text or ":" in text:
        raise BadValue("a user has a name, without a colon; basic authentication cannot carry another")
    return text


def _client_auth(text: str) -> str:
    if text in _UNVERIFIED:
        raise BadValue("client certificates are verified or not asked for here; write RequireAndVerifyClientCert")
    return _one_of(_VERIFIED)(text)


def _version(text: str) -> str:
    if text in _OLD:
        raise BadValue("TLS 1.0 and 1.1 are broken and not served here; write TLS12 or TLS13")
    return _one_of(("TLS12", "TLS13"))(text)


def _cipher(text: str) -> str:
    if text not in TLS_1_2_CIPHERS and text not in TLS_1_3_CIPHERS:
        choice = ", ".join(TLS_1_2_CIPHERS)
        raise BadValue(f"unknown or insecure cipher suite; those that can be chosen are {choice}")
    return text


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise BadValue("write true or false")
    return text.lower() in _TRUE


def _http2(text: str) -> bool:
    if _flag(text):
        raise BadValue("HTTP/2 is not served here, clients take HTTP/1.1; write false or remove the key")
    return False


def _pause(text: str) -> float:
    if text == "0":
        return 0.0
    if not _GO_DURATION.fullmatch(text):
        raise BadValue("this is no duration; write one such as 1s, 500ms or 1m30s, or 0 for no limit")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _GO_PART.findall(text))
    if seconds > _LONGEST_PAUSE:
        raise BadValue("the interval is too long; write 24h or less")
    return seconds


def _burst(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST_BURST)):
        raise BadValue("write a whole number of requests, of up to seven digits, such as 20")
    return int(text)


def _san(text: str) -> str:
    if not text:
        raise BadValue("nothing is written here; write a name that clients' certificates may have")
    return text


def _some_users(users: dict[str, SecretStr]) -> dict[str, SecretStr]:
    if not users:
        raise BadValue("no user is written, and so everybody would be let in; write one or remove the key")
    return users


def _header(text: str) -> str:
    if _BREAKS_HEADERS.search(text):
        raise BadValue("a header has printable ASCII characters only; remove the others, line breaks too")
    return text


def _one_of(choice: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choice:
            raise BadValue(f"this is none of the possible values; write {' or '.join(filter(None, choice))}")
        return text

    return read


AllowedSan = Annotated[str, from_text(_san)]
PemFile = Annotated[Path, from_path(_pem_file)]
Pem = Annotated[str, from_text(_pem)]
SecretPem = Annotated[SecretStr, from_text(lambda text: SecretStr(_pem(text)))]
PasswordHash = Annotated[SecretStr, from_text(_password_hash)]
User = Annotated[str, AfterValidator(_user)]
Users = Annotated[dict[User, PasswordHash], AfterValidator(_some_users)]
ClientAuth = Annotated[str, from_text(_client_auth)]
TlsVersion = Annotated[str, from_text(_version)]
Cipher = Annotated[str, from_text(_cipher)]
Curve = Annotated[str, from_text(_one_of(tuple(CURVES)))]
Flag = Annotated[bool, from_text(_flag)]
Http2 = Annotated[bool, from_text(_http2)]
Pause = Annotated[float, from_text(_pause)]
Burst = Annotated[int, from_text(_burst)]
HeaderText = Annotated[str, from_text(_header)]
FrameOptions = Annotated[str, from_text(_one_of(("", "deny", "sameorigin")))]
NoSniff = Annotated[str, from_text(_one_of(("", "nosniff")))]
