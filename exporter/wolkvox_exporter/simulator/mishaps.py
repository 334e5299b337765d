"""The faults that happen to the connection: nothing here is a complete answer."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from wolkvox_exporter.simulator.answers import Answer
from wolkvox_exporter.simulator.fault import Fault

HUGE = 300 * 2**20
"""Bytes of the huge answer, for a client that reads on and on."""

ELSEWHERE = "/elsewhere"
"""The path that the redirect leads to."""

_BLOCK = b'{"campaign": "1 - HUGE - tel1 (100%)", "records": "1"},\n' * 1024
_NO_LINGER = struct.pack("ii", 1, 0)

Mishap = Callable[[web.Request, Answer], Awaitable[web.StreamResponse]]


async def _redirect(request: web.Request, _: Answer) -> web.StreamResponse:
    return web.Response(status=HTTPStatus.FOUND, headers={"Location": str(request.url.with_path(ELSEWHERE))})


async def _stall(_: web.Request, __: Answer) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("nothing ends a stall but a cancellation")


async def _stall_body(request: web.Request, honest: Answer) -> web.StreamResponse:
    await _half(request, honest)
    return await _stall(request, honest)


async def _reset(request: web.Request, _: Answer) -> web.StreamResponse:
    _abort(request)
    return web.Response()


async def _reset_body(request: web.Request, honest: Answer) -> web.StreamResponse:
    response = await _half(request, honest)
    _abort(request)
    return response


async def _garbage(request: web.Request, _: Answer) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.write(b"\x00\xfe\xffwolkvox? no.\r\n\r\n\x00")
        request.transport.close()
    return web.Response()


async def _huge(request: web.Request, honest: Answer) -> web.StreamResponse:
    response = await _begun(request, honest)
    await response.write(b'{"code": "200", "error": null, "msg": "1 records were found", "data": [\n')
    for _ in range(HUGE // len(_BLOCK)):
        await response.write(_BLOCK)
    return response


async def _begun(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status)
    response.content_type, response.charset = answer.content_type, "utf-8"
    response.enable_chunked_encoding()
    await response.prepare(request)
    return response


async def _half(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = await _begun(request, answer)
    body = answer.body.encode()
    await response.write(body[: len(body) // 2])
    return response


def _abort(request: web.Request) -> None:
    if request.transport is None:
        return
    # Closing without lingering is what makes the kernel send RST instead of FIN.
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    request.transport.abort()


MISHAPS: dict[Fault, tuple[int | None, Mishap]] = {
    Fault.REDIRECT: (HTTPStatus.FOUND, _redirect),
    Fault.STALL: (None, _stall),
    Fault.STALL_BODY: (HTTPStatus.OK, _stall_body),
    Fault.RESET: (None, _reset),
    Fault.RESET_BODY: (HTTPStatus.OK, _reset_body),
    Fault.GARBAGE: (None, _garbage),
    Fault.HUGE: (HTTPStatus.OK, _huge),
}
"""Each fault of the connection: the status that gets through, if any, and what happens."""
