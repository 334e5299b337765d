"""What the client sends, how much it takes, and what it will have nothing of."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from support.clock import ManualClock
from support.operations import TOKEN
from support.outcomes import REMEDIES, call_centre
from support.servers import replying, serving, writing
from wolkvox_exporter.api.client import CONNECT_TIMEOUT, MAX_BODY, TOTAL_TIMEOUT, Client
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.reports import amd, campaigns
from wolkvox_exporter.api.windows import Window
from wolkvox_exporter.config.models import Polling
from wolkvox_exporter.simulator import Fault

DAY = Window(datetime(2026, 11, 23, 5, tzinfo=UTC), datetime(2026, 11, 24, 0, 7, 9, tzinfo=UTC))


@asynccontextmanager
async def client(base_url: str, timeout: float = 30.0, max_body: int = MAX_BODY) -> AsyncIterator[Client]:  # noqa: ASYNC109 - the client's own
    """Give a client, closed in the end."""
    opened = Client(base_url, timeout=timeout, max_body=max_body)
    try:
        yield opened
    finally:
        await opened.close()


async def refusal(base_url: str, timeout: float = 30.0, max_body: int = MAX_BODY) -> ApiError:  # noqa: ASYNC109 - the client's own
    """Ask, and return the error."""
    async with client(base_url, timeout, max_body) as asking:
        with pytest.raises(ApiError) as caught:
            await asking.get(campaigns.CALL, TOKEN)
    return caught.value


def headers(head: str) -> dict[str, str]:
    """Return the headers of a request."""
    pairs = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
    return {name.lower(): value for name, _, value in pairs}


async def test_the_campaigns_report_is_asked_to_the_letter() -> None:
    """If the campaigns report is asked for, then the request is the documented one, with the token in its header."""
    async with serving(replying(b"[]")) as server, client(f"{server.url}/api/v2") as asking:
        answer = await asking.get(campaigns.CALL, TOKEN)
    assert (answer.status, answer.body) == (200, b"[]")
    assert server.targets == ["GET /api/v2/real_time.php?api=campaigns HTTP/1.1"]
    sent = headers(server.heads[0])
    assert sent["wolkvox-token"] == TOKEN
    assert sent["accept-encoding"] == "identity"
    assert sent["user-agent"].startswith("wolkvox-exporter/")
    assert "Python" not in sent["user-agent"]
    assert server.heads[0].count(TOKEN) == 1


@pytest.mark.parametrize(("campaign_id", "written"), [("all", "all"), ("4875", "4875")])
async def test_the_amd_report_is_asked_to_the_letter(campaign_id: str, written: str) -> None:
    """If the AMD report is asked for, then its window is written in GMT-5, to the second."""
    async with serving(replying(b"[]")) as server, client(f"{server.url}/api/v2/") as asking:
        await asking.get(amd.call(DAY, campaign_id), TOKEN)
    query = f"api=campaign_6&campaign_id={written}&date_ini=20261123000000&date_end=20261123190709"
    assert server.targets == [f"GET /api/v2/reports_manager.php?{query} HTTP/1.1"]


async def test_nothing_is_kept_between_calls() -> None:
    """If the server sets cookies or offers to keep the connection, then the next call is a new one without cookies."""
    handler = replying(b"[]", "200 OK", "Set-Cookie: PHPSESSID=abc; Path=/", "Connection: keep-alive")
    async with serving(handler) as server, client(server.url) as asking:
        for _ in range(3):
            await asking.get(campaigns.CALL, TOKEN)
    assert server.connections == 3
    for head in server.heads:
        assert "cookie" not in headers(head)
        assert headers(head)["connection"] == "close"


@pytest.mark.parametrize(
    "encoding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "gzip , utf-8"]
)
async def test_a_compressed_answer_is_refused(encoding: str) -> None:
    """If an answer is compressed although none was asked for, then it is refused: small bytes can be a huge answer."""
    async with serving(replying(gzip.compress(b"[]"), "200 OK", f"Content-Encoding: {encoding}")) as server:
        error = await refusal(server.url)
    assert (error.reason, error.code) == ("invalid_body", "200")
    assert error.detail == "the answer is compressed although none was asked for"


@pytest.mark.parametrize("encoding", ["", "identity", "none", "UTF-8", "utf8", "8bit", "application/json"])
async def test_what_is_no_compression_is_no_obstacle(encoding: str) -> None:
    """If a server takes Content-Encoding for something else, such as a character set, then the answer is taken."""
    async with (
        serving(replying(b"[]", "200 OK", f"Content-Encoding: {encoding}")) as server,
        client(server.url) as asking,
    ):
        assert (await asking.get(campaigns.CALL, TOKEN)).body == b"[]"


@pytest.mark.parametrize("name", ["X-Trace", "Set-Cookie", "Content-Security-Policy"])
async def test_a_long_header_is_no_obstacle(name: str) -> None:
    """If something on the way adds a header of 60 kB, then the answer is taken."""
    async with serving(replying(b"[]", "200 OK", f"{name}: a={'x' * 60_000}")) as server, client(server.url) as asking:
        assert (await asking.get(campaigns.CALL, TOKEN)).body == b"[]"


HEADS = {
    "line too long": (
        ("HTTP/1.1 200 OK", "X: " + "x" * 70_000),
        "the answer has a longer line in its head than is taken",
    ),
    "status too long": (("HTTP/1.1 200 " + "x" * 70_000,), "the answer has a longer line in its head than is taken"),
    "too many lines": (("HTTP/1.1 200 OK", *("X: 1",) * 1000), "the answer has more lines in its head than are taken"),
    "no header": (("HTTP/1.1 200 OK", "Content-Type"), "the answer is no valid HTTP"),
    "two lengths": (("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 3"), "the answer is no valid HTTP"),
    "no length": (("HTTP/1.1 200 OK", "Content-Length: -2"), "the answer is no valid HTTP"),
    "page alone": (("<html><body>",), "the answer is not HTTP"),
    "another protocol": (("SSH-2.0-OpenSSH_9.6",), "the answer is not HTTP"),
}


@pytest.mark.parametrize(("lines", "detail"), HEADS.values(), ids=HEADS)
async def test_a_head_that_cannot_be_read_says_why(lines: tuple[str, ...], detail: str) -> None:
    """If the head of an answer is too large, broken or none at all, then the error says which of them."""
    async with serving(writing("\r\n".join([*lines, "", "[]"]).encode())) as server:
        error = await refusal(server.url)
    assert (error.reason, error.code, error.detail) == ("http", "none", detail)


@pytest.mark.parametrize("status", ["300 Multiple Choices", "304 Not Modified"])
async def test_an_answer_without_a_place_to_go_is_no_redirect(status: str) -> None:
    """If the status begins with a 3 and nothing is said of another place, then that is not made up."""
    async with serving(replying(b"", status)) as server, client(server.url) as asking:
        assert (await asking.get(campaigns.CALL, TOKEN)).status == int(status[:3])


ADDRESSES = {
    "http://127.1:1": ("the address cannot be used", "correct server or base_url"),
    "http://a..b:1": ("the server's name cannot be resolved", "check this host's DNS"),
    f"http://{'a' * 64}.example": ("the server's name cannot be resolved", "check this host's DNS"),
    "http://[fe80::1]:1": ("no connection to the server (Invalid argument)", "no connection to such an address"),
}


@pytest.mark.parametrize(("address", "told"), ADDRESSES.items())
async def test_an_address_that_is_none_is_told_from_a_server_that_does_not_answer(
    address: str, told: tuple[str, str]
) -> None:
    """If a server's address can never be reached, then nobody is sent to look at the allow-list."""
    detail, remedy = told
    error = await refusal(address)
    assert (error.reason, error.detail) == ("connection", detail)
    assert remedy in error.remedy
    assert "allow-list" not in error.remedy


async def test_an_answer_may_be_as_large_as_allowed_and_not_a_byte_larger() -> None:
    """If an answer exceeds the limit by one byte, then it is refused; at the limit it is taken."""
    async with serving(replying(b"[" + b" " * 9_998 + b"]")) as server:
        async with client(server.url, max_body=10_000) as asking:
            assert len((await asking.get(campaigns.CALL, TOKEN)).body) == 10_000
        error = await refusal(server.url, max_body=9_999)
    assert (error.reason, error.code, error.detail) == ("too_large", "200", "the answer is larger than 9999 bytes")


async def test_the_client_hangs_up_on_an_endless_answer() -> None:
    """If an answer does not end, then the connection is dropped at the limit, long before all of it was sent."""
    simulator = call_centre(ManualClock())
    simulator.inject(Fault.HUGE)
    async with simulator.serving() as url:
        error = await refusal(url, max_body=1_000_000)
        await asyncio.wait_for(simulator.until(in_flight=0), 10)
    assert error.reason == "too_large"


async def test_an_error_page_is_read_no_further_than_needed() -> None:
    """If the page of an error does not end, then its beginning is enough to tell what it is."""
    ended = asyncio.Event()

    async def endless(_: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oops\r\n\r\n<h1>Oops</h1>")
        try:
            while True:
                writer.write(b" " * 65_536)
                await writer.drain()
        finally:
            ended.set()

    async with serving(endless) as server, client(server.url) as asking:
        answer = await asking.get(campaigns.CALL, TOKEN)
        await asyncio.wait_for(ended.wait(), 10)
    assert answer.status == 500
    assert answer.body.startswith(b"<h1>Oops</h1>")
    assert len(answer.body) == 65_536


@pytest.mark.parametrize("cut", [1, len(TOKEN) // 2, len(TOKEN) - 1])
async def test_a_token_that_comes_in_two_pieces_is_taken_out(cut: int) -> None:
    """If an answer repeats the token and arrives in pieces whose border lies within it, then nothing of it is left."""

    async def in_two(_: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f'HTTP/1.1 200 OK\r\n\r\n["{TOKEN[:cut]}'.encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(f'{TOKEN[cut:]}"]'.encode())

    async with serving(in_two) as server, client(server.url) as asking:
        assert (await asking.get(campaigns.CALL, TOKEN)).body == b'["***"]'


@pytest.mark.parametrize("shown", [1, len(TOKEN) // 2, len(TOKEN) - 1, len(TOKEN)])
async def test_no_half_of_a_token_stands_where_an_error_page_is_cut_off(shown: int) -> None:
    """If the page of an error is longer than is read, and the token stands there, then no piece of it is left."""
    page = b" " * (65_536 - shown) + TOKEN.encode() + b"<h1>Oops</h1>" * 1000
    async with serving(replying(page, "500 Oops")) as server, client(server.url) as asking:
        answer = await asking.get(campaigns.CALL, TOKEN)
    assert len(answer.body) == 65_536
    assert set(answer.body.decode()) <= set(" *<h1>Oops</h1>")
    assert answer.body.decode().strip().startswith("*")


async def test_a_call_is_bounded_as_a_whole() -> None:
    """If an answer drips in and never ends, then the call ends all the same when its time is over."""

    async def drip(_: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n[")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(drip) as server:
        error = await asyncio.wait_for(refusal(server.url, timeout=0.3), 10)
    assert (error.reason, error.code) == ("timeout", "200")


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    """If the server redirects, even to itself, then nothing is asked there: the token stays with its host."""
    async with serving(replying(b"[]")) as elsewhere:
        async with serving(replying(b"", status, f"Location: {elsewhere.url}/x")) as server:
            error = await refusal(server.url)
        assert elsewhere.connections == 0
    assert (error.reason, error.code) == ("redirect", status[:3])


async def test_calls_are_as_patient_as_the_api_needs() -> None:
    """If nothing is configured, then a call may take longer than the API's own minute, a connection 10 seconds."""
    assert (CONNECT_TIMEOUT, TOTAL_TIMEOUT, MAX_BODY) == (10, 65, 67_108_864)
    configured = Polling()
    assert (configured.connect_timeout, configured.timeout) == (CONNECT_TIMEOUT, TOTAL_TIMEOUT)


@pytest.mark.parametrize("reason", Reason)
def test_every_error_says_what_happened_and_what_to_do(reason: Reason) -> None:
    """If a call fails, then the error's text says what happened and what a person can do about it."""
    error = ApiError(reason, "this happened")
    assert str(error).startswith("this happened: ")
    assert REMEDIES[reason] in str(error)
    assert REMEDIES[reason] in error.remedy
    assert (error.code, error.reset) == ("none", False)
