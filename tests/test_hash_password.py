"""`hash-password`: from a password to what stands in the web configuration file."""

import asyncio
import os
import pty
from asyncio.subprocess import PIPE
from pathlib import Path

import bcrypt
import pytest

from support.processes import EXPORTER, PATIENCE, environment, run
from support.web import basic, guarded, status

COMMAND = (*EXPORTER, "hash-password")


@pytest.mark.parametrize("piped", [b"ge heim:\xc3\xb1", b"ge heim:\xc3\xb1\n", b"ge heim:\xc3\xb1\r\n"])
async def test_a_piped_password_becomes_a_hash(tmp_path: Path, piped: bytes) -> None:
    """If a password comes through a pipe, with a line end or without, then its hash is printed and opens the door."""
    done = await run(*COMMAND, stdin=piped)
    assert (done.code, done.err) == (0, "")
    (line,) = done.out.splitlines()
    assert line.startswith("$2b$12$")
    async with guarded(tmp_path, f"basic_auth_users:\n  ana: {line}\n") as port:
        assert await status(port, basic("ana", "ge heim:ñ")) == 200


@pytest.mark.parametrize(
    ("piped", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"canary" * 13, "longer than 72 bytes"),
        ("ñ".encode() * 37, "longer than 72 bytes"),
        (b"canary" * 10_000, "longer than 72 bytes"),
        (b"canary\nline", "line break"),
        (b"canary\0x", "NUL"),
    ],
)
async def test_what_bcrypt_cannot_keep_is_refused(piped: bytes, words: str) -> None:
    """If a password is empty, too long or no line, then nothing is printed but why, without the password."""
    done = await run(*COMMAND, stdin=piped)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert "canary" not in done.err


async def typing(*lines: str) -> tuple[int, str, str]:
    """Type each line as soon as the command asks for one; returns its exit code and what it has written."""
    keyboard, terminal = pty.openpty()
    strict = environment() | {"PYTHONIOENCODING": "utf-8:strict"}
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=terminal, stdout=PIPE, stderr=PIPE, env=strict, start_new_session=True
    )
    os.close(terminal)
    assert process.stderr is not None
    asked = ""
    try:
        async with asyncio.timeout(PATIENCE):
            for line in lines:
                asked += (await process.stderr.readuntil(b": ")).decode()
                os.write(keyboard, line.encode(errors="surrogateescape"))
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(keyboard)
    return await process.wait(), out.decode(), asked + err.decode()


async def test_a_typed_password_is_asked_for_twice() -> None:
    """If one types the password twice, then only its hash is shown."""
    code, out, err = await typing("geheim\n", "geheim\n")
    assert code == 0
    assert bcrypt.checkpw(b"geheim", out.strip().encode())
    assert err.split("\n") == ["Password: ", "The same again: ", ""]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("geheim\n", "gehiem\n"), "not the same"),
        (("\n", "\n"), "is empty"),
        (("\4",), "no password"),
        (("geh\udcff\n",), "UTF-8"),
    ],
)
async def test_a_typing_error_is_told(lines: tuple[str, ...], words: str) -> None:
    """If the two are different, empty, not there or in another encoding, then no hash is printed but why."""
    code, out, err = await typing(*lines)
    assert (code, out) == (1, "")
    assert words in err
    assert "geh" not in err
