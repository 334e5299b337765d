"""A wolkvox with many campaigns whose figures move, cheap enough not to be measured itself.

Which call was answered when, on the monotonic clock, which all processes of a machine share, is told under `/calls`.
"""

import argparse
import asyncio
import json
import time
from functools import lru_cache
from typing import Any

from aiohttp import web

WAITED = 2.0
"""Seconds that the first of several answers waits for the others."""
_LEFT = 90_000
_RESULTS = ("answer", "no_answer", "busy/congestion/failed", "answer_machine")
_ROW = {
    "campaign": "@id - Campaña @place (mora 30+) - tel1 (60.00%) - tel2 (4.00%)",
    "speed": "110%",
    "status": "started",
    "skill_id": "@skill",
    "records": "90,000",
    "clean": "@clean",
    "dial": "@dial",
    **dict.fromkeys(_RESULTS, "@quarter"),
    "penetration_day": "@share %",
    "penetration_now": "@share %",
    "hits": "@hits (2.00 %)",
    "calls_x_min": "8",
    "recycled": "0",
}
_UNREAD = "description"
"""A field that no campaigns report has, to make rows longer."""
_QUOTA = {"description": "", "token_limit": "90000", "token_use_today": "5", "all_token_today": "9"}


def _written(rows: list[Any]) -> str:
    envelope = {"code": "200", "error": None, "msg": "", "data": rows}
    return json.dumps(envelope, indent=4, ensure_ascii=False)


_HEAD, _TAIL = _written(["@row"]).split('"@row"')


@lru_cache(maxsize=16)
def campaigns(number: int, unread: int, round_: int) -> bytes:
    """Return the campaigns report of any operation, asked for the `round_`-th time, with so many unread bytes a row."""
    template = _template(unread)
    rows = (_row(template, place, 40 * round_ + place) for place in range(number))
    return (_HEAD + ",\n        ".join(rows) + _TAIL).encode()


def _template(unread: int) -> str:
    row = _ROW | ({_UNREAD: "x" * unread} if unread else {})
    return json.dumps(row, indent=4, ensure_ascii=False).replace("\n", "\n        ")


def _row(template: str, place: int, dialed: int) -> str:
    values = {
        "@id": f"{4000 + place}",
        "@place": f"{place}",
        "@skill": f"{4000 + place % 20}",
        "@clean": f"{_LEFT - dialed:,}",
        "@dial": f"{dialed:,}",
        "@quarter": f"{dialed // 4:,}",
        "@share": f"{100 * dialed / _LEFT:.2f}",
        "@hits": f"{dialed // 50}",
    }
    row = template
    for mark, value in values.items():
        row = row.replace(mark, value)
    return row


@lru_cache(maxsize=1)
def detections(number: int) -> bytes:
    """Return the AMD report of any operation."""
    return _written([{"campaign_id": f"{4000 + place}", "total_amd": f"{place}"} for place in range(number)]).encode()


class Upstream:
    """Answers whoever asks with `number` campaigns; so many answers as `together` says are sent at the same instant."""

    def __init__(self, number: int, unread: int, together: int) -> None:
        self._number = number
        self._unread = unread
        self._together = together
        self._rounds: dict[str, int] = {}
        self._answered: list[tuple[float, str, str]] = []
        self._waiting: list[asyncio.Future[None]] = []

    def application(self) -> web.Application:
        """Return what serves the API and what was asked of it."""
        app = web.Application()
        app.router.add_get("/api/v2/{file}", self._answer)
        app.router.add_get("/calls", self._calls)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        token, report = request.headers["wolkvox-token"], request.query["api"]
        if report == "campaigns":
            self._rounds[token] = self._rounds.get(token, 0) + 1
            body = campaigns(self._number, self._unread, self._rounds[token])
            await self._meet()
        else:
            body = detections(self._number) if report == "campaign_6" else _written([_QUOTA]).encode()
        self._answered.append((time.monotonic(), report, token))
        return web.Response(body=body, content_type="application/json")

    async def _meet(self) -> None:
        if self._together == 1:
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(WAITED, self._release, mine)
        if len(self._waiting) == self._together:
            self._release(mine)
        await mine

    def _release(self, of: asyncio.Future[None]) -> None:
        if of in self._waiting:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                each.set_result(None)

    async def _calls(self, _: web.Request) -> web.Response:
        return web.json_response(self._answered)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("campaigns", type=int)
    parser.add_argument("--unread", type=int, default=0)
    parser.add_argument("--together", type=int, default=1)
    options = parser.parse_args()
    for round_ in (1, 2):
        # the largest take a second to make
        campaigns(options.campaigns, options.unread, round_)
    app = Upstream(options.campaigns, options.unread, options.together).application()
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
