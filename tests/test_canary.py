"""The token and the proxy's password show nowhere, whatever the API answers and however it fails."""

import html
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from support.canary import assert_secret, debug_log, pages, told_by
from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import call_centre, polled, words
from support.servers import Handler, closed_port, replying, reset, serving, writing
from wolkvox_exporter.api import windows
from wolkvox_exporter.api.client import Client
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.reports import amd, campaigns
from wolkvox_exporter.app import Exporter
from wolkvox_exporter.cli.values import LOG_FORMATS
from wolkvox_exporter.config import Config
from wolkvox_exporter.simulator import Fault

PASSWORD = "canary-proxy-77ab1c"
ODD_TOKEN = """"ca/na\\ry<5f>&0'c%3b+1?d=9e\\\\"""  # every character that some format spells in a way of its own
STALLS = {Fault.STALL, Fault.STALL_BODY}
CAMPAIGN = {"campaign": f"4875 - {TOKEN} - tel1 (100%)", "campaign_id": "4875", "total_amd": "1", "records": "9"}


def in_json(document: object) -> Handler:
    """Return a handler that answers with this document."""
    return replying(json.dumps(document).encode())


ECHOES: dict[str, Handler] = {
    "campaign name": in_json([CAMPAIGN]),
    "upper-cased": in_json([{**CAMPAIGN, "campaign": f"4875 - {TOKEN.upper()}"}]),
    "values": in_json([dict.fromkeys([*campaigns.FIELDS, *amd.FIELDS], f"1 {TOKEN}")]),
    "phone": in_json([{**CAMPAIGN, "campaign": f"4875 - A - tel1 ({TOKEN})"}]),
    "row": in_json([CAMPAIGN, TOKEN]),
    "key": in_json([{**CAMPAIGN, TOKEN: TOKEN}]),
    "keys alone": in_json({TOKEN: [{TOKEN: "1"}]}),
    "code": in_json({"code": TOKEN, "data": []}),
    "message": in_json({"code": "403", "msg": f"PLEASE VALIDATE TOKEN {TOKEN.title()}"}),
    "page": replying(f"<html>{TOKEN} {TOKEN.upper()}</html>".encode()),
    "page of an error": replying(f"<h1>{TOKEN}</h1>".encode(), "502 Bad Gateway"),
    "broken JSON": replying(f'[{{"{TOKEN}": "{TOKEN}'.encode()),
    "broken UTF-8": replying(f'["{TOKEN}'.encode() + b"\xff"),
    "reason phrase": replying(b"", f"403 {TOKEN}"),
    "redirect": replying(b"", "302 Found", f"Location: http://{TOKEN}.example/?{TOKEN}"),
    "header": replying(b"[]", "200 OK", f"{TOKEN}: {TOKEN}", f"Content-Encoding: {TOKEN}"),
    "cookies": replying(b"[]", "200 OK", f"Set-Cookie: {TOKEN}(=1", f"Set-Cookie: a={TOKEN}"),
    "bad header": writing(f"HTTP/1.1 200 OK\r\n{TOKEN} : {TOKEN}\r\n\r\n".encode()),
    "bad length": writing(f"HTTP/1.1 200 OK\r\nContent-Length: {TOKEN}\r\n\r\n".encode()),
    "bad chunk": writing(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{TOKEN}\r\n".encode()),
    "no HTTP": writing(f"{TOKEN}\r\n\r\n".encode()),
}


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize("fault", Fault)
async def test_no_fault_makes_the_token_show(fault: Fault, log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    """If the API fails in whatever way, then the token is on no page and in no line of the log."""
    clock = ManualClock()
    simulator = call_centre(clock)
    timeout = 0.5 if fault in STALLS else 30.0
    with debug_log(log_format):
        async with simulator.serving() as url, running(operation(url, timeout=timeout), clock=clock) as exporter:
            await clock.advance(1)
            simulator.inject(fault)
            await clock.advance(300)
            shown = await pages(exporter)
    logged = capfd.readouterr().err
    assert "poll succeeded" in logged
    assert 'wolkvox_campaign_records{campaign="Ventas"' in shown or fault is Fault.EMPTY_LIST
    assert {call.token for call in simulator.calls} == {TOKEN}
    assert_secret(shown + logged)


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize("echo", ECHOES)
async def test_an_echoed_token_does_not_show(echo: str, log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    """If a server repeats the token anywhere in its answer, then it is on no page and in no line of the log."""
    with debug_log(log_format):
        async with serving(ECHOES[echo]) as server, polled(server.url, amd="all") as (exporter, _):
            shown = await pages(exporter)
            assert TOKEN in server.heads[0]
    logged = capfd.readouterr().err
    assert "poll succeeded" in logged or "poll failed" in logged
    assert_secret(shown + logged)


async def test_an_echoed_token_costs_nothing_but_itself() -> None:
    """If a campaign's name holds the token, then the campaign is published with the token blotted out."""
    async with serving(ECHOES["campaign name"]) as server, polled(server.url) as (exporter, _):
        samples = await exporter.samples()
    assert samples.value("wolkvox_campaign_records", campaign="***", campaign_id="4875") == 9


def shown_as_json(text: str) -> str:
    """Return a text as PHP writes it, a slash with its backslash."""
    return json.dumps(text)[1:-1].replace("/", r"\/")


def by_code(text: str, form: str) -> str:
    """Return a text with every character written by its number."""
    return "".join(form.format(ord(character)) for character in text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "JSON": lambda text: json.dumps(text)[1:-1],
    "PHP's JSON": shown_as_json,
    "JSON in JSON": lambda text: shown_as_json(shown_as_json(text)),
    "escapes": lambda text: by_code(text, r"\u{:04x}"),
    "escapes in capitals": lambda text: by_code(text.upper(), r"\u{:04X}"),
    "HTML": lambda text: json.dumps(html.escape(text))[1:-1],
    "PHP's HTML": lambda text: json.dumps(html.escape(text).replace("&#x27;", "&#039;"))[1:-1],
    "numbers in HTML": lambda text: by_code(text, "&#{};"),
    "an address": lambda text: quote(text, safe=""),
    "an address in lower case": lambda text: by_code(text, "%{:02x}"),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("token", [TOKEN, ODD_TOKEN, ODD_TOKEN[::-1]])
async def test_an_echoed_token_does_not_show_however_it_is_spelled(token: str, spelled: Callable[[str], str]) -> None:
    """If an answer spells the token as JSON, HTML or an address do, then it is blotted out, and nothing else is."""
    body = f'{{"msg": "no: {spelled(token)} \\"is\\" bad/wrong"}}'.encode()
    async with (
        serving(replying(body, "403 Forbidden")) as server,
        polled(server.url, token=token) as (exporter, _),
    ):
        assert f"wolkvox-token: {token}" in server.heads[0]
        # what escapes its first character in JSON within JSON may be left
        page = (await words(exporter)).replace("\\***", "***")
        assert 'wolkvox answered 403 (no: *** "is" bad/wrong)' in page


async def failure(base_url: str, timeout: float = 30.0, proxy_url: str | None = None) -> ApiError | None:  # noqa: ASYNC109 - the client's own
    """Ask for both reports, read them, and return what went wrong."""
    client = Client(base_url, proxy_url=proxy_url, timeout=timeout)
    try:
        campaigns.read(await client.get(campaigns.CALL, TOKEN))
        day = windows.today(ManualClock().time(), operation(base_url).time_zone)
        amd.read(await client.get(amd.call(day), TOKEN))
    except ApiError as error:
        return error
    finally:
        await client.close()
    return None


@pytest.mark.parametrize("fault", Fault)
async def test_no_error_carries_the_token(fault: Fault) -> None:
    """If a call fails, then no text, argument or traceback of its error, or of one behind it, has the token."""
    simulator = call_centre(ManualClock())
    simulator.inject(fault)
    async with simulator.serving() as url:
        error = await failure(url, timeout=0.5 if fault in STALLS else 30)
    assert (error is None) == (fault in {Fault.BOM, Fault.PHP_WARNING, Fault.EMPTY_LIST})
    assert_secret(told_by(error))


@pytest.mark.parametrize("echo", ECHOES)
async def test_no_error_about_an_echo_carries_the_token(echo: str) -> None:
    """If the answer that cannot be used holds the token, then the error about it does not."""
    async with serving(ECHOES[echo]) as server:
        assert_secret(told_by(await failure(server.url)))


async def test_nothing_that_is_printed_for_debugging_shows_a_secret() -> None:
    """If somebody logs a configuration or a part of the exporter, then neither token nor password is in it."""
    proxy = SecretStr(f"http://user:{PASSWORD}@127.0.0.1:1")
    configured = operation("http://127.0.0.1:1/api/v2", proxy_url=proxy)
    config = Config((configured,), ())
    exporter = Exporter(config)
    await exporter.once()
    client = Client(configured.base_url, proxy_url=proxy.get_secret_value())
    (account,) = exporter.accounts
    snapshot = account.state.published
    things = [
        configured,
        config,
        exporter,
        client,
        configured.token,
        exporter.pool,
        account,
        account.state,
        snapshot,
    ]
    await client.close()
    assert all(state.up is False for state in snapshot.reports.values())
    for thing in (*things, configured.model_dump(), vars(account), vars(exporter.pool)):
        assert_secret(f"{thing!r} {thing}", PASSWORD)


@asynccontextmanager
async def refusing() -> AsyncIterator[str]:
    """Give the address of a proxy that is not there."""
    with closed_port() as place:
        yield f"http://user:{PASSWORD}@{place}"


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    """Give the address of a proxy with a password, that says it again."""
    async with serving(handler) as server:
        yield server.url.replace("//", f"//user:{PASSWORD}@")


@asynccontextmanager
async def written(address: str) -> AsyncIterator[str]:
    """Give an address as it was written."""
    yield address


PROXIES: dict[str, Callable[[], AbstractAsyncContextManager[str]]] = {
    "refused": refusing,
    "wrong password": lambda: answering(replying(PASSWORD.encode(), f"407 {PASSWORD}", f"{PASSWORD}: 1")),
    "reset": lambda: answering(reset),
    "no HTTP": lambda: answering(writing(f"{PASSWORD}\r\n\r\n".encode())),
    "unknown": lambda: written(f"http://user:{PASSWORD}@nonexistent.invalid:3128"),
    "no port": lambda: written(f"http://user:{PASSWORD}@127.0.0.1:port"),
}


@pytest.mark.parametrize("place", ["configuration", "environment"])
@pytest.mark.parametrize("proxy", PROXIES)
async def test_the_proxys_password_does_not_show(
    proxy: str, place: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """If the proxy has a password and fails, then the password is on no page, in no log line and in no error."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    url = "https://wv0042.wolkvox.com/api/v2"
    async with PROXIES[proxy]() as address:
        monkeypatch.setenv("HTTPS_PROXY", address if place == "environment" else "")
        proxy_url = address if place == "configuration" else None
        with debug_log("logfmt"):
            async with polled(url, timeout=30.0, proxy_url=proxy_url and SecretStr(proxy_url)) as (exporter, _):
                shown = await pages(exporter)
        error = await failure(url, proxy_url=proxy_url)
    logged = capfd.readouterr().err
    assert "poll failed" in logged
    assert isinstance(error, ApiError)
    assert_secret(shown + logged + told_by(error), PASSWORD)
