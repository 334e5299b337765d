"""A server whose answers are as a test has them, by the report that is asked for."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Query = Mapping[str, str]
Reply = object
"""A body, perhaps with its HTTP status, or what makes them of the query; what is no text is written as JSON."""
CAMPAIGNS: list[dict[str, object]] = [
    {"campaign": "4875 - Mora", "skill_id": "4000", "status": "started"},
    {"campaign": "4876 - Bienvenida", "skill_id": "4069", "status": "stopped"},
    {"campaign": "4877 - Mora 30", "skill_id": "4000", "status": "started"},
    {"campaign": "4878 - Bot", "skill_id": "VAGENT", "status": "started"},
    {"campaign": "4879 - Prueba", "skill_id": "", "status": "stopped"},
]


class Canned:
    """The answers by `api`, which may be replaced, and the queries that came."""

    def __init__(self, answers: Mapping[str, Reply]) -> None:
        self.answers = {"campaigns": CAMPAIGNS, **answers}
        self.asked: list[Query] = []
        self.url = ""

    def of(self, api: str) -> list[Query]:
        """Return the queries for a report."""
        return [query for query in self.asked if query["api"] == api]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as the test wants."""
        self.asked.append(dict(request.query))
        found: Reply = self.answers[request.query["api"]]
        while callable(found):
            found = found(request.query)
        status, body = written(found)
        return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


def written(reply: Reply) -> tuple[int, bytes]:
    """Return an answer's HTTP status and its bytes."""
    status, body = reply if isinstance(reply, tuple) else (200, reply)
    if isinstance(body, bytes):
        return status, body
    return status, (body if isinstance(body, str) else json.dumps(body)).encode()


@asynccontextmanager
async def answering(answers: Mapping[str, Reply]) -> AsyncIterator[Canned]:
    """Serve these answers."""
    canned = Canned(answers)
    app = web.Application()
    app.router.add_get("/api/v2/{file}", canned.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    canned.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v2"
    yield canned
    await runner.cleanup()
