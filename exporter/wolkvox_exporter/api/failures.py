"""What the library and the operating system throw, as `ApiError`: what was established, and what to do about it."""

import errno
import os
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

import aiohttp
from aiohttp.http_exceptions import BadStatusLine, HttpProcessingError, LineTooLong

from wolkvox_exporter.api import tls
from wolkvox_exporter.api.errors import NO_STATUS, ApiError, Reason
from wolkvox_exporter.api.phases import Connecting, Phase
from wolkvox_exporter.runtime import shortages

_SLOW = "if it is only slow, raise connect_timeout"
_PROXY_REMEDY = "check the proxy (proxy_url, or HTTPS_PROXY in the environment) and the way to it"
_SLOW_PROXY_REMEDY = f"{_PROXY_REMEDY}; {_SLOW}"
_DNS_REMEDY = (
    "check this host's DNS, then the spelling of server or base_url; the name is looked up anew at the next poll"
)
_DNS_OF_PROXY_REMEDY = (
    "check this host's DNS, then the spelling of the proxy's name (proxy_url, or HTTPS_PROXY in the environment)"
)
_SLOW_DNS_REMEDY = (
    f"check this host's DNS and whether all its name servers answer; {_SLOW}; "
    "an answer that comes late serves the calls of the next 15 minutes"
)
_TLS_REMEDY = (
    "the connection was made: look for what may hold TLS back on the way, such as a firewall or an inspecting "
    f"proxy; {_SLOW}"
)
_CLOSED_IN_TLS_REMEDY = (
    "the server, or a firewall or inspecting proxy on the way, gave no reason; check server or base_url, any proxy, "
    "and that this host's public address is on the operation's allow-list in wolkvox"
)
_CUT_OFF_REMEDY = (
    "wolkvox or something on the way, such as a proxy or firewall, cut the answer off; the next poll asks again; "
    "if it persists, ask wolkvox support"
)
_PROXY_REMEDIES: Mapping[int, str] = MappingProxyType(
    # by the status of a proxy's answer to CONNECT
    {
        403: "let the proxy allow connections to the operation's server, or set another proxy_url",
        405: "this is no proxy that makes connections for others; check proxy_url, or HTTPS_PROXY in the environment",
        407: "write the proxy's user and password into proxy_url (http://user:password@proxy:3128), or correct them",
    }
)
_FAR_SIDE_REMEDY = (
    "the proxy was reached and did not get through to the operation's server: check its DNS and firewall, and that its "
    "public address is on the operation's allow-list in wolkvox"
)
_FORBIDDEN = "this host itself forbids the connection; check its firewall, routes and security policies"
_NO_NETWORK = "check this host's network: its interfaces, addresses and routes"
_LOCAL_REMEDIES: Mapping[int, str] = MappingProxyType(
    # no packet has left this host; what it may be short of has remedies of its own
    {
        errno.EADDRNOTAVAIL: "check this host's addresses (is IPv6 off?), and whether something uses up its ports",
        errno.EACCES: _FORBIDDEN,
        errno.EPERM: _FORBIDDEN,
        errno.ENETDOWN: _NO_NETWORK,
        errno.ENETUNREACH: _NO_NETWORK,
        errno.EAFNOSUPPORT: _NO_NETWORK,
        errno.EINVAL: "this host can make no connection to such an address; correct base_url, or the proxy's address",
    }
)
_BUG_REMEDY = "report a bug with this line"
_RESET_NUMBERS = frozenset({errno.ECONNRESET, errno.EPIPE})


def too_slow(connecting: Connecting) -> ApiError:
    """Return the failure of a connection that was not made in time: what it was at, and what took most of the time."""
    phase, peer = connecting.phase, connecting.peer
    blamed, seconds = connecting.longest()
    missing = {
        Phase.NAME: f"no answer about the {peer}'s name",
        Phase.CONNECTION: "no connection to the proxy" if connecting.proxied else "no connection",
        Phase.PROXY: "no answer of the proxy to CONNECT",
        Phase.TLS: "no TLS handshake",
    }
    detail = f"{missing[phase]} within the time allowed"
    if blamed is not phase:
        taken = {
            Phase.NAME: f"the look-up of the {peer}'s name",
            Phase.CONNECTION: f"the connection to the {peer}",
            Phase.PROXY: "the proxy's answer to CONNECT",
            Phase.TLS: "TLS with another of its addresses",
        }
        detail += f", of which {taken[blamed]} took {seconds:.1f} s"
    remedy = {
        Phase.NAME: _SLOW_DNS_REMEDY,
        Phase.CONNECTION: "" if blamed is phase else f"check the network on the way; {_SLOW}",
        Phase.PROXY: _SLOW_PROXY_REMEDY,
        Phase.TLS: _TLS_REMEDY,
    }
    reason = Reason.TLS if blamed is Phase.TLS else Reason.CONNECTION
    through_proxy = connecting.proxied and blamed is Phase.CONNECTION
    return ApiError(reason, detail, remedy=_SLOW_PROXY_REMEDY if through_proxy else remedy[blamed])


def not_connected(error: Exception, connecting: Connecting) -> ApiError:
    """Return the failure of a connection that was not made, by what ended it."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError):
        return tls.failure(cause, "no TLS connection")
    if isinstance(error, aiohttp.InvalidURL):
        return ApiError(Reason.CONNECTION, "the address cannot be used", remedy="correct server or base_url")
    number = _number(cause)
    if connecting.phase is Phase.TLS and isinstance(cause, ConnectionAbortedError) and not number:
        # the event loop's own words; it has a bound of its own, of a minute
        return too_slow(connecting)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return refused_by_proxy(error.status)
    is_closed = isinstance(cause, OSError) and (not number or _is_reset(error))
    if connecting.phase is Phase.TLS and is_closed:
        detail, remedy = "the connection was closed during the TLS handshake", _CLOSED_IN_TLS_REMEDY
    else:
        detail, remedy = _missing(error, connecting)
    remedy = shortages.remedy(cause) or _LOCAL_REMEDIES.get(number, "") or remedy
    detail += f" ({os.strerror(number)})" if number else ""
    return ApiError(Reason.CONNECTION, detail, remedy=remedy, reset=_is_reset(error))


def refused_by_proxy(status: int, code: str = NO_STATUS) -> ApiError:
    """Return the failure where a proxy answers that it makes no connection."""
    is_far = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    remedy = _PROXY_REMEDIES.get(status, _FAR_SIDE_REMEDY if is_far else _PROXY_REMEDY)
    return ApiError(Reason.CONNECTION, f"the proxy refused to connect ({status})", remedy=remedy, code=code)


def _missing(error: Exception, connecting: Connecting) -> tuple[str, str]:
    """Return what did not come about, and what to do."""
    if connecting.phase is Phase.NAME:
        remedy = _DNS_OF_PROXY_REMEDY if connecting.proxied else _DNS_REMEDY
        return f"the {connecting.peer}'s name cannot be resolved", remedy
    if connecting.phase is Phase.PROXY:
        if isinstance(error, aiohttp.ClientResponseError):
            return _not_http("the proxy's answer to CONNECT", _cause(error)), _PROXY_REMEDY
        return "the proxy closed the connection without an answer to CONNECT", _PROXY_REMEDY
    if connecting.phase is Phase.CONNECTION and connecting.proxied:
        return "the proxy cannot be reached", _PROXY_REMEDY
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection to the server", ""
    return _unknown(error), _BUG_REMEDY


_WHAT_HAPPENED: Mapping[type[Exception], tuple[Reason, str]] = MappingProxyType(
    # the first that fits, from the special to the general
    {
        TimeoutError: (Reason.TIMEOUT, "no answer within the time allowed"),
        aiohttp.ClientPayloadError: (Reason.CONNECTION, "the connection broke off within the answer"),
        aiohttp.ServerDisconnectedError: (Reason.CONNECTION, "the server closed the connection without an answer"),
        OSError: (Reason.CONNECTION, "the connection broke"),
        MemoryError: (Reason.CONNECTION, "no memory is left for the answer"),
    }
)


def no_answer(error: Exception, code: str = NO_STATUS) -> ApiError:
    """Return the failure of a call that was made and not answered, or not to the end if there is a status."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError):
        return tls.failure(cause, "the TLS connection broke", code)
    if isinstance(error, aiohttp.ClientResponseError):
        return ApiError(Reason.HTTP, _not_http("the answer", cause), code=code)
    happened = next((happened for class_, happened in _WHAT_HAPPENED.items() if isinstance(error, class_)), None)
    reason, detail = happened or (Reason.CONNECTION, _unknown(error))
    remedy = "" if happened else _BUG_REMEDY
    if reason is Reason.CONNECTION and code != NO_STATUS:
        remedy = remedy or _CUT_OFF_REMEDY
    number = _number(cause)
    detail += f" ({os.strerror(number)})" if number else ""
    remedy = shortages.remedy(cause) or _LOCAL_REMEDIES.get(number, "") or remedy
    return ApiError(reason, detail, remedy=remedy, code=code, reset=_is_reset(error))


def _not_http(what: str, cause: BaseException) -> str:
    if isinstance(cause, LineTooLong):
        return f"{what} has a longer line in its head than is taken"
    if "Too many headers" in str(cause):
        return f"{what} has more lines in its head than are taken"
    return f"{what} is not HTTP" if isinstance(cause, BadStatusLine) else f"{what} is no valid HTTP"


def _unknown(error: Exception) -> str:
    # less what it says, which might be a secret
    return f"the call failed ({type(error).__name__})"


def _cause(error: BaseException) -> BaseException:
    """Return what the operating system, OpenSSL or the parser threw, where the library only passes it on."""
    while isinstance(error, aiohttp.ClientError | HttpProcessingError) and error.__cause__:
        error = error.__cause__
    return error


def _number(cause: BaseException) -> int:
    """Return the system's number of an error, 0 where there is none: those of names, and of TLS, are others."""
    number = cause.errno or 0 if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) else 0
    return max(number, 0)


def _is_reset(error: Exception) -> bool:
    return isinstance(error, aiohttp.ServerDisconnectedError) or getattr(error, "errno", None) in _RESET_NUMBERS
