"""Token files that others can read."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.files import TOKEN, load_text, operation
from support.processes import EXPORTER, run

READ_ONLY = (
    "unshare",
    "--mount",
    "sh",
    "-ec",
    'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"',
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every user of this machine can enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def warned_of(folder: Path, mode: int) -> list[str]:
    """Return the warnings about a token file with this mode."""
    (folder / "token").touch()
    (folder / "token").chmod(mode)
    return [str(warning) for warning in load_text(folder, operation()).warnings]


@pytest.mark.parametrize("mode", [0o644, 0o444, 0o604])
def test_a_token_that_everybody_can_read_is_warned_of(folder: Path, mode: int) -> None:
    """If every user of the machine can read a token, then a warning names file, mode and remedy, and all works."""
    text = f"every user of this machine can read {folder}/token (mode {mode:04o})"
    remedy = "make the exporter's user its owner and chmod 600 it"
    assert warned_of(folder, mode) == [f"{folder}/config.yaml:4: operations[0].token_file: {text}; {remedy}"]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_token_for_the_owner_or_a_group_is_not(folder: Path, mode: int) -> None:
    """If only the owner, or a group that somebody chose, can read a token, then nobody is bothered."""
    assert warned_of(folder, mode) == []


def test_a_token_in_a_closed_folder_is_not(folder: Path) -> None:
    """If others cannot enter the folder, then the mode of the file in it does not matter."""
    folder.chmod(0o750)
    assert warned_of(folder, 0o644) == []


def test_a_link_is_as_open_as_where_it_leads(folder: Path) -> None:
    """If the token file is a link, as in Kubernetes, then the file behind it counts."""
    (folder / "closed").mkdir(mode=0o700)
    (folder / "closed" / "real").touch()
    (folder / "token").symlink_to("closed/real")
    assert warned_of(folder, 0o644) == []
    (folder / "closed").chmod(0o755)
    assert len(warned_of(folder, 0o644)) == 1


async def test_a_secret_mounted_read_only_is_not(folder: Path) -> None:
    """If a container is given its secrets read-only, as containers are, then it is not told to change their mode."""
    load_text(folder, operation())
    check = (*EXPORTER, "check", f"--config.file={folder}/config.yaml")
    (folder / "token").chmod(0o444)
    await require_mounts(folder)
    assert "every user" in (await run(*check)).err
    mounted = await run(*READ_ONLY, "sh", folder, *check)
    assert (mounted.code, mounted.err) == (0, "")
    assert TOKEN not in mounted.out


async def require_mounts(folder: Path) -> None:
    """Skip the test where nothing may be mounted; fail on a CI machine."""
    if (await run(*READ_ONLY, "sh", folder, "true")).code != 0:
        missing = "nothing may be mounted here; run the tests as root"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
