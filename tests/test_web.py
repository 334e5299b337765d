import asyncio
import gzip
import shutil
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from support.clock import ManualClock
from support.openmetrics import read_openmetrics, read_text
from support.operations import TOKEN, Running, operation, running
from support.processes import direct, run
from support.tools import unavailable
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config
from wolkvox_exporter.polling.worker import Worker
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator
from wolkvox_exporter.web.toolkit.address import parse_path

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
ROUTES = ("/metrics", "/", "/-/healthy", "/-/ready")


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


class Centre(Running):
    """An exporter, the simulator it polls and their clock."""

    def __init__(self, exporter: Running, simulator: Simulator, clock: ManualClock) -> None:
        super().__init__(exporter.exporter, int(exporter.url.rpartition(":")[2]), exporter.session)
        self.simulator = simulator
        self.clock = clock

    async def raw(self, path: str = "/metrics", **headers: str) -> tuple[bytes, dict[str, str]]:
        """Return the body as it was sent, and the headers."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(
            self.url + path, headers=names, skip_auto_headers=["Accept", "Accept-Encoding"], auto_decompress=False
        ) as response:
            assert response.status == 200
            return await response.read(), dict(response.headers)


@asynccontextmanager
async def centre(*faults: Fault) -> AsyncIterator[Centre]:
    """Run an exporter of two operations, the second polled first after 15 s, on a clock that stands still."""
    clock = ManualClock()
    simulator = Simulator(
        [
            Operation("ventas-co", (TOKEN,), [Campaign("4875", 'Año "N" \\ x', records=100, answer=20, machine=10)]),
            Operation("otra", ("token-of-otra",), [Campaign("1", "A", records=5)]),
        ],
        clock,
    )
    for fault in faults:
        simulator.inject(fault)
    async with simulator.serving() as base_url:
        operations = operation(base_url), operation(base_url, "otra", "token-of-otra")
        async with running(*operations, clock=clock) as exporter:
            await clock.settled()
            yield Centre(exporter, simulator, clock)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=0.0.1", TEXT),
        ('Application/OpenMetrics-Text; version="1.0.0"; charset=utf-8', OPENMETRICS),
        ("application/openmetrics-text; q=0.5, text/plain; q=0.5", OPENMETRICS),
        ("application/openmetrics-text; q=0.4, text/plain; q=0.5", TEXT),
        ("application/openmetrics-text; q=0", TEXT),
        ("application/openmetrics-text; version=2.0.0", TEXT),
        ("application/openmetrics-text; q=much, text/plain", TEXT),
        ("text/plain; version=0.0.4", TEXT),
        (BROWSER, TEXT),
        ("*/*", TEXT),
        ("", TEXT),
        ("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", TEXT),
        ("image/png", TEXT),
        ("text/plain; q*=utf-8''0.5", TEXT),
        (";;, ,=,q;q", TEXT),
    ],
)
async def test_the_format_is_the_one_the_client_likes_best(accept: str, content_type: str) -> None:
    """If a client says what it accepts, then it gets OpenMetrics if it likes that as well as text, and text if not."""
    async with centre() as exporter:
        body, headers = await exporter.raw(Accept=accept)
    assert headers["Content-Type"] == content_type
    assert headers["Vary"] == "Accept, Accept-Encoding"
    assert body.endswith(b"# EOF\n") == (content_type == OPENMETRICS)


async def test_both_formats_say_the_same() -> None:
    """If one client reads text and another OpenMetrics, then both find the same samples."""
    async with centre() as exporter:
        await exporter.clock.advance(20)
        text = read_text((await exporter.raw())[0].decode())
        openmetrics = read_openmetrics((await exporter.raw(Accept=PROMETHEUS_2_42))[0].decode())
    own = [sample for sample in text if not sample.name.startswith("process_")]
    assert own == [sample for sample in openmetrics if not sample.name.startswith("process_")]
    assert [sample.name for sample in text] == [sample.name for sample in openmetrics]
    assert {"campaign": 'Año "N" \\ x', "campaign_id": "4875", "operation": "ventas-co", "skill": "4000"} in [
        sample.labels for sample in own if sample.name == "wolkvox_campaign_records" and sample.value == 100
    ]


@pytest.mark.parametrize("encoding", ["gzip", "gzip, deflate, br", "deflate, gzip;q=0.5", "*", "GZIP", "br, *;q=0.1"])
async def test_gzip_is_one_member_that_every_client_reads(encoding: str) -> None:
    """If a client accepts gzip, then it gets one member with nothing behind it, which is the plain exposition."""
    async with centre() as exporter:
        await exporter.clock.advance(20)
        body, headers = await exporter.raw(Accept_Encoding=encoding)
        plain, _ = await exporter.raw()
    assert headers["Content-Encoding"] == "gzip"
    member = zlib.decompressobj(31)
    unpacked = member.decompress(body)
    assert (member.eof, member.unused_data, member.unconsumed_tail) == (True, b"", b"")
    assert unpacked == gzip.decompress(body)
    assert without_process(unpacked) == without_process(plain)


def without_process(body: bytes) -> list[bytes]:
    """Return the lines that are the same from one moment to the next."""
    return [line for line in body.splitlines() if not line.startswith(b"process_")]


@pytest.mark.parametrize("encoding", ["", "identity", "gzip;q=0", "deflate, br", "*;q=0", "*, gzip;q=0", "gzip;q=x"])
async def test_nobody_gets_gzip_who_cannot_read_it(encoding: str) -> None:
    """If a client does not accept gzip, then it gets the plain exposition."""
    async with centre() as exporter:
        body, headers = await exporter.raw(Accept_Encoding=encoding)
    assert "Content-Encoding" not in headers
    assert body.startswith(b"# HELP wolkvox_exporter_build_info ")


async def test_curl_reads_it_compressed_and_plain() -> None:
    """If one looks at the metrics with curl, compressed or not, then one reads the same."""
    if shutil.which("curl") is None:
        unavailable("curl is not installed: apt-get install curl")
    async with centre() as exporter:
        await exporter.clock.advance(20)
        plain = await run("curl", "--silent", "--fail", f"{exporter.url}/metrics")
        packed = await run("curl", "--silent", "--fail", "--compressed", f"{exporter.url}/metrics")
    assert (plain.code, packed.code) == (0, 0)
    assert 'wolkvox_campaigns{operation="otra"} 1.0' in plain.out
    assert without_process(plain.out.encode()) == without_process(packed.out.encode())


@pytest.mark.parametrize("path", ROUTES)
async def test_every_page_answers_head_and_refuses_what_would_change_something(path: str) -> None:
    """If a page is asked for by HEAD, then its headers come without a body; POST is refused with 405."""
    async with centre() as exporter:
        await exporter.clock.advance(20)
        async with exporter.session.head(exporter.url + path) as response:
            assert (response.status, await response.read()) == (200, b"")
            assert int(response.headers["Content-Length"]) > 0
        async with exporter.session.post(exporter.url + path, data=b"x") as response:
            assert response.status == 405
            assert response.headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize("path", [*ROUTES, "/nowhere", "/metrics/", "//metrics", "/-/", "/../etc/passwd"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    """If a path is asked for, known or not, then the answer forbids scripts, framing and guessing of its type."""
    async with centre() as exporter:
        await exporter.clock.advance(20)
        async with exporter.session.get(URL(exporter.url + path, encoded=True)) as response:
            assert response.status == (200 if path in ROUTES else 404)
            assert {name: response.headers[name] for name in SECURITY} == SECURITY


@pytest.mark.parametrize("path", ["/custom/path", "/metrics.txt", "/~me/metrics_1", "/-metrics", "/..a/b-"])
async def test_the_telemetry_path_is_the_one_that_was_chosen(path: str) -> None:
    """If another telemetry path is chosen, then the metrics are there, the page links there and `/metrics` is gone."""
    exporter = Exporter(Config((), ()), ManualClock())
    async with (
        exporter.running(Listen([("127.0.0.1", 0)], parse_path(path))) as [(_, port)],
        aiohttp.ClientSession() as session,
    ):
        site = Running(exporter, port, session)
        assert "wolkvox_exporter_build_info" in (await site.get(path))[1]
        assert (await site.get("/metrics"))[0] == 404
        assert f'<a href=".{path}">' in (await site.get("/"))[1]


async def test_the_metrics_can_take_the_place_of_the_page() -> None:
    """If the telemetry path is `/`, then the metrics are there."""
    exporter = Exporter(Config((), ()), ManualClock())
    async with exporter.running(Listen([("127.0.0.1", 0)], "/")) as [(_, port)], aiohttp.ClientSession() as session:
        assert "wolkvox_exporter_build_info" in (await Running(exporter, port, session).get("/"))[1]


@pytest.mark.parametrize("faults", [(), (Fault.SERVER_ERROR,), (Fault.TOKEN_REFUSED,), (Fault.RESET,)])
async def test_it_is_ready_as_soon_as_each_operation_was_asked(faults: tuple[Fault, ...]) -> None:
    """If each operation's campaigns were asked for once, then it is ready, whatever came of it, and not before."""
    async with centre(*faults) as exporter:
        assert await exporter.get("/-/ready") == (503, "2 operations wait for their first poll\n")
        await exporter.clock.advance(10)
        assert await exporter.get("/-/ready") == (503, "1 operation waits for its first poll\n")
        await exporter.clock.advance(10)
        assert await exporter.get("/-/ready") == (200, "ready\n")
        assert await exporter.get("/-/healthy") == (200, "healthy\n")


async def test_it_is_not_ready_while_the_first_call_is_under_way() -> None:
    """If the first answer is still awaited, then it is healthy but not ready."""
    async with stalled(advance=0) as exporter:
        assert await exporter.get("/-/ready") == (503, "2 operations wait for their first poll\n")
        assert await exporter.get("/-/healthy") == (200, "healthy\n")


@asynccontextmanager
async def stalled(advance: float) -> AsyncIterator[Centre]:
    """Run the exporter, some seconds without a fault, until the API keeps a call of its first operation waiting."""
    clock = ManualClock()
    simulator = Simulator(
        [Operation(name, (f"token-of-{name}",), [Campaign("1", "A", records=5)]) for name in ("uno", "dos")], clock
    )
    async with simulator.serving() as base_url, asyncio.timeout(20):
        operations = [operation(base_url, name, f"token-of-{name}", amd="off") for name in ("uno", "dos")]
        async with running(*operations, clock=clock) as exporter:
            await (clock.advance(advance) if advance else clock.settled())
            simulator.inject(Fault.STALL)
            clock.jump(285 if advance else 0)
            await simulator.until(in_flight=1)
            yield Centre(exporter, simulator, clock)


async def test_a_scrape_is_answered_at_once_while_the_api_is_not() -> None:
    """If the API keeps a poll waiting, then scrapes are answered at once, with the last good data."""
    async with stalled(advance=20) as exporter, asyncio.timeout(5):
        for _ in range(20):
            assert 'wolkvox_campaigns{operation="uno"} 1.0' in (await exporter.get("/metrics"))[1]
        assert exporter.simulator.in_flight == 1
        assert len(exporter.simulator.calls) == 2


async def test_no_page_asks_the_api() -> None:
    """If people and probes look as often as they like, then no call of the quota is spent on it."""
    async with centre() as exporter:
        await exporter.clock.advance(20)
        asked = list(exporter.simulator.calls)
        for path in [*ROUTES * 10, "/nowhere"]:
            await exporter.get(path)
        assert (exporter.simulator.calls, exporter.simulator.in_flight, len(asked)) == (asked, 0, 4)


@pytest.mark.parametrize("name", ["publisher", "ventas-co", "otra"])
async def test_it_is_unhealthy_after_a_worker_has_died(name: str) -> None:
    """If a worker is gone, then the health check says so and what to do, while scrapes are still answered."""
    async with centre() as exporter:
        (worker,) = (task for task in asyncio.all_tasks() if task.get_name() == name)
        worker.cancel()
        await asyncio.wait({worker})
        said = "a worker has died and is being started again; see the log and report a bug\n"
        assert await exporter.get("/-/healthy") == (503, said)
        assert (await exporter.get("/metrics"))[0] == 200


async def test_it_is_unhealthy_after_a_worker_has_met_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a bug ends a worker, then the health check says so and the others go on."""
    step = Worker.step

    async def bug(worker: Worker) -> float | None:
        if "ventas-co" in worker.accounts:
            raise RuntimeError("what nobody thought of")
        return await step(worker)

    async with centre() as exporter:
        monkeypatch.setattr(Worker, "step", bug)
        await exporter.clock.advance(300)
        assert (await exporter.get("/-/healthy"))[0] == 503
        assert (await exporter.samples()).value("wolkvox_polls_total", operation="otra", report="campaigns") == 1
