"""HTTP to the wolkvox API: one GET a call, bounded in time and size, without redirects and without retries."""

import asyncio
import errno
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from wolkvox_exporter import __version__
from wolkvox_exporter.api.errors import NO_STATUS, ApiError, Reason
from wolkvox_exporter.api.redaction import Redaction
from wolkvox_exporter.api.resolver import Resolver
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.runtime import shortages

TOKEN_HEADER = "wolkvox-token"  # noqa: S105 - the header's name
CONNECT_TIMEOUT = 5.0
"""Seconds for name, connection and TLS: a host that is not on the allow-list gets no answer at all."""
TOTAL_TIMEOUT = 65.0
"""Seconds for a whole call; the API's own limit is 60."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of an answer: twice what the API's limit of 60,000 rows takes."""
# of the time for a connection, so that a name server without an answer is told from a firewall
_NAME_SHARE = 0.8
_MAX_ERROR_BODY = 64 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: a file of the API and its parameters."""

    file: str
    parameters: Mapping[str, str]


class Observer(Protocol):
    """Is shown what is asked and what is answered."""

    def asking(self, call: Call) -> None:
        """Take note of a call that is about to be made."""

    def answered(self, call: Call, answer: Answer) -> None:
        """Take note of an answer, good or not."""


class Client:
    """A connection to one operation's server.

    `proxy_url` may hold credentials; without it the environment's `HTTPS_PROXY` and `NO_PROXY` hold. `ca_file` replaces
    the system's certificate authorities. Times are seconds, sizes bytes.
    """

    def __init__(
        self,
        base_url: str,
        *,
        proxy_url: str | None = None,
        ca_file: Path | None = None,
        timeout: float = TOTAL_TIMEOUT,
        max_body: int = MAX_BODY,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self._base_url = URL(base_url)
        self._proxy_url = proxy_url
        self._max_body = max_body
        # half at most, so that a short time-out still tells no connection from no answer
        connect = min(CONNECT_TIMEOUT, timeout / 2)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=ssl.create_default_context(cafile=ca_file),
                resolver=Resolver(_NAME_SHARE * connect),
                # a pooled connection would be dead at the next poll, and the library would retry on its own
                force_close=True,
            ),
            timeout=aiohttp.ClientTimeout(total=timeout, connect=connect),
            headers={"User-Agent": f"wolkvox-exporter/{__version__}", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=(_once,),
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def get(self, call: Call, token: str) -> Answer:
        """Ask, and return whatever was answered but a redirect; raises `ApiError` where no answer came."""
        if self._observer:
            self._observer.asking(call)
        # raised outside the handler: the library's exceptions carry the request's headers, and so the token
        try:
            answer = await self._get(call, token)
        except ApiError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library or the operating system throws is told apart below
            failure = _failure(error)
        else:
            if self._observer:
                self._observer.answered(call, answer)
            return answer
        raise failure

    async def _get(self, call: Call, token: str) -> Answer:
        async with self._session.get(
            self._base_url / call.file,
            params=call.parameters,
            headers={TOKEN_HEADER: token},
            allow_redirects=False,
            proxy=self._proxy_url or _environment_proxy(self._base_url),
        ) as response:
            code = str(response.status)
            if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
                raise ApiError(Reason.REDIRECT, f"wolkvox answered {code}, a redirect", code=code)
            if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                raise ApiError(Reason.CONNECTION, "the proxy refused to connect", code=code)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise ApiError(Reason.INVALID_BODY, "the answer is compressed although none was asked for", code=code)
            try:
                body = await self._body(response, Redaction(token))
            except ApiError:
                raise
            except Exception as error:  # noqa: BLE001 - as in `get`, but the status is known
                failure = _failure(error, code)
            else:
                return Answer(response.status, body)
        raise failure

    async def _body(self, response: aiohttp.ClientResponse, redaction: Redaction) -> bytes:
        # the token goes piece by piece, with time for others between: out of all at once it would keep them waiting
        good = response.status == HTTPStatus.OK
        size, body = 0, BytesIO()
        async for chunk in response.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > self._max_body:
                raise ApiError(
                    Reason.TOO_LARGE, f"the answer is larger than {self._max_body} bytes", code=str(response.status)
                )
            body.write(redaction.take(chunk))
            if not good and body.tell() >= _MAX_ERROR_BODY:
                # no more than is certain: half a token may stand at the end
                return body.getvalue()[:_MAX_ERROR_BODY]
            await asyncio.sleep(0)
        body.write(redaction.rest())
        return body.getvalue()


def _environment_proxy(url: URL) -> str | None:
    # not the library's trust_env, which would also send what ~/.netrc holds
    # and for https only: a proxy on the way of http would see the token
    if url.scheme != "https" or proxy_bypass(url.host or ""):
        return None
    return getproxies().get("https")


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send, and say at once what broke: the library would repeat a broken GET unasked and uncounted."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        failure = _failure(error)
    raise failure


_WHAT_HAPPENED: Mapping[type[Exception], tuple[Reason, str]] = MappingProxyType(
    # the first that fits, from the special to the general
    {
        aiohttp.ConnectionTimeoutError: (Reason.CONNECTION, "no connection within the time allowed"),
        TimeoutError: (Reason.TIMEOUT, "no answer within the time allowed"),
        aiohttp.ClientProxyConnectionError: (Reason.CONNECTION, "the proxy cannot be reached"),
        aiohttp.ClientHttpProxyError: (Reason.CONNECTION, "the proxy refused to connect"),
        aiohttp.ClientSSLError: (Reason.TLS, "no TLS connection"),
        ssl.SSLError: (Reason.TLS, "the TLS connection broke"),
        aiohttp.ClientConnectorDNSError: (Reason.CONNECTION, "the server's name cannot be resolved"),
        aiohttp.ClientConnectorError: (Reason.CONNECTION, "no connection to the server"),
        aiohttp.ClientPayloadError: (Reason.CONNECTION, "the connection broke off within the answer"),
        aiohttp.ServerDisconnectedError: (Reason.CONNECTION, "the server closed the connection without an answer"),
        aiohttp.ClientResponseError: (Reason.HTTP, "the answer is not HTTP"),
        OSError: (Reason.CONNECTION, "the connection broke"),
        MemoryError: (Reason.CONNECTION, "no memory is left for the answer"),
    }
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
    }
)
_DNS_REMEDY = (
    "check this host's DNS, then the spelling of server or base_url; the name is looked up anew at the next poll"
)
_RESET_NUMBERS = frozenset({errno.ECONNRESET, errno.EPIPE})


def _failure(error: Exception, code: str = NO_STATUS) -> ApiError:
    reason, detail = next(
        (told for kind, told in _WHAT_HAPPENED.items() if isinstance(error, kind)),
        (Reason.CONNECTION, "the call failed"),
    )
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    remedy = shortages.remedy(cause)
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail += f" ({cause.strerror})"
    elif isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and (cause.errno or 0) > 0:
        # in the system's words: the event loop's own hide what happened
        detail += f" ({os.strerror(cause.errno or 0)})"
        remedy = remedy or _LOCAL_REMEDIES.get(cause.errno or 0, "")
    reset = isinstance(error, aiohttp.ServerDisconnectedError) or getattr(error, "errno", None) in _RESET_NUMBERS
    if not remedy and isinstance(error, aiohttp.ClientConnectorDNSError):
        remedy = _DNS_REMEDY
    return ApiError(reason, detail, remedy=remedy, code=code, reset=reset)
