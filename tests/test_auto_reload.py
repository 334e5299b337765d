"""The configuration that is taken over by itself: what counts as a change, and what becomes of a bad one."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.certificates import Authority
from support.clock import ManualClock
from support.processes import direct
from support.reloading import REFUSED, RELOADED, SUCCESS_TIME, SUCCESSFUL, File, centre

EVERY = 30.0


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


def rewritten(file: File, *names: str) -> bytes:
    """Return what the file would hold with these operations; it stays as it is."""
    before = file.path.read_bytes()
    file.write(*names)
    new = file.path.read_bytes()
    file.path.write_bytes(before)
    return new


async def test_a_change_takes_effect_at_the_second_look(tmp_path: Path) -> None:
    """If the file is changed, then the next look finds it, and 2 s later, when nothing more has changed, it counts."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", "goes", auto_reload=EVERY) as (exporter, file):
        await clock.advance(10)
        file.write("stays", "comes")
        await clock.advance(21.9)
        assert exporter.polled() == ["stays", "goes"]
        await clock.advance(0.2)
        assert exporter.polled() == ["stays", "comes"]
        samples = await exporter.samples()
        await clock.advance(600)
    assert (samples.value(SUCCESSFUL), samples.value(SUCCESS_TIME)) == (1, clock.time() - 600.1)
    assert exporter.started("stays") == [0, 300, 600]
    assert exporter.started("comes") == [32, 332, 632]


def moved_here(path: Path, content: bytes) -> None:
    """Write beside it and move it here, as `mv`, `sed -i` and most editors do."""
    (path.parent / "new").write_bytes(content)
    (path.parent / "new").replace(path)


def kept_aside(path: Path, content: bytes) -> None:
    """Move the old one aside and write a new one, as vim does with a backup."""
    path.rename(path.with_suffix(".yaml~"))
    path.write_bytes(content)


def copied(path: Path, content: bytes) -> None:
    """Copy another file over it, as `cp` does, which empties it first; a bind mount of a file knows no other way."""
    (path.parent / "other").write_bytes(content)
    subprocess.run(["cp", path.parent / "other", path], check=True)


def stream_edited(path: Path, content: bytes) -> None:
    """Let `sed -i` replace every line."""
    (path.parent / "other").write_bytes(content)
    subprocess.run(["sed", "-i", "-e", f"$r {path.parent / 'other'}", "-e", "d", path], check=True)


def linked(path: Path, content: bytes) -> None:
    """Make it a link to a link to a new file."""
    (path.parent / "far").write_bytes(content)
    (path.parent / "between").symlink_to("far")
    path.unlink()
    path.symlink_to("between")


def mapped(path: Path, content: bytes) -> None:
    """Replace what its folder links to, as kubelet does with a ConfigMap: the link at the path itself stays."""
    folder = path.parent / "..data"
    for name, text in (("..1", path.read_bytes()), ("..2", content)):
        (path.parent / name).mkdir()
        (path.parent / name / path.name).write_bytes(text)
    folder.symlink_to("..1")
    path.unlink()
    path.symlink_to(f"..data/{path.name}")
    (path.parent / "..tmp").symlink_to("..2")
    (path.parent / "..tmp").replace(folder)


def made_again(path: Path, content: bytes) -> None:
    """Remove the whole folder and make it again."""
    tokens = {token.name: token.read_bytes() for token in path.parent.iterdir()}
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    for name, text in tokens.items():
        (path.parent / name).write_bytes(text)
    path.write_bytes(content)


def same_times(path: Path, content: bytes) -> None:
    """Write in place and put the times back to what they were."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "save", [moved_here, kept_aside, copied, stream_edited, linked, mapped, made_again, same_times]
)
async def test_it_does_not_matter_how_a_file_is_saved(tmp_path: Path, save: Callable[[Path, bytes], None]) -> None:
    """If new content comes to stand at the path, however, then it takes effect, once."""
    (folder := tmp_path / "etc").mkdir()
    clock = ManualClock()
    async with centre(folder, clock, "stays", "goes", auto_reload=EVERY) as (exporter, file):
        await clock.advance(31)
        content = rewritten(file, "stays", "comes")
        with capture_logs() as logged:
            save(file.path, content)
            await clock.advance(300)
        assert exporter.polled() == ["stays", "comes"]
    assert [line["event"] for line in logged if line["event"] in (RELOADED, REFUSED)] == [RELOADED]


@pytest.mark.parametrize("save", [moved_here, kept_aside, copied, stream_edited, linked, mapped, made_again])
async def test_the_same_content_is_no_change(tmp_path: Path, save: Callable[[Path, bytes], None]) -> None:
    """If the file is touched, moved or replaced, and holds what it held, then nothing is reloaded."""
    (folder := tmp_path / "etc").mkdir()
    clock = ManualClock()
    async with centre(folder, clock, "stays", auto_reload=EVERY) as (exporter, file):
        loaded = clock.time()
        await clock.advance(31)
        with capture_logs() as logged:
            save(file.path, file.path.read_bytes())
            file.path.touch()
            await clock.advance(300)
        samples = await exporter.samples()
    assert not [line for line in logged if line["event"] in (RELOADED, REFUSED)]
    assert (samples.value(SUCCESSFUL), samples.value(SUCCESS_TIME)) == (1, loaded)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"# a remark\n" + content,
    ],
)
async def test_another_spelling_changes_no_poll(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    """If only a mark, the ends of lines or a comment differ, then all is unchanged, and so are the polls."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        with capture_logs() as logged:
            await clock.advance(290)
            file.path.write_bytes(change(file.path.read_bytes()))
            await clock.advance(320)
    (reloaded,) = [line for line in logged if line["event"] == RELOADED]
    assert (reloaded["unchanged"], reloaded["changed"]) == ("stays", "")
    assert exporter.started("stays") == [0, 300, 600]


async def test_a_bad_file_is_told_once_and_tried_until_it_is_good(tmp_path: Path) -> None:
    """If new content is bad, then the old stays, which gauge, page and one line of the log say until it is good.

    Other errors are told anew. The content before is good as well: nothing changes but the gauge.
    """
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        good = file.path.read_bytes()
        told = list[int]()
        with capture_logs() as logged:
            for changes in ({"interval": "soon"}, {"interval": "soon", "timeout": "late"}, {}):
                file.write("stays", "comes", stays=changes) if changes else file.path.write_bytes(good)
                await clock.advance(10 * EVERY)
                told.append(sum(line["event"] == REFUSED for line in logged))
                samples = await exporter.samples()
                page = (await exporter.get("/"))[1]
                assert samples.value(SUCCESSFUL) == (not changes)
                assert ("The last reload of the configuration failed" in page) == bool(changes)
                assert ("it then takes effect by itself" in page) == bool(changes)
    assert told == [1, 3, 3]
    assert [line["unchanged"] for line in logged if line["event"] == RELOADED] == ["stays"]
    assert exporter.started("stays") == [0, 300, 600, 900]
    assert exporter.started("comes") == []


async def test_a_repair_elsewhere_is_found(tmp_path: Path) -> None:
    """If what is wrong is a file that the configuration names, then its repair takes effect as well."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        file.write("stays", "comes", comes={"ca_file": "ca.pem"})
        await clock.advance(2 * EVERY)
        assert exporter.polled() == ["stays"]
        Authority(tmp_path)
        await clock.advance(2 * EVERY)
        assert exporter.polled() == ["stays", "comes"]


async def test_new_certificates_in_a_named_file_count(tmp_path: Path) -> None:
    """If other certificates stand in a `ca_file`, then its operation takes them; bad ones are refused."""
    clock = ManualClock()
    Authority(tmp_path)
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        with capture_logs() as logged:
            file.write("stays", "changes", changes={"ca_file": "ca.pem"})
            await clock.advance(2 * EVERY)
            (tmp_path / "ca.pem").touch()
            await clock.advance(2 * EVERY)
            assert sum(line["event"] == RELOADED for line in logged) == 1
            good = (tmp_path / "ca.pem").read_bytes()
            (tmp_path / "ca.pem").write_text("none")
            await clock.advance(2 * EVERY)
            assert (await exporter.samples()).value(SUCCESSFUL) == 0
            (tmp_path / "ca.pem").write_bytes(good)
            await clock.advance(2 * EVERY)
            assert (await exporter.samples()).value(SUCCESSFUL) == 1
            Authority(tmp_path)
            await clock.advance(2 * EVERY)
        changed = [line["changed"] for line in logged if line["event"] == RELOADED]
    assert changed == ["", "", "changes (ca_file)"]


async def test_the_page_tells_when_the_configuration_was_loaded(tmp_path: Path) -> None:
    """If somebody looks at the page, then it says since when the configuration holds, and if its files are watched."""
    clock = ManualClock()
    async with centre(tmp_path, clock, "stays", auto_reload=EVERY) as (exporter, file):
        await clock.advance(EVERY)
        file.write("stays", "comes")
        await clock.advance(EVERY)
        await clock.advance(62)
        _, page = await exporter.get("/")
    at = '<time datetime="2026-11-23T15:01:02Z" title="2026-11-23 15:01:02 UTC">1 min ago</time>'
    assert f"Configuration loaded {at}; changes of its files take effect by themselves." in page
    async with centre(tmp_path, clock, "stays") as (exporter, _):
        _, page = await exporter.get("/")
    assert "just now</time>.</p>" in page
    assert "by themselves" not in page
