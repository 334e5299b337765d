"""Files of the state that are damaged or foreign, and what stands where one should."""

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from support.clock import ManualClock
from support.operations import operation, restarted, running
from support.outcomes import call_centre
from wolkvox_exporter.config import Operation as Wanted
from wolkvox_exporter.polling.state import OperationState
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.storage import codec, state_in
from wolkvox_exporter.storage.codec import UnusableError
from wolkvox_exporter.storage.directory import KEPT_ASIDE

WANTED = operation("https://wv0042.wolkvox.com/api/v2")

Change = Callable[[dict[str, Any]], object]


class StillClock(ManualClock):
    """A clock whose time of day is its monotonic time, so that nothing is rounded between the two."""

    def time(self) -> float:
        """See `Clock.time`."""
        return self.monotonic()


FINITE = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, FINITE)


@settings(max_examples=50, deadline=None)
@given(st.from_type(OperationState))
def test_a_state_survives_the_file_to_the_letter(state: OperationState) -> None:
    """If anything at all is known, then it comes back as it was, less what was made of the token, labels and day."""
    clock = StillClock()
    published = replace(state.published, labels={}, day=None, shows_counters=True, is_current=True)
    written = replace(state, published=published, token_fingerprint=None, unsaved=())
    assert codec.decode(codec.encode(WANTED, state, clock), WANTED, clock) == written


async def written(folder: Path) -> tuple[Path, Wanted]:
    """Poll once, and return the file that it leaves behind, and whose it is."""
    clock = ManualClock()
    async with call_centre(clock).serving() as url:
        wanted = operation(url)
        async with restarted(folder, wanted, clock):
            await clock.advance(1)
    return kept_files(folder)[0], wanted


def kept_files(folder: Path) -> list[Path]:
    """Return the files of operations."""
    return sorted(folder.glob("*.json"))


def aside(folder: Path) -> list[Path]:
    """Return what was put aside."""
    return sorted(folder.glob("*.json.*"))


async def found(folder: Path, wanted: Wanted) -> OperationState | None:
    """Return what a new process finds."""
    with state_in(folder, SystemClock()) as store:
        assert store is not None
        return await store.load(wanted)


@pytest.fixture(scope="module")
def good() -> bytes:
    """Return the content of a good file."""
    return asyncio.run(_content())


async def _content() -> bytes:
    clock = ManualClock()
    async with call_centre(clock).serving() as url, running(operation(url), clock=clock) as exporter:
        await clock.advance(1)
        return codec.encode(WANTED, exporter.states()["ventas-co"], clock)


def with_lines(content: bytes, head: Change, body: Change) -> bytes:
    """Return the content with other lines, and a digest that vouches for them."""
    lines = [json.loads(line) for line in content.splitlines()[1:]]
    head(lines[0])
    body(lines[1])
    rest = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    return hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def head_with(**changes: object) -> Callable[[bytes], bytes]:
    """Return a damage that changes the line that says whose the file is."""
    return lambda content: with_lines(content, lambda head: head.update(changes), lambda _: None)


def body_with(change: Change) -> Callable[[bytes], bytes]:
    """Return a damage that changes the line with what is remembered."""
    return lambda content: with_lines(content, lambda _: None, change)


UNKNOWN_REFUSAL = {"campaigns": {"reason": "?", "at": 1.0, "number": 1}}
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros, as after a loss of power": lambda content: bytes(len(content)),
    "no JSON": lambda _: b"\x1f\x8b\x08\x00 not ours \xff",
    "another JSON": lambda _: b'[{"state": 1}]\n{}\n',
    "cut short": lambda content: content[:1000],
    "too new": head_with(form=codec.FORM + 1),
    "of the version before": head_with(form=codec.FORM - 1),
    "of another operation": head_with(operation="cobranza-mx"),
    "of another server": head_with(base_url="https://wv0043.wolkvox.com/api/v2"),
    "of nobody": body_with(lambda body: body.clear()),
    "a key less": body_with(lambda body: body.pop("progress")),
    "another type": body_with(lambda body: body.update(served="1.5")),
    "rows of another shape": body_with(lambda body: body["counters"].update(sums=[1])),
    "a reason nobody knows": body_with(lambda body: body["token"].update(refusals=UNKNOWN_REFUSAL)),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_file_of_no_use_is_put_aside_and_told_of_once(tmp_path: Path, damage: str) -> None:
    """If the file is damaged, foreign or too new, then the operation starts anew, and the file is kept aside."""
    path, wanted = await written(tmp_path)
    spoiled = DAMAGES[damage](path.read_bytes())
    path.write_bytes(spoiled)
    with structlog.testing.capture_logs() as lines:
        assert await found(tmp_path, wanted) is None
    (kept,) = aside(tmp_path)
    assert kept.read_bytes() == spoiled
    assert not path.exists()
    (line,) = [line for line in lines if line["log_level"] == "warning"]
    assert line["event"] == "state cannot be used"
    assert line["operation"] == "ventas-co"
    assert line["put_aside"] == kept.name
    assert "nothing need be done" in line["remedy"]
    with structlog.testing.capture_logs() as lines:
        assert await found(tmp_path, wanted) is None
    assert lines == []


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_damage_goes_unnoticed(good: bytes, data: st.DataObject) -> None:
    """If a file is cut short anywhere, or any of its bytes is another, then it is not gone on from."""
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[place]))
    spoiled = data.draw(st.sampled_from([good[:place], good[:place] + bytes([byte]) + good[place + 1 :]]))
    with pytest.raises(UnusableError):
        codec.decode(spoiled, WANTED, ManualClock())


OBSTACLES: dict[str, Callable[[Path], None]] = {
    "folder": lambda path: path.mkdir(),
    "link": lambda path: path.symlink_to("/etc/passwd"),
    "pipe": os.mkfifo,
    "socket": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
}


@pytest.mark.parametrize("kind", OBSTACLES)
async def test_what_is_no_file_is_put_aside_too(tmp_path: Path, kind: str) -> None:
    """If a folder, a link or a pipe stands where the file should, then it is moved and the next save succeeds."""
    path, wanted = await written(tmp_path)
    path.unlink()
    OBSTACLES[kind](path)
    assert await found(tmp_path, wanted) is None
    assert len(aside(tmp_path)) == 1
    assert (await written(tmp_path))[0] == path
    assert path.is_file()


async def test_few_damaged_files_are_kept(tmp_path: Path) -> None:
    """If a disk damages the file again and again, then only the latest are kept aside."""
    path, wanted = await written(tmp_path)
    for number in range(6):
        (tmp_path / f"{path.name}.damaged-20261101T00000{number}Z").touch()
    path.write_bytes(b"")
    assert await found(tmp_path, wanted) is None
    kept = [found.name.partition(".damaged-")[2] for found in aside(tmp_path)]
    assert kept[:-1] == ["20261101T000004Z", "20261101T000005Z"]
    assert len(kept) == KEPT_ASIDE
