"""HTTP to the wolkvox API: one GET a call, bounded in time and size, without redirects and without retries."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Protocol

import aiohttp
from yarl import URL

from wolkvox_exporter import __version__
from wolkvox_exporter.api import failures
from wolkvox_exporter.api.connector import Connector
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.redaction import Redaction
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.config import environment
from wolkvox_exporter.config.problems import BadValue
from wolkvox_exporter.runtime.pacing import in_turn

TOKEN_HEADER = "wolkvox-token"  # noqa: S105 - the header's name
CONNECT_TIMEOUT = 10.0
"""Seconds for name, connection, proxy and TLS together: a host that is not on the allow-list gets no answer at all."""
TOTAL_TIMEOUT = 65.0
"""Seconds for a whole call; the API's own limit is 60."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of an answer: twice what the API's limit of 60,000 rows takes."""
MAX_HEADER = 64 * 1024
"""Bytes of a line in the head of an answer."""
_COMPRESSIONS = frozenset({"br", "compress", "dcb", "dcz", "deflate", "gzip", "x-compress", "x-gzip", "zstd"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_ERROR_BODY = 64 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: a file of the API and its parameters, and what people call it."""

    file: str
    parameters: Mapping[str, str]
    subject: str = ""
    about_people: bool = False
    """Whether the answer may hold names, numbers or ids of people."""


class Observer(Protocol):
    """Is shown what is asked and what is answered."""

    def asking(self, call: Call) -> None:
        """Take note of a call that is about to be made."""

    def answered(self, call: Call, answer: Answer) -> None:
        """Take note of an answer, good or not."""


class Client:
    """A connection to one operation's server.

    `proxy_url` may hold credentials; without it the environment's `HTTPS_PROXY` and `NO_PROXY` hold. `tls` replaces
    what trusts the system's certificate authorities. Times are seconds, sizes bytes; a connection may take half of a
    whole call.
    """

    def __init__(
        self,
        base_url: str,
        *,
        proxy_url: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = TOTAL_TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        max_body: int = MAX_BODY,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self._base_url = URL(base_url)
        self._proxy_url = proxy_url
        self._max_body = max_body
        self._session = aiohttp.ClientSession(
            # half at most, so that a short time-out still tells no connection from no answer
            connector=Connector(tls or ssl.create_default_context(), min(connect_timeout, timeout / 2)),
            timeout=aiohttp.ClientTimeout(total=timeout),
            headers={"User-Agent": f"wolkvox-exporter/{__version__}", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            middlewares=(_once,),
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def get(self, call: Call, token: str) -> Answer:
        """Ask, and return whatever was answered but a redirect; raises `ApiError` where no answer came."""
        await in_turn()
        if self._observer:
            self._observer.asking(call)
        # raised outside the handler: the library's exceptions carry the request's headers, and so the token
        try:
            answer = await self._get(call, token)
        except ApiError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library or the operating system throws is told apart below
            failure = failures.no_answer(error)
        else:
            if self._observer:
                self._observer.answered(call, answer)
            return answer
        raise failure

    async def _get(self, call: Call, token: str) -> Answer:
        proxy = self._proxy_url or _environment_proxy(self._base_url)
        async with self._session.get(
            self._base_url / call.file,
            params=call.parameters,
            headers={TOKEN_HEADER: token},
            allow_redirects=False,
            proxy=proxy,
        ) as response:
            code = str(response.status)
            if response.status in _REDIRECTS:
                raise ApiError(Reason.REDIRECT, f"wolkvox answered {code}, a redirect", code=code)
            if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and proxy:
                raise failures.refused_by_proxy(response.status, code)
            if _is_compressed(response):
                raise ApiError(Reason.INVALID_BODY, "the answer is compressed although none was asked for", code=code)
            try:
                body = await self._body(response, Redaction(token))
            except ApiError:
                raise
            except Exception as error:  # noqa: BLE001 - as in `get`, but the status is known
                failure = failures.no_answer(error, code)
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
            await in_turn()
        body.write(redaction.rest())
        return body.getvalue()


def _is_compressed(response: aiohttp.ClientResponse) -> bool:
    # anything else is no compression, whatever it is, such as "UTF-8": what the body is shows when it is read
    encodings = ",".join(response.headers.getall("Content-Encoding", [])).lower().split(",")
    return not _COMPRESSIONS.isdisjoint(map(str.strip, encodings))


def _environment_proxy(url: URL) -> str | None:
    # not the library's trust_env, which would also send what ~/.netrc holds
    try:
        proxy = environment.proxy(str(url))
    except BadValue as unusable:
        failure = ApiError(Reason.CONNECTION, "the proxy cannot be used", remedy=str(unusable))
    else:
        return proxy.get_secret_value() if proxy else None
    raise failure


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send, and say at once what broke: the library would repeat a broken GET unasked and uncounted."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        failure = failures.no_answer(error)
    raise failure
