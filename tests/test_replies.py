"""What is kept of the API's answers for a report of a surprise."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.processes import EXPORTER, config_file, run
from wolkvox_exporter.cli.masking import without_names
from wolkvox_exporter.config import AmdMode
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            '[ {"campaign": "4875 - Mora Ñandú (30+) - tel1 (7%)", "dial": "1,234", "x": null, "n": 5}]',
            '[ {"campaign": "4875 - Xxxx Ñxxxñ (30+) - tel1 (7%)", "dial": "1,234", "x": null, "n": 5}]',
        ),
        ('{"a": "Juan - Strategy (Mañana \\"x\\")"}', '{"a": "Xxxx - Strategy (Xxñxxx \\"x\\")"}'),
        ('{"status": "started", "skill_id": "VAGENT"}', '{"status": "started", "skill_id": "VAGENT"}'),
        ('{"msg": "PLEASE VALIDATE TOKEN"}', '{"msg": "PLEASE VALIDATE TOKEN"}'),
        ("<html><p>Juan 500</p></html>", "<html><p>Xxxx 500</p></html>"),
        ('[{"campaign": "4875 - Ju', '[{"campaign": "4875 - Xx'),
        ("\ufeffWarning [7]", "\ufeffXxxxxxx [7]"),
    ],
)
def test_names_go_and_shapes_stay(body: str, kept: str) -> None:
    """If a reply names campaigns or people, then their letters are replaced, and all that the format is about stays."""
    assert without_names(body.encode()) == kept


@given(st.text(alphabet="JuanPérezÑ", min_size=2, max_size=20))
def test_no_letter_of_a_name_is_kept(name: str) -> None:
    """Whatever a campaign is called, only x, X, ñ and Ñ are left of it."""
    kept = without_names(f'{{"campaign": "4875 - {name} - tel1 (1%)"}}'.encode())
    assert set(kept.split(" - ")[1]) <= set("xXñÑ")


@given(st.binary(max_size=200))
def test_any_bytes_can_be_kept(body: bytes) -> None:
    """If a reply is no JSON and no text, then it is kept all the same."""
    assert isinstance(without_names(body), str)


def centre() -> Simulator:
    """Return a simulated operation whose campaign must not be named."""
    campaign = Campaign("4875", "Secreto Ñ", records=100, answer=20)
    return Simulator([Operation("uno", ("a-token-of-uno",), [campaign])], SystemClock())


async def test_once_keeps_every_reply(tmp_path: Path) -> None:
    """If `once` saves replies, then there is a file for each answer, good or not, without a name or a token in it."""
    simulator = centre()
    simulator.inject(Fault.ECHO_TOKEN, report="amd")
    async with simulator.serving() as base_url:
        config = config_file(tmp_path, base_url, {"uno": {"token": "a-token-of-uno"}}, quota_interval="15m")
        ended = await run(
            *EXPORTER, "once", f"--config.file={config}", f"--save-replies={tmp_path / 'new' / 'replies'}"
        )
    kept = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new" / "replies").iterdir()}
    assert ended.code == 1
    assert sorted(kept) == [
        "operation-1.01.campaigns.200.txt",
        "operation-1.02.campaign_6.403.txt",
        "operation-1.03.token_info.200.txt",
    ]
    assert '"campaign": "4875 - Xxxxxxx Ñ - tel1 (100%)"' in kept["operation-1.01.campaigns.200.txt"]
    assert not [text for text in kept.values() if "a-token" in text or "Secreto" in text]


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """If the folder is a file, then the error names it and nothing is asked."""
    simulator = centre()
    (tmp_path / "file").touch()
    async with simulator.serving() as base_url:
        config = config_file(tmp_path, base_url, {"uno": {"token": "a-token-of-uno"}})
        ended = await run(*EXPORTER, "once", f"--config.file={config}", f"--save-replies={tmp_path / 'file'}")
    text = f"replies cannot be kept in {tmp_path / 'file'} (File exists); choose another folder\n"
    assert (ended.code, ended.err, simulator.calls) == (1, text, [])


async def test_a_reply_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """If a reply cannot be written, then the error names the folder and why, and no traceback follows."""
    (tmp_path / "operation-1.01.campaigns.200.txt").mkdir()
    async with centre().serving() as base_url:
        config = config_file(tmp_path, base_url, {"uno": {"token": "a-token-of-uno"}})
        ended = await run(*EXPORTER, "once", f"--config.file={config}", f"--save-replies={tmp_path}")
    text = f"replies cannot be kept in {tmp_path} (Is a directory); choose another folder\n"
    assert (ended.code, ended.out, ended.err) == (1, "", text)


async def test_once_tells_a_terminal_what_it_asks(tmp_path: Path) -> None:
    """If a person waits at a terminal, then they see what is being asked for; a file or a pipe is left alone."""
    async with centre().serving() as base_url:
        config = config_file(tmp_path, base_url, {"uno": {"token": "a-token-of-uno", "amd": AmdMode.OFF.value}})
        script = tmp_path / "terminal.py"
        command = [*EXPORTER, "once", f"--config.file={config}"]
        script.write_text(f"import pty, sys; sys.exit(pty.spawn({command!r}))")
        shown = await run(sys.executable, str(script))
        piped = await run(*command)
    assert "asking uno for campaigns …" in shown.out
    assert "asking" not in piped.err
