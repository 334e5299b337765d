"""A wolkvox with many campaigns whose figures move, cheap enough not to be measured itself."""

import asyncio
import json
import sys

from aiohttp import web

RESULTS = ("answer", "no_answer", "busy/congestion/failed", "answer_machine")


def campaigns(number: int, turn: int) -> bytes:
    """Return the campaigns report of one operation at its `turn`-th poll."""
    rows = []
    for place in range(number):
        dial = 40 * turn + place
        rows.append(
            {
                "campaign": f"{4000 + place} - Campaña {place} (mora 30+) - tel1 (60.00%) - tel2 (4.00%)",
                "speed": "110%",
                "status": "started",
                "skill_id": str(4000 + place % 20),
                "records": "90,000",
                "clean": f"{90_000 - dial:,}",
                "dial": f"{dial:,}",
                **dict.fromkeys(RESULTS, f"{dial // 4:,}"),
                "penetration_day": f"{dial / 900:.2f} %",
                "penetration_now": f"{dial / 900:.2f} %",
                "hits": f"{dial // 50} (2.00 %)",
                "calls_x_min": "8",
                "recycled": "0",
            }
        )
    return json.dumps({"code": "200", "error": None, "msg": "", "data": rows}, indent=4, ensure_ascii=False).encode()


def detections(number: int) -> bytes:
    """Return the AMD report of one operation."""
    rows = [{"campaign_id": str(4000 + place), "total_amd": str(place)} for place in range(number)]
    return json.dumps({"code": 200, "error": None, "msg": "", "data": rows}, indent=4).encode()


QUOTA = {"description": "", "token_limit": "90000", "token_use_today": "5", "all_token_today": "9"}


def application(number: int) -> web.Application:
    """Answer with `number` campaigns, whoever asks."""
    turns: dict[str, int] = {}

    async def answer(request: web.Request) -> web.Response:
        token, report = request.headers["wolkvox-token"], request.query["api"]
        turns[token] = turns.get(token, 0) + 1
        if report == "campaigns":
            body = await asyncio.to_thread(campaigns, number, turns[token])
        elif report == "campaign_6":
            body = detections(number)
        else:
            body = json.dumps({"code": "200", "data": [QUOTA]}).encode()
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/api/v2/{file}", answer)
    return app


if __name__ == "__main__":
    web.run_app(application(int(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
