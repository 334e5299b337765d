"""Nobody who works in an operation shows anywhere: not by name, not by number, not by id."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.canary import assert_secret, debug_log, pages, told_by
from support.canned import Reply, answering, written
from support.clock import ManualClock
from support.fields import good_row
from support.operations import operation, restarted, running
from support.processes import EXPORTER, config_file, direct, run, serving
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.reports import agents
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.cli.masking import without_names
from wolkvox_exporter.cli.values import LOG_FORMATS

NAME, ID, DNI, PHONE, ADDRESS = "Canary Peña", "7712001", "55880099", "3157700112", "10.77.12.99"
SECRETS = (NAME, "Canary", "Peña", ID, DNI, PHONE, ADDRESS)
PERSON = {
    **good_row("agents", inbound="3"),
    "agent_id": ID,
    "agent_name": NAME,
    "agent_dni": DNI,
    "telephone": PHONE,
    "ip": ADDRESS,
}
UNDER_EVERY_KEY = {f"under {key}": [PERSON, PERSON | {key: f"{ID}-{NAME}"}] for key in agents.NUMBERS}
BODIES: dict[str, Reply] = {
    "a good answer": [PERSON, PERSON | {"agent_status": "Almuerzo"}],
    "numbers of JSON": [PERSON | {"agent_id": int(ID), "agent_dni": int(DNI)}],
    **UNDER_EVERY_KEY,
    "no state": [PERSON, PERSON | {"agent_status": ID}, PERSON | {"agent_status": [NAME]}],
    "rows that are none": [f"{ID}-{NAME}", PERSON, [NAME], int(ID)],
    "rows of another shape": [{NAME: ID}],
    "an object by person": {NAME: PERSON, ID: PERSON},
    "an envelope by person": {"code": "200", "data": {NAME: PERSON}},
    "one object": PERSON,
    "a code": {"code": NAME, "data": []},
    "a message": {"code": "400", "msg": f"AGENT {NAME} ({ID})"},
    "an error": (500, f"<html>Undefined index {NAME} {ID}</html>"),
    "an error object": (404, json.dumps({"code": "404", "msg": f"{NAME} {ID}"})),
    "a refusal": (403, json.dumps({"code": "403", "msg": f"PLEASE VALIDATE TOKEN of {NAME} {ID}"})),
    "a busy token": (403, json.dumps({"msg": f"EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN {NAME}"})),
    "broken JSON": json.dumps([PERSON])[:-9],
    "what follows": json.dumps([PERSON]) + NAME,
    "no JSON": f"Warning: {NAME} {ID}",
    "broken UTF-8": json.dumps([PERSON], ensure_ascii=False).encode("latin-1"),
    "too long a row": [PERSON | {"agent_name": NAME * 9000}],
    "an escaped name": json.dumps([PERSON, NAME]).replace("a", r"\u0061"),
}


def wanting(base_url: str, **keys: Any) -> Any:  # noqa: ANN401 - any key of the configuration
    """Return an operation that is polled for campaigns and agents."""
    return operation(base_url, **{"amd": "off", "agents": "by_status", **keys})


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize("case", BODIES)
async def test_nobody_shows(case: str, log_format: str, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """If an answer names people, wherever, then no page, state, log line at debug, nor what is held in memory does."""
    clock = ManualClock("2026-11-23T10:00:00-05:00")
    with debug_log(log_format):
        async with (
            answering({"agents": BODIES[case]}) as canned,
            restarted(tmp_path, wanting(canned.url), clock) as exporter,
        ):
            await clock.advance(60)
            shown = await pages(exporter)
            (account,) = exporter.exporter.accounts
            held = repr((account.state, account.state.published, vars(account)))
            assert canned.of("agents")
    logged = capfd.readouterr().err
    kept = "".join(f"{path} {path.read_text()}" for path in tmp_path.rglob("*") if path.is_file())  # noqa: ASYNC240
    assert "report=agents" in logged or '"report": "agents"' in logged
    assert '"agents"' in kept
    assert_secret(f"{shown}\n{logged}\n{held}\n{kept}", *SECRETS)


@pytest.mark.parametrize("case", BODIES)
def test_no_error_names_anybody(case: str) -> None:
    """If an answer cannot be used, then neither the error nor what stands behind it says who was in it."""
    try:
        report = agents.read(Answer(*written(BODIES[case])))
    except ApiError as error:
        assert_secret(told_by(error), *SECRETS)
    else:
        assert_secret(f"{report!r} {report.unread.examples} {report.unread.counts}", *SECRETS)


def stumbling(_: object) -> object:
    """Be a reader with a bug, with a person in the error and in a local variable."""
    somebody = f"{NAME} {ID}"
    raise RuntimeError(f"a bug that repeats {somebody}")


@pytest.mark.parametrize("log_format", LOG_FORMATS)
async def test_a_bug_shows_nobody(
    log_format: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a bug in the reader ends the worker, then the log says where it broke, and not over whom."""
    monkeypatch.setattr(agents, "read", stumbling)
    clock = ManualClock()
    with debug_log(log_format):
        async with (
            answering({"agents": BODIES["a good answer"]}) as canned,
            running(wanting(canned.url), clock=clock) as exporter,
        ):
            await clock.advance(10)
            shown = await pages(exporter)
    logged = capfd.readouterr().err
    assert "worker died" in logged
    assert_secret(shown + logged, *SECRETS)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda body: body,
    "escaped": lambda body: body.replace("C", r"\u0043").replace("7", r"\u0037"),
    "cut off in a number": lambda body: body[: body.index(DNI) + 5] if DNI in body else body,
    "cut off in a name": lambda body: body[: body.index("Canary") + 6] if "Canary" in body else body,
    "other letters in the keys": lambda body: body.replace("agent_", "AGENT-"),
    "nested": lambda body: body.replace(f'"{ID}"', f'{{"number": "{ID}", "list": ["{ID}", {ID}]}}'),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("case", BODIES)
def test_a_kept_reply_names_nobody(case: str, spelled: Callable[[str], str]) -> None:
    """If an answer is kept, however it is spelled and wherever it breaks off, then nobody is in it."""
    _, body = written(BODIES[case])
    kept = without_names(spelled(body.decode(errors="replace")).encode(), about_people=True)
    assert_secret(kept, *SECRETS, DNI[:5])
    assert_secret(kept.encode().decode("unicode_escape"), *SECRETS, DNI[:5])


@pytest.mark.parametrize("key", ["agent_id", "ip", "agent_dni", "telephone", "customer_id", "Agent-ID", "customerId"])
def test_numbers_of_people_are_masked_in_every_reply(key: str) -> None:
    """If an answer of any report has a number of a person, then its digits are replaced, and all others stay."""
    body = (
        f'[{{"dial": "123", "{key}": "7-12 a", "n": 45, "x": [{{"{key}": 712, "m": "6"}}], "y": {{"{key}": [7]}}}}, 8]'
    )
    assert without_names(body.encode()) == body.replace("7-12 a", "0-00 x").replace("712", "000").replace("[7]", "[0]")


async def test_once_keeps_no_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If `once` saves replies, then of agents there are the keys, the counts, the times and wolkvox's own states."""
    direct(monkeypatch)
    async with answering({"agents": BODIES["a good answer"]}) as canned:
        keys = {"token": "a-token-of-uno", "amd": "off", "quota_interval": "0", "agents": "by_status"}
        config = config_file(tmp_path, canned.url, {"uno": keys})
        ended = await run(*EXPORTER, "once", f"--config.file={config}", f"--save-replies={tmp_path / 'kept'}")
    text = (tmp_path / "kept" / "operation-1.02.agents.200.txt").read_text()
    assert '"agent_id": "0000000", "agent_name": "Xxxxxx Xx\\u00f1x"' in text
    assert '"agent_status": "READY", "time_state_now": "14", "inbound": "3"' in text.replace(
        '"outbound": "1,029", ', ""
    )
    assert '"agent_status": "Xxxxxxxx"' in text
    assert ended.code == 0
    assert_secret(f"{text} {ended.out} {ended.err}", *SECRETS)


async def test_a_crash_dump_names_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the process is aborted after it has read of people, then neither its dump, its log nor its state names any."""
    direct(monkeypatch)
    (tmp_path / "state").mkdir()
    keys = {"token": "a-token-of-uno", "amd": "off", "quota_interval": "0", "agents": "by_status"}
    often = {"interval": "1s", "agents_interval": "1s", "state": str(tmp_path / "state")}
    async with answering({"agents": BODIES["a good answer"]}) as canned:
        config = config_file(tmp_path, canned.url, {"uno": keys}, **often)
        async with serving(config, "env", "PYTHONFAULTHANDLER=1") as (exporter, _):
            await exporter.line('"report": "agents"')
            assert await exporter.end(signal.SIGABRT) == -signal.SIGABRT
    kept = "".join(path.read_text() for path in (tmp_path / "state").iterdir())
    assert "Fatal Python error: Aborted" in exporter.text
    assert '"agents"' in kept
    assert_secret(f"{exporter.text}\n{kept}", *SECRETS)
