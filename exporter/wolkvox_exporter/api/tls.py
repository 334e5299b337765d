"""What OpenSSL says when TLS fails, in words, and what to do about it."""

import re
import ssl
from collections.abc import Mapping
from types import MappingProxyType

from wolkvox_exporter.api.errors import NO_STATUS, ApiError, Reason

_OTHER_HOST = "this is another host's certificate: check server or base_url, and whether a proxy answers in its place"
_REPLACE = "whoever runs the server, or an inspecting proxy on the way, has to replace that certificate"
_VERIFY_REMEDIES: Mapping[int, str] = MappingProxyType(
    # by OpenSSL's number; nothing where the trusted authorities are what to look at
    {
        2: "",  # issuer's certificate not found
        9: "check this host's clock; if it is right, whoever issued the certificate is early",
        10: f"check this host's clock; if it is right, {_REPLACE}",
        18: "",  # self-signed
        19: "",  # self-signed in the chain
        20: "",  # issuer's certificate not found on this host
        21: "",  # nor any other
        62: _OTHER_HOST,
        64: _OTHER_HOST,
    }
)
_REASON_REMEDIES: tuple[tuple[re.Pattern[str], str], ...] = (
    # by OpenSSL's constants; the first that fits
    (
        re.compile("WRONG_VERSION_NUMBER|HTTPS?_(PROXY_)?REQUEST|PACKET_LENGTH|RECORD_LAYER|UNEXPECTED_MESSAGE$"),
        "what answers there speaks no TLS: check server or base_url, its scheme and port, and any proxy",
    ),
    (
        re.compile("PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS"),
        "the server and this host's OpenSSL have no TLS version in common: the server has to offer 1.2 or 1.3",
    ),
    (
        re.compile("CERTIFICATE_REQUIRED"),
        "the server wants a client certificate, and wolkvox wants none: check server or base_url, and any proxy",
    ),
    (
        re.compile("HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|NO_SHARED_CIPHER|TOO_SMALL|TOO_WEAK"),
        "the server and this host agree on no ciphers, or it wants a client certificate; ask whoever runs the server",
    ),
    (re.compile("UNRECOGNIZED_NAME"), "no site of that name is served there: check server or base_url, and any proxy"),
)
_ENDED = "the server, or an inspecting proxy on the way, ended TLS for that reason: ask whoever runs it"


def failure(error: ssl.SSLError, detail: str, code: str = NO_STATUS) -> ApiError:
    """Return the failure; `detail` says what became of TLS, `code` is the answer's status if there is one."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = f"certificate verify failed: {error.verify_message.rstrip('.')}"
        remedy = _VERIFY_REMEDIES.get(error.verify_code, _REPLACE)
        return ApiError(Reason.TLS, f"{detail} ({words})", remedy=remedy, code=code)
    reason = error.reason or ""
    if reason:
        detail += f" ({reason.replace('_', ' ').lower()})"
    remedy = next((remedy for pattern, remedy in _REASON_REMEDIES if pattern.search(reason)), _ENDED if reason else "")
    return ApiError(Reason.TLS, detail, remedy=remedy, code=code)
