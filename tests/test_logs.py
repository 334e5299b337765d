import json
import re
import signal
import sys
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from support.processes import EXPORTER, config_file, program, run
from support.servers import replying
from support.servers import serving as answering
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

NAME = 'ventas ñ "VIP" = \\ 日本'
FORMATS = ["logfmt", "json"]
PAIR = re.compile(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?: |$)')
ESCAPES = {"n": "\n"}
AWKWARD = """\
import logging, sys, structlog
from wolkvox_exporter.runtime import logs

logs.configure("info", sys.argv[1])
awkward = 'ñ "x" = \\n\\r\\u2028\\x85\\x1b[2J\\ud800 \\\\ 日本'
structlog.get_logger().info("one", operation=awkward, nothing=None, empty="", good=True, number=1.5)
logging.getLogger("aiohttp.server").error("two " + awkward)
try:
    raise ValueError(awkward)
except ValueError:
    structlog.get_logger().exception("three")
"""
INVISIBLE = "".join(
    character
    # downwards, so that no two halves of surrogate pairs stand side by side and are read as one character
    for character in map(chr, range(sys.maxunicode, -1, -1))
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
)
"""Controls, formats and directions, halves of surrogate pairs, separators of lines and paragraphs."""
VISIBLE = "año = €100 «日本» 😀"
HIDDEN = """\
import json, logging, sys, structlog
from wolkvox_exporter.runtime import logs

logs.configure("info", sys.argv[1])
text = json.loads(sys.stdin.read())
structlog.get_logger().info(text, operation=text, several=[text], **{"key\\u202e": 1})
logging.getLogger("aiohttp.server").error(text)
try:
    raise ValueError(text)
except ValueError:
    structlog.get_logger().exception(text)
"""


def parsed(line: str, form: str) -> dict[str, object]:
    """Read one line; an error if it is not wholly in the format."""
    if form == "json":
        fields: dict[str, object] = json.loads(line)
        return fields
    pairs = list(PAIR.finditer(line))
    assert "".join(pair.group() for pair in pairs) == line
    return {
        key: bare if quoted is None else unescaped(quoted) for key, quoted, bare in (pair.groups() for pair in pairs)
    }


def unescaped(written: str) -> str:
    """Undo the escapes inside quotes."""
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match.group(1), match.group(1)), written)


@asynccontextmanager
async def centre(folder: Path, **settings: str) -> AsyncIterator[tuple[Simulator, Path]]:
    """Serve an operation with an awkward name whose AMD report fails, and write the configuration that polls it."""
    campaign = Campaign("4875", 'Año "N"', records=100, raw={"speed": 'quick ñ "x"\nnext line'})
    simulator = Simulator([Operation(NAME, ("a-token",), [campaign])], SystemClock())
    simulator.inject(Fault.SERVER_ERROR, report="amd")
    async with simulator.serving() as base_url:
        yield simulator, config_file(folder, base_url, {NAME: {"token": "a-token"}}, **settings)


async def once(config: Path, form: str, *flags: str) -> list[dict[str, object]]:
    """Ask each report once, and return the log but for its last line, which sums up."""
    ended = await run(*EXPORTER, "once", f"--config.file={config}", f"--log.format={form}", *flags)
    lines = [parsed(line, form) for line in ended.err.splitlines()]
    return lines[:-1] if lines and "answered in" in str(lines[-1]["msg"]) else lines


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=FORMATS)
async def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Return the log of one poll of each report."""
    async with centre(tmp_path_factory.mktemp("logged")) as (_, config):
        return await once(config, request.param)


def test_each_line_of_polling_names_operation_and_report(lines: list[dict[str, object]]) -> None:
    """If reports are polled, then each line tells when, how grave, what, of which operation and of which report."""
    assert [(line["level"], line["msg"], line["report"]) for line in lines] == [
        ("warning", "field cannot be read", "campaigns"),
        ("info", "poll succeeded", "campaigns"),
        ("warning", "poll failed", "amd"),
    ]
    assert [line["operation"] for line in lines] == [NAME] * 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(line["ts"])) for line in lines)


def test_a_failure_says_why_and_what_to_do(lines: list[dict[str, object]]) -> None:
    """If a poll fails, then its line has the reason of the metric, what happened and a remedy."""
    failure = lines[-1]
    assert failure["reason"] == "http"
    assert str(failure["error"]).startswith("wolkvox answered 500 (500 Internal Server Error")
    assert str(failure["remedy"]).startswith("wolkvox itself is failing; ")
    assert float(str(failure["seconds"])) >= 0


def test_a_value_that_cannot_be_read_is_shown_on_one_line(lines: list[dict[str, object]]) -> None:
    """If a value has quotes and a line break, then the line that shows it as an example is still one line."""
    example = lines[0]
    assert (example["field"], str(example["values"])) == ("speed", "1")
    assert example["example"] == r"""'quick ñ "x"\nnext line'"""


@pytest.mark.parametrize("form", FORMATS)
async def test_a_message_of_the_api_cannot_break_a_line(tmp_path: Path, form: str) -> None:
    """If the API's message has line breaks, quotes and half a surrogate pair, then it is logged on one line."""
    message = json.dumps({"code": "403", "msg": 'no ñ "x"\r\nlevel=error\u2028\ud800\x1b[2J'}).encode()
    async with answering(replying(message, "403 Forbidden")) as server:
        config = config_file(tmp_path, server.url, {NAME: {"token": "a-token", "amd": "off"}})
        (line,) = await once(config, form)
    assert line["reason"] == "forbidden"
    assert str(line["error"]).startswith('wolkvox answered 403 (no ñ "x" level=error ')


@pytest.mark.parametrize("form", FORMATS)
async def test_one_event_is_one_line_whatever_is_in_it(form: str) -> None:
    """If an event, a library's message or a traceback has line breaks and controls, then it is still one line."""
    ended = await run(sys.executable, "-c", AWKWARD, form)
    assert ended.code == 0
    assert "Logging error" not in ended.err
    lines = [parsed(line, form) for line in ended.err.removesuffix("\n").split("\n")]
    assert [str(line["msg"])[:3] for line in lines] == ["one", "two", "thr"]
    assert [line["level"] for line in lines] == ["info", "error", "error"]
    assert str(lines[0]["operation"]).startswith('ñ "x" = \n')
    assert str(lines[0]["operation"]).endswith(" \\ 日本")
    assert str(lines[2]["exception"]).startswith("Traceback (most recent call last):\n")
    assert "\x1b" not in ended.err
    if form == "logfmt":
        assert len(ended.err.splitlines()) == 3


@pytest.mark.parametrize("form", FORMATS)
async def test_nothing_in_a_line_can_deceive_a_terminal(form: str) -> None:
    """If texts hold controls, directions or what no one sees, then lines show codes, and JSON still holds the texts."""
    text = VISIBLE + INVISIBLE
    ended = await run(sys.executable, "-c", HIDDEN, form, stdin=json.dumps(text).encode())
    lines = ended.err.removesuffix("\n").split("\n")
    assert (len(lines), ended.code) == (3, 0)
    assert not set(INVISIBLE) & set("".join(lines))
    assert all(
        VISIBLE in line and r"\u202e" in line and r"\u009b" in line and r"\udb40\udc01" in line for line in lines
    )
    if form == "json":
        assert [json.loads(line)["msg"] for line in lines] == [text] * 3
        assert (json.loads(lines[0])["operation"], json.loads(lines[0])["several"]) == (text, [text])


@pytest.mark.parametrize(
    ("level", "seen"),
    [("debug", {"debug", "info", "warning"}), ("info", {"info", "warning"}), ("warn", {"warning"}), ("error", set())],
)
async def test_the_level_leaves_out_what_is_below_it(tmp_path: Path, level: str, seen: set[str]) -> None:
    """If a level is chosen, then graver lines and those of the level are logged, and no other."""
    async with centre(tmp_path) as (_, config):
        lines = await once(config, "json", f"--log.level={level}")
    assert {line["level"] for line in lines} == seen


async def test_debug_tells_of_every_poll_and_info_of_every_change(tmp_path: Path) -> None:
    """If polls go on as before, then they are told at debug level only, so that the log of a good day stays short."""
    async with centre(tmp_path, interval="1s", amd_interval="1s") as (simulator, config):
        simulator.heal()
        flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0", "--log.level=debug")
        async with program(*EXPORTER, *flags) as exporter:
            await exporter.line('level=debug msg="poll succeeded"')
            assert await exporter.end(signal.SIGTERM) == 0
    polls = [parsed(line, "logfmt") for line in exporter.err if "poll succeeded" in line]
    assert [line["level"] for line in polls if line["report"] == "campaigns"][:2] == ["info", "debug"]


def test_each_line_begins_with_when_how_grave_and_what(lines: list[dict[str, object]]) -> None:
    """If a line is logged, then its time, level and message come first, whatever else it has."""
    assert [list(line)[:3] for line in lines] == [["ts", "level", "msg"]] * 3


@pytest.mark.parametrize(("settings", "calls"), [({}, "576"), ({"quota_interval": "15m", "interval": "10m"}, "528")])
async def test_the_start_says_what_is_polled(tmp_path: Path, settings: dict[str, str], calls: str) -> None:
    """If the exporter starts, then a line has file, operations, reports, calls a day, and where the state is."""
    flags = f"--config.file={tmp_path}/config.yaml", "--web.listen-address=127.0.0.1:0"
    async with centre(tmp_path, state="kept", **settings) as (_, config), program(*EXPORTER, *flags) as exporter:
        await exporter.line("listening")
        assert await exporter.end(signal.SIGTERM) == 0
    first = parsed(exporter.err[0], "logfmt")
    del first["ts"]
    reports = str(2 + ("quota_interval" in settings))
    assert first == {
        "level": "info",
        "msg": "started",
        "config": str(config),
        "operations": "1",
        "reports": reports,
        "calls_a_day": calls,
        "state": str(tmp_path / "kept"),
    }


async def test_the_addresses_are_told_and_the_end(tmp_path: Path) -> None:
    """If the exporter starts and ends, then the log tells its address, port and version, and that it stops."""
    async with centre(tmp_path) as (_, config):
        flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
        async with program(*EXPORTER, *flags) as exporter:
            listening = parsed(await exporter.line("listening"), "logfmt")
            assert await exporter.end(signal.SIGTERM) == 0
    assert (listening["level"], listening["address"]) == ("info", "127.0.0.1")
    assert int(str(listening["port"])) > 0
    assert (listening["scheme"], listening["users"]) == ("http", "0")
    # an answer that is there at that moment may be told of afterwards
    assert [parsed(line, "logfmt")["msg"] for line in exporter.err].count("stopping") == 1


async def test_warnings_of_the_configuration_are_logged_with_their_place(tmp_path: Path) -> None:
    """If the configuration is unwise, then the log of the exporter says where and why, and it serves."""
    async with centre(tmp_path, interval="1s") as (_, config):
        flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
        async with program(*EXPORTER, *flags) as exporter:
            warning = parsed(await exporter.line("level=warning msg=configuration"), "logfmt")
            await exporter.line("listening")
            assert await exporter.end(signal.SIGTERM) == 0
    assert re.fullmatch(rf"{re.escape(str(config))}:\d+", str(warning["at"]))
    assert warning["path"] == "operations[0]"
    assert str(warning["warning"]).startswith("polling more often than every 5m costs ")
