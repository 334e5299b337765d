"""What is in the database: no token, nobody who works in an operation, and no password."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

from support.canary import assert_secret
from support.canned import Query, Reply, answering
from support.kept import readable
from support.postgresql import OWNER, PASSWORDS, ROLE, Cluster, cluster, run
from support.processes import PATIENCE, config_file, serving
from test_people import BODIES, PERSON, SECRETS

CANARY = "canary-of-a-database-5d1f"
ASKED = ("a good answer", "no state", "rows of another shape", "a message", "an error", "broken JSON", "a good answer")
"""The answers that name people, in which order they come."""


def _bodies() -> Iterator[Reply]:
    yield from chain((BODIES[case] for case in ASKED), repeat([PERSON]))


async def _dumped(server: Cluster) -> str:
    """Return all that is in the database, what is binary or compressed in there as text, too."""
    file = server.folder.with_name("dump")
    address = server.url(OWNER).replace(f"{OWNER}@", f"{OWNER}:{PASSWORDS[OWNER]}@")
    await run("pg_dump", "--dbname", address, "--file", file)
    text = file.read_text()
    binary = (bytes.fromhex(found) for found in re.findall(r"\\x((?:[0-9a-f]{2})+)", text))
    return "\n".join([text, *map(readable, binary)])


async def test_a_dump_of_the_database_names_neither_tokens_nor_people(tmp_path: Path) -> None:
    """If replicas have kept states and notes, then a dump has no token, no digest of one, no password and nobody."""
    bodies = _bodies()

    def agents(_: Query) -> Reply:
        return next(bodies)

    keys = {"ventas-co": {"token": CANARY, "amd": "off", "agents": "by_status", "agents_interval": "1s"}}
    async with cluster() as server, answering({"agents": agents}) as canned:
        (tmp_path / "password").write_text(PASSWORDS[ROLE])
        config = config_file(
            tmp_path, canned.url, keys, state=server.url(), interval="2s", state_password_file="password"
        )
        async with serving(config) as (exporter, _):
            async with asyncio.timeout(PATIENCE):
                while len(canned.of("agents")) <= len(ASKED):  # noqa: ASYNC110 - the exporter is another process
                    await asyncio.sleep(0.1)
            logged = exporter.text
        dump = await _dumped(server)
    # what it has of the operation is there to be read
    assert "4875" in dump
    assert '"agents"' in dump
    digests = [hashlib.new(name, CANARY.encode()).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")]
    assert_secret(dump + logged, CANARY, CANARY.encode().hex(), *digests, PASSWORDS[ROLE], *SECRETS)
