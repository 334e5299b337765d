"""Names that are looked up slowly: how long a call waits, and what becomes of an answer that comes too late."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.operations import TOKEN
from support.servers import replying, serving, silent
from wolkvox_exporter.api import resolver
from wolkvox_exporter.api.client import Call, Client
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.resolver import Resolver

NAME = "wv0042.wolkvox.example"
CALL = Call("real_time.php", {"api": "campaigns"})
BOUND = 0.4
"""Seconds for a connection; an answer after half of them is late, and the next look-up has a quarter of them."""
AMPLE = 40.0
"""The same where an answer is to be in time, on a busy machine, too."""


class NameServer:
    """What the system's look-ups ask, for which they wait in their threads; `address` is what it answers."""

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        self.asked = 0
        self.answers = threading.Event()
        self.known = True
        self.threads: list[threading.Thread] = []

    def look_up(self, host: str, port: int, *_: object) -> list[Any]:
        """Be `socket.getaddrinfo`."""
        assert host == NAME
        self.asked += 1
        self.threads.append(threading.current_thread())
        assert self.answers.wait(30)
        if not self.known:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.address, port))]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """Give a name server that does not answer until it is told to; in the end it does, so that no thread is left."""
    server = NameServer()
    monkeypatch.setattr(resolver, "_LATE", {})
    monkeypatch.setattr(socket, "getaddrinfo", server.look_up)
    yield server
    server.answers.set()
    for thread in server.threads:
        thread.join(10)


async def addresses(bound: float = BOUND) -> list[str]:
    """Look the name up for a connection within so many seconds."""
    return [found["host"] for found in await Resolver(bound).resolve(NAME, 443)]


async def too_late(names: NameServer) -> None:
    """Look the name up, give up, and let the answer come then."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(BOUND):
            await addresses()
    names.answers.set()
    async with asyncio.timeout(10):
        while not resolver._LATE:  # noqa: ASYNC110, SLF001 - a thread that ends sets no event, and nothing else shows it
            await asyncio.sleep(0.001)
    names.answers.clear()


async def test_a_late_answer_is_used_by_the_next_call(names: NameServer) -> None:
    """If name servers take longer than a call waits, again and again, then each call but the first is made."""
    await too_late(names)
    for number in (1, 2, 3):
        names.address = f"127.0.0.{number}"
        async with asyncio.timeout(10):
            assert await addresses() == ["127.0.0.1"]
    # the second look-up still goes on
    assert names.asked == 2


async def test_a_late_answer_gives_way_to_a_new_one(names: NameServer) -> None:
    """If the name servers answer in time again, then what they say counts, and nothing is kept of what was late."""
    await too_late(names)
    names.answers.set()
    names.address = "127.0.0.2"
    assert await addresses(AMPLE) == ["127.0.0.2"]
    names.known = False
    with pytest.raises(socket.gaierror):
        await addresses(AMPLE)


async def test_a_name_that_is_gone_is_not_reached_by_a_late_answer(names: NameServer) -> None:
    """If the name servers say that there is no such name, then an answer that was late before does not count."""
    await too_late(names)
    names.answers.set()
    names.known = False
    with pytest.raises(socket.gaierror):
        await addresses(AMPLE)


async def test_a_late_answer_is_not_used_for_ever(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a late answer is older than a quarter of an hour, then the next one is waited for."""
    assert resolver.KEPT == 900
    await too_late(names)
    monkeypatch.setattr(resolver, "KEPT", 0.0)
    waiting = asyncio.create_task(addresses())
    await asyncio.sleep(BOUND)
    assert not waiting.done()
    names.answers.set()
    assert await waiting == ["127.0.0.1"]


async def test_many_who_ask_share_one_look_up(names: NameServer) -> None:
    """If many operations of a server are polled while a name server hangs, then that costs one thread, not many."""
    asking = [asyncio.create_task(addresses()) for _ in range(50)]
    await asyncio.sleep(0)
    for gives_up in asking[:10]:
        gives_up.cancel()
    await asyncio.sleep(0.05)
    assert names.asked == 1
    names.answers.set()
    assert await asyncio.gather(*asking[10:]) == [["127.0.0.1"]] * 40


async def test_a_call_that_waits_for_a_name_says_so_and_the_next_is_made(names: NameServer) -> None:
    """If the name servers are too slow for a call, then it says that and what to do, and the late answer is used."""
    async with serving(replying(b"[]")) as server:
        client = Client(server.url.replace("127.0.0.1", NAME), timeout=30.0, connect_timeout=BOUND)
        with pytest.raises(ApiError) as caught:
            await client.get(CALL, TOKEN)
        names.answers.set()
        answer = await client.get(CALL, TOKEN)
        await client.close()
    error = caught.value
    assert (error.reason, error.code) == ("connection", "none")
    assert error.detail == "no answer about the server's name within the time allowed"
    assert error.remedy.startswith("check this host's DNS and whether all its name servers answer")
    assert "raise connect_timeout" in error.remedy
    assert "allow-list" not in error.remedy
    assert answer.body == b"[]"


async def test_a_proxys_name_that_is_waited_for_is_the_proxys(names: NameServer) -> None:
    """If it is the proxy's name that no name server answers for, then the text says that it is the proxy's."""
    client = Client(f"https://127.0.0.1:1/{names.asked}", proxy_url=f"http://{NAME}:3128", connect_timeout=BOUND)
    with pytest.raises(ApiError, match="no answer about the proxy's name within the time allowed"):
        await client.get(CALL, TOKEN)
    await client.close()


async def test_what_took_most_of_the_time_is_told(names: NameServer) -> None:
    """If a name takes most of the time for a connection, then what is left over for is not what is blamed."""
    with silent() as place:
        client = Client(f"https://{NAME}:{place.rpartition(':')[2]}", timeout=30.0, connect_timeout=2.4)
        asking = asyncio.create_task(client.get(CALL, TOKEN))
        await asyncio.sleep(1.5)
        names.answers.set()
        with pytest.raises(ApiError) as caught:
            await asking
        await client.close()
    error = caught.value
    assert error.reason == "connection"
    assert error.detail.startswith(
        "no TLS handshake within the time allowed, of which the look-up of the server's name"
    )
    assert error.remedy.startswith("check this host's DNS")
