"""Web configurations of exporter-toolkit: taken and refused as there, but for what docs/web-config.md lists."""

import re
from pathlib import Path
from shutil import copytree

import pytest
import trustme

from docs.generate import ROOT
from support.certificates import Authority
from support.processes import run
from support.servers import HOST
from support.toolkit import OTHERS, PUBLISHED, Row
from support.tools import tool
from support.web import curl, guarded, written
from wolkvox_exporter.config import ConfigError
from wolkvox_exporter.web.toolkit import web_config

ROWS = PUBLISHED | OTHERS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an RSA certificate of the server, as theirs, and in `client` one of a client and its CA."""
    folder = tmp_path_factory.mktemp("certificates")
    Authority(folder).write(folder, key_type=trustme.KeyType.RSA)
    (folder / "client").mkdir()
    Authority(folder / "client").write(folder / "client", "one")
    return folder


@pytest.fixture
def folder(certificates: Path, tmp_path: Path) -> Path:
    """Return a folder of the test's own with these certificates."""
    return copytree(certificates, tmp_path, dirs_exist_ok=True)


def filled(row: Row, folder: Path) -> str:
    """Return the file, with certificate and key where they stand in it."""
    config = row.config
    for word, name in (("{cert}", "server.crt"), ("{key}", "server.key")):
        lines = (folder / name).read_text().splitlines()
        config = config.replace(word, "".join(f"    {line}\n" for line in lines))
    return config


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_accepted_or_refused_as_there(folder: Path, row: Row) -> None:
    """If exporter-toolkit takes a file, then it is taken here, and refused if refused, but for what is documented."""
    path = written(folder, filled(row, folder))
    if row.here:
        assert (web_config.load(path).tls is not None) == row.config.startswith("tls_server_config")
    else:
        with pytest.raises(ConfigError):
            web_config.load(path)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_promtool_agrees_about_there(folder: Path, row: Row) -> None:
    """If promtool, which has exporter-toolkit in it, knows all keys of a file, then it judges as is said here."""
    checked = await run(tool("promtool"), "check", "web-config", written(folder, filled(row, folder)))
    unknown = re.findall(r"field (\w+) not found in type", checked.err)
    if {"cert", "key", "client_ca", "client_allowed_sans", "rate_limit"} & set(unknown):
        pytest.skip(f"this promtool is older than {unknown[0]}")
    # that is found out only where it is served
    is_taken = row.there or "HTTP/2" in row.difference
    assert (checked.code == 0) == is_taken


CLIENTS = {name: row for name, row in ROWS.items() if row.clients}


@pytest.mark.parametrize("row", CLIENTS.values(), ids=CLIENTS)
async def test_clients_get_what_the_file_says(folder: Path, row: Row) -> None:
    """If an exporter has the file, then real clients come in or not, as it says: TLS, certificates, passwords."""
    assert row.here
    async with guarded(folder, filled(row, folder)) as port:
        for client, expected in row.clients:
            assert (client, await answer(folder, port, *client)) == (client, expected)


async def answer(folder: Path, port: int, *words: str) -> str:
    """Return what curl says of the health check, of a header if asked for one, or the suite that openssl agrees on."""
    if words[:1] == ("s_client",):
        found = await run(tool("openssl"), "s_client", "-connect", f"{HOST}:{port}", *words[1:])
        agreed = re.search(r"Cipher is (?!\(NONE\))(\S+)", found.out)
        return agreed.group(1) if agreed else ""
    flags = [str(folder / word) if word.startswith("client/") else word for word in words]
    scheme, trusting = "https", ["--cacert", str(folder / "ca.pem")]
    if "--plain" in flags:
        flags.remove("--plain")
        scheme, trusting = "http", []
    if "--header-of" in flags:
        at = flags.index("--header-of")
        header = flags[at + 1]
        flags[at : at + 2] = ["--output", "/dev/null", "--write-out", f"%header{{{header}}}"]
    return (await curl(*trusting, *flags, f"{scheme}://{HOST}:{port}/-/healthy")).out


def differences() -> set[str]:
    """Return the first column of the tables of docs/web-config.md that say what is otherwise than there."""
    document = (ROOT / "docs" / "web-config.md").read_text(encoding="utf-8")
    section = document.partition("## What is refused\n")[2].partition("\n## When the file changes")[0]
    cells = {line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")}
    # which system this is no file says
    return cells - {"written", "---", "`cert`, `key` in the file, on other systems than Linux"}


def test_every_difference_is_documented() -> None:
    """If a file is taken on one side alone, then docs/web-config.md says so; and each row there is tried here."""
    documented = differences()
    assert len(documented) > 10
    tried = {row.difference for row in ROWS.values() if row.difference}
    assert [start for start in sorted(tried) if not any(cell.startswith(start) for cell in documented)] == []
    assert [cell for cell in sorted(documented) if not any(cell.startswith(start) for start in tried)] == []
