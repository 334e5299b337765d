"""What is installed, and what is known of it."""

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from audit.vulnerabilities import CONTROL
from docs.generate import ROOT
from support.processes import Finished, run

PINNED = sorted(ROOT.glob("requirements/*.txt"))
VERSION = ROOT / "exporter" / "wolkvox_exporter" / "__init__.py"
RUNTIME = ROOT / "requirements/postgresql.txt"
AUDIT = ROOT / ".venv-audit" / "bin" / "python"
PIN = re.compile(
    r"(?m)^([a-z0-9][a-z0-9.-]*)==([^\s;]+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)
VALIDATE = """
import sys
from pathlib import Path
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(sys.argv[1]).read_text()) or "") or 0)
"""


@pytest.fixture
def audit_python() -> Path:
    """Give the interpreter of the audit's own environment; skip where there is none, fail on a CI machine."""
    if AUDIT.exists():
        return AUDIT
    missing = "the audit's environment is missing: make sbom"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def pins(path: Path) -> dict[tuple[str, str], set[str]]:
    """Return the hashes by name and version."""
    found = PIN.findall(path.read_text(encoding="utf-8"))
    return {(name, version): set(re.findall(r"[0-9a-f]{64}", hashes)) for name, version, hashes in found}


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes(path: Path) -> None:
    """If a file of pins has a line without an exact version and hashes, or names a host, then it is no pin."""
    text = path.read_text(encoding="utf-8")
    rest = re.sub(r"(?m)^\s*#.*\n", "", PIN.sub("", text))
    assert rest == ""
    assert "://" not in text


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_what_is_wanted_is_pinned(path: Path) -> None:
    """If a package is added to a file of wishes, then `make lock` has been run."""
    wishes = path.with_suffix(".in").read_text(encoding="utf-8")
    wanted = {name.lower() for name in re.findall(r"(?m)^([A-Za-z][\w-]*)", wishes)}
    assert wanted
    assert wanted <= {name for name, _ in pins(path)}


async def test_the_bill_of_materials_lists_the_pins(tmp_path: Path, audit_python: Path) -> None:
    """If one asks what runs, then the answer is a valid CycloneDX document with exactly the pins and their hashes."""
    path = tmp_path / "sbom.json"
    made = await run("make", f"SBOM={path}", "sbom", cwd=ROOT)
    assert (made.code, made.err) == (0, "")
    validated = await run(audit_python, "-c", VALIDATE, path)
    assert (validated.code, validated.err) == (0, "")
    text = path.read_text(encoding="utf-8")
    document = json.loads(text)
    listed = {(part["name"], part["version"]): hashes_of(part) for part in document["components"]}
    assert listed == pins(RUNTIME)
    about = document["metadata"]["component"]
    assert (about["name"], about["version"]) == ("wolkvox-exporter", version())
    # made again it is the same, wherever that is
    assert "timestamp" not in document["metadata"]
    assert str(ROOT) not in text


def hashes_of(component: dict[str, Any]) -> set[str]:
    """Return the hashes of a part."""
    return {known["content"] for place in component["externalReferences"] for known in place["hashes"]}


def version() -> str:
    """Return the exporter's version as its source has it."""
    (found,) = re.findall(r'^__version__ = "(.+)"$', VERSION.read_text(), re.MULTILINE)
    return str(found)


@asynccontextmanager
async def knowing(*vulnerable: str, status: int = 200) -> AsyncIterator[str]:
    """Serve OSV's question and answer, with one vulnerability in each of these packages; gives the address."""

    async def answer(request: web.Request) -> web.Response:
        name = (await request.json())["package"]["name"]
        events = [{"introduced": "0"}, {"fixed": "99.1"}]
        ranges = [{"type": "ECOSYSTEM", "events": events}]
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
        known = {"id": "GHSA-test", "summary": "everything", "affected": affected}
        return web.json_response({"vulns": [known]} if name in vulnerable else {}, status=status)

    app = web.Application()
    app.router.add_post("/v1/query", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/query"
    finally:
        await runner.cleanup()


async def audited(python: Path, url: str) -> Finished:
    """Run the audit of what runs."""
    return await run(python, ROOT / "dev" / "audit" / "vulnerabilities.py", RUNTIME, f"--osv-url={url}")


def test_what_is_known_to_be_vulnerable_is_none_of_ours() -> None:
    """If the package that shows whether the service knows anything became one of ours, then a test says so."""
    assert CONTROL[0] not in {name for path in PINNED for name, _ in pins(path)}


async def test_nothing_known_is_a_success(audit_python: Path) -> None:
    """If the service knows vulnerabilities, but none of ours, then the audit succeeds."""
    async with knowing(CONTROL[0]) as url:
        ended = await audited(audit_python, url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "known vulnerabilities in the packages of postgresql.txt: 0\n"


async def test_a_vulnerability_fails_with_its_remedy(audit_python: Path) -> None:
    """If one of our packages is vulnerable, then the audit names it, and the version that mends it."""
    async with knowing(CONTROL[0], "aiohttp") as url:
        ended = await audited(audit_python, url)
    assert ended.code == 1
    assert re.match(r"aiohttp \S+: GHSA-test, fixed in 99\.1; make lock\n", ended.out)


@pytest.mark.parametrize(("vulnerable", "status"), [([], 200), ([CONTROL[0]], 404), ([CONTROL[0]], 503)])
async def test_a_service_that_knows_nothing_is_no_success(
    audit_python: Path, vulnerable: list[str], status: int
) -> None:
    """If a mirror or proxy answers instead of the service, then that is told apart from good news."""
    async with knowing(*vulnerable, status=status) as url:
        ended = await audited(audit_python, url)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("COULD NOT BE CHECKED, so nothing is known: ")


async def test_a_service_out_of_reach_is_no_success(audit_python: Path) -> None:
    """If there is no network, then the audit does not pretend."""
    ended = await audited(audit_python, "http://127.0.0.1:9/v1/query")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("COULD NOT BE CHECKED, so nothing is known: ")
