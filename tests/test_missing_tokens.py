"""A token file that is missing or holds no token: its operation alone is concerned, at the start and at a reload."""

import json
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.canary import debug_log
from support.clock import ManualClock
from support.operations import TOKEN, operation, running
from support.outcomes import call_centre, words
from support.processes import EXPORTER, config_file, direct, run, serving
from support.reloading import SUCCESSFUL, TOKENS, centre
from support.samples import Samples
from test_process import page, scraped
from test_tokens import token_file, with_file
from wolkvox_exporter.config import FileToken, load, loader
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

OF = {"ventas-co": "canary-of-ventas", "cobros-mx": "canary-of-cobros"}
NO_FILE = "there is no such file; it must exist and hold the token"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


@asynccontextmanager
async def one_is_missing(folder: Path, **settings: str) -> AsyncIterator[tuple[Simulator, Path, Path]]:
    """Serve two operations; gives the configuration, and the token file of the second one, which is not there."""
    centres = [Operation(name, (token,), [Campaign("4875", name, records=100)]) for name, token in OF.items()]
    simulator = Simulator(centres, SystemClock())
    async with simulator.serving() as base_url:
        config = config_file(folder, base_url, {name: {"token": token} for name, token in OF.items()}, **settings)
        file = folder / "token-1"
        file.unlink()
        yield simulator, config, file


async def test_the_others_are_polled_and_the_missing_one_is_as_soon_as_it_is_there(tmp_path: Path) -> None:
    """If one of two token files is missing at the start, then the log says where, and its coming is enough."""
    # the second one is first asked for after a twentieth of the interval
    short = one_is_missing(tmp_path, interval="20s", amd_interval="20s")
    async with short as (simulator, config, file), serving(config) as (exporter, url):
        problem = json.loads(await exporter.line('"no token"'))
        place = f"{config}:{config.read_text().splitlines().index('  token_file: token-1') + 1}"
        expected = {"level": "error", "at": place, "path": "operations[1].token_file", "error": NO_FILE}
        assert expected.items() <= problem.items()
        assert "other operations are polled" in problem["remedy"]
        await exporter.line("poll succeeded")
        await exporter.line("poll failed")
        shown = await page(url)
        assert NO_FILE in shown
        assert "reason <code>token</code>" in shown
        assert {call.token for call in simulator.calls} == {OF["ventas-co"]}
        file.write_text(f"{OF['cobros-mx']}\n")
        await scraped(url, lambda samples: samples.values("wolkvox_up", operation="cobros-mx") == [1, 1])
        assert {call.token for call in simulator.calls} == set(OF.values())
        assert await exporter.end(signal.SIGTERM) == 0
    assert all(token not in exporter.text for token in OF.values())


@pytest.mark.parametrize("content", [None, "", f'"{OF["cobros-mx"]}"', "WOLKVOX_TOKEN=x", "CHANGE_ME", "two words"])
async def test_check_and_once_end_with_1(tmp_path: Path, content: str | None) -> None:
    """If a token file cannot be used, then `check` calls that an error, and `once` gives what the others answer."""
    async with one_is_missing(tmp_path) as (_, config, file):
        if content is not None:
            file.write_text(content)
        checked = await run(*EXPORTER, "check", f"--config.file={config}")
        asked = await run(*EXPORTER, "once", f"--config.file={config}")
    assert (checked.code, checked.out) == (1, "")
    (line,) = checked.err.splitlines()
    assert line.startswith(f"{config}:")
    assert ": operations[1].token_file: the" in line
    assert asked.code == 1
    samples = Samples(asked.out)
    assert samples.values("wolkvox_campaign_records") == [100]
    assert [samples.value("wolkvox_up", operation=name, report="campaigns") for name in OF] == [1, 0]
    assert "no token: " in asked.err


async def test_a_variable_that_is_missing_keeps_it_from_starting(tmp_path: Path) -> None:
    """If an environment variable is not set, then that is an error at the start: it cannot be set later."""
    async with one_is_missing(tmp_path) as (_, config, _):
        config.write_text(config.read_text().replace("token_file: token-1", "token_env: WOLKVOX_EXPORTER_TEST_UNSET"))
        started = await run(*EXPORTER, f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
    assert started.code == 1
    assert "operations[1].token_env: the environment variable is not set" in started.err


async def test_a_reload_takes_the_others_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a token file is missing at a reload, then all else is taken over, and its coming is enough."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays") as (exporter, file):
        with debug_log("json"):
            file.write("stays", "comes", "changes")
            (tmp_path / "comes").unlink()
            assert await exporter.reload() == (200, "reloaded\n")
            await clock.advance(61)
        samples = await exporter.samples()
        assert samples.value(SUCCESSFUL) == 1
        assert [samples.value("wolkvox_up", operation=name, report="campaigns") for name in ("comes", "changes")] == [
            0,
            1,
        ]
        assert NO_FILE in await words(exporter)
        assert capsys.readouterr().err.count('"no token"') == 1
        (tmp_path / "comes").write_text(TOKENS["comes"])
        await clock.advance(10)
        assert (await exporter.samples()).values("wolkvox_up", operation="comes") == [1, 1]


def test_a_share_that_hangs_keeps_nobody_from_being_polled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a token file is on a share that does not answer, then it is told in time, and nothing looks at it again."""
    config = config_file(tmp_path, "http://127.0.0.1:9/api/v2", {name: {"token": token} for name, token in OF.items()})
    answers, looked = threading.Event(), []

    def read(source: FileToken) -> str:
        looked.append(source.path.name)
        if source.path.name == "token-1":
            answers.wait()
        return source.path.read_text()

    # no file of a test can hang
    monkeypatch.setattr(FileToken, "read", read)
    monkeypatch.setattr(loader, "READ_TIMEOUT", 0.5)
    try:
        loaded = load(config)
    finally:
        answers.set()
    assert [operation.name for operation in loaded.operations] == list(OF)
    expected = "the token file cannot be read in time; look at where it is kept"
    assert [(problem.path, problem.text) for problem in loaded.unreadable_tokens] == [
        ("operations[1].token_file", expected)
    ]
    assert looked.count("token-1") == 1


async def test_what_is_else_wrong_is_told_together_with_a_missing_token(tmp_path: Path) -> None:
    """If a file has an error and a token file is missing, then both are told, and nothing is reloaded."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays") as (exporter, file):
        file.write("stays", "comes", comes={"interval": "5"})
        (tmp_path / "comes").unlink()
        status, text = await exporter.reload()
    assert status == 500
    assert NO_FILE in text
    assert "a duration needs its unit" in text


async def test_a_token_pasted_in_the_place_of_its_file_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If somebody writes the token itself as token_file, then no log line and no page repeats it."""
    config = config_file(tmp_path, "http://127.0.0.1:9/api/v2", {"ventas-co": {"token": TOKEN}})
    for pasted in (TOKEN, f"{TOKEN}/x==", f"/{TOKEN}"):
        config.write_text(config.read_text().replace("token_file: token-0", f"token_file: {pasted}"))
        loaded, clock = load(config), ManualClock()
        with debug_log("json"):
            async with running(*loaded.operations, clock=clock) as exporter:
                await clock.advance(1)
                seen = await words(exporter) + str(await exporter.get("/metrics"))
        logged = capsys.readouterr().err
        assert "no token: there is no such file" in seen
        assert '"source": "the file that token_file names"' in logged
        assert TOKEN not in seen + logged + repr(loaded)
        config.write_text(config.read_text().replace(f"token_file: {pasted}", "token_file: token-0"))


@pytest.mark.parametrize("is_there", [True, False], ids=["refused", "missing"])
async def test_people_are_told_how_another_token_comes_into_effect(tmp_path: Path, *, is_there: bool) -> None:
    """If a token is refused or missing, then the page says whether its place is read again or takes a restart."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    file = token_file(tmp_path)
    credential = FileToken(Path("/run/credentials/wolkvox-exporter.service/tokens_mx"))
    if not is_there:
        file.unlink()
    async with (
        simulator.serving() as url,
        running(
            with_file(url, file),
            operation(url, "mx").model_copy(update={"token": credential}),
            clock=clock,
        ) as exporter,
    ):
        await clock.advance(31)
        page = await words(exporter)
    begin = "create a new token in wolkvox and replace the configured one" if is_there else "put it right"
    assert f"{begin}; it is read again within seconds, without a restart" in page
    assert "put it right; systemd copies credentials at the start only: write it where LoadCredential= takes it" in page
