"""The simulated wolkvox: its reports over HTTP, with its limits, its errors and the faults one asks for."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from wolkvox_exporter.runtime.clock import Clock
from wolkvox_exporter.simulator import answers, faults
from wolkvox_exporter.simulator.answers import Answer
from wolkvox_exporter.simulator.calls import Call, Log, Visit
from wolkvox_exporter.simulator.fault import Fault
from wolkvox_exporter.simulator.faults import Order
from wolkvox_exporter.simulator.mishaps import ELSEWHERE, MISHAPS
from wolkvox_exporter.simulator.operation import Operation
from wolkvox_exporter.simulator.quota import Quota
from wolkvox_exporter.simulator.truth import Poll
from wolkvox_exporter.simulator.window import Window

REPORTS = {
    ("real_time.php", "campaigns"): "campaigns",
    ("real_time.php", "skills"): "skills",
    ("real_time.php", "agents"): "agents",
    ("reports_manager.php", "campaign_6"): "amd",
    ("information.php", "token_info"): "quota",
}
"""The reports' names, by file and `api` parameter."""

_READABLE = {None, Fault.BOM, Fault.PHP_WARNING}
"""The faults whose answer still is a good report."""
_HOST = "127.0.0.1"
_IDLE_SECONDS = 5.0
_CLOSING_SECONDS = 0.1
_PEERS_ALLOWED = 1
_PARAMETERS = {"amd": {"campaign_id", "date_ini", "date_end"}, "skills": {"skill_id"}}
"""The parameters without which a report is refused."""
_WHOLE_SECONDS = re.compile(r"[0-9]{1,6}")


class Simulator:
    """A wolkvox with `operations`, on the time of `clock`.

    `envelope=False` gives the real-time reports as the bare list that the vendor documents for campaigns.
    `amd_all=False` is a server that does not know `campaign_id=all`, whatever its operations say. `speed` is how many
    seconds of dialling, of timetables and of the AMD report's lag pass in a second; the dates of detections and the
    days of the quota and of what skills and agents did are those of the clock. `delay` are real seconds before every
    answer. `calls` lists the calls that have ended, `followed` counts those that followed a redirect.
    """

    def __init__(
        self,
        operations: Iterable[Operation],
        clock: Clock,
        *,
        envelope: bool = True,
        speed: float = 1.0,
        delay: float = 0.0,
        amd_all: bool = True,
    ) -> None:
        self.operations = list(operations)
        self.delay = delay
        self.followed = 0
        self._clock = clock
        self._envelope = envelope
        self._speed = speed
        self._amd_all = amd_all
        self._log = Log(clock)
        self._orders: list[Order] = []
        self._owners = {token: operation for operation in self.operations for token in operation.tokens}
        self._revoked: set[str] = set()
        self._quotas = {operation.name: Quota(operation) for operation in self.operations}
        self._frozen = False
        self._tasks: set[asyncio.Task[object]] = set()
        self._advance()

    @property
    def calls(self) -> list[Call]:
        """The calls that have ended, in that order; a call is in it before its answer leaves."""
        return self._log.ended

    @property
    def truth_at_polls(self) -> dict[str, list[Poll]]:
        """The truth at each good campaigns report, by operation; `Poll.since` compares two of them."""
        return {operation.name: list(operation.polls) for operation in self.operations}

    @property
    def in_flight(self) -> int:
        """Calls that have arrived and not ended."""
        return self._log.in_flight

    async def until(self, *, in_flight: int) -> None:
        """Return when exactly so many calls are in flight."""
        await self._log.until(in_flight)

    @asynccontextmanager
    async def serving(
        self, *listeners: socket.socket, host: str = _HOST, ssl_context: ssl.SSLContext | None = None
    ) -> AsyncIterator[str]:
        """Serve meanwhile, and give the base URL as it begins with this host; by default on a free port of it."""
        app = web.Application()
        app.router.add_get("/api/v2/{file}", self._serve)
        app.router.add_get(ELSEWHERE, self._follow)
        runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            keepalive_timeout=_IDLE_SECONDS,
            shutdown_timeout=_CLOSING_SECONDS,
        )
        await runner.setup()
        try:
            for listener in listeners or (socket.create_server((host, 0)),):
                await web.SockSite(runner, listener, ssl_context=ssl_context).start()
            yield f"{'https' if ssl_context else 'http'}://{host}:{runner.addresses[0][1]}/api/v2"
        finally:
            await self._hang_up()
            await runner.cleanup()

    def inject(
        self, fault: Fault, *, operation: str | None = None, report: str | None = None, times: int | None = None
    ) -> None:
        """Answer calls of `operation` for `report` (None: any) with `fault`, `times` times or until `heal`.

        Of several faults that fit a call, the first injected is served until it is used up.
        """
        self._orders.append(Order(fault, operation, report, times))

    def heal(self) -> None:
        """Forget all injected faults."""
        self._orders.clear()

    def revoke(self, token: str) -> None:
        """Refuse `token` from now on; its calls still count as its operation's. KeyError if no operation has it."""
        if token not in self._owners:
            raise KeyError("no operation has the token to revoke")
        self._revoked.add(token)

    def accept(self, token: str, operation: str) -> None:
        """Take `token` as one of `operation`. KeyError if there is no such operation."""
        self._owners[token] = self._quotas[operation].operation
        self._revoked.discard(token)

    def freeze(self) -> None:
        """Let the figures stand still."""
        self._advance()
        self._frozen = True

    def unfreeze(self) -> None:
        """Let the figures move on from where they stood."""
        for operation in self.operations:
            operation.skip(self._clock.time())
        self._frozen = False

    def _advance(self) -> None:
        if not self._frozen:
            for operation in self.operations:
                operation.advance(self._clock.time(), self._speed)

    async def _hang_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, _: web.Request) -> web.StreamResponse:
        self.followed += 1
        return web.Response(text="nothing to see here")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        visit = self._visit(request)
        with self._log.stay(visit):
            await asyncio.sleep(self.delay)
            if visit.fault in MISHAPS:
                visit.status, mishap = MISHAPS[visit.fault]
                return await mishap(request, self._honest(visit))
            answer = self._answer(visit)
            visit.status = answer.status
            return answer.response()

    def _visit(self, request: web.Request) -> Visit:
        token = request.headers.get("wolkvox-token", "")
        operation = self._owners[token].name if token in self._owners else ""
        report = REPORTS.get((request.match_info["file"], request.query.get("api", "")), "")
        fault = next((order.fault for order in self._orders if order.draw(operation, report)), None)
        return Visit(operation, report, token, dict(request.query), fault)

    def _answer(self, visit: Visit) -> Answer:
        if visit.fault in faults.REFUSALS:
            return faults.refusal(visit.fault, visit.token)
        honest = self._honest(visit)
        return faults.spoiled(visit.fault, honest) if visit.fault else honest

    def _honest(self, visit: Visit) -> Answer:
        refused = self._refused(visit)
        if refused is not None:
            return faults.refusal(refused)
        self._advance()
        operation = self._owners[visit.token]
        match visit.report:
            case "campaigns":
                good = visit.fault in _READABLE
                rows = operation.reported(self._clock.time()) if good else operation.rows()
                return answers.report(rows, envelope=self._envelope)
            case "skills":
                return self._skills(operation, visit)
            case "agents":
                if visit.fault in _READABLE:
                    operation.keep_agents(self._clock.time())
                return answers.report(operation.agents_rows(), envelope=self._envelope)
            case "amd":
                return self._detections(operation, visit.params)
            case _:
                return answers.report([self._quotas[operation.name].row(visit.token, self._clock.time())])

    def _refused(self, visit: Visit) -> Fault | None:
        if not visit.token:
            return Fault.NO_TOKEN
        if visit.token not in self._owners or visit.token in self._revoked:
            return Fault.TOKEN_REFUSED
        if visit.peers > _PEERS_ALLOWED:
            return Fault.CONCURRENCY
        if not visit.report:
            return Fault.BAD_REQUEST
        if not _is_complete(visit):
            return Fault.MISSING_PARAMETERS
        paid = self._quotas[visit.operation].spend(visit.token, self._clock.time())
        return None if paid else Fault.QUOTA_EXCEEDED

    def _skills(self, operation: Operation, visit: Visit) -> Answer:
        wanted = visit.params["skill_id"]
        if wanted == "all" and operation.skills_all is not None:
            return faults.refusal(operation.skills_all)
        skills = operation.skills(wanted)
        if wanted != "all" and not skills:
            return faults.refusal(Fault.NO_DATA)
        if visit.fault in _READABLE:
            operation.keep_skills(self._clock.time(), skills)
        threshold = visit.params.get("services_time")
        rows = [skill.row(None if threshold is None else int(threshold)) for skill in skills]
        return answers.report(rows, envelope=self._envelope, code=200)

    def _detections(self, operation: Operation, params: Mapping[str, str]) -> Answer:
        try:
            window = Window.asked(params)
        except ValueError:
            return faults.refusal(Fault.NO_DATA)
        wanted = params["campaign_id"]
        is_offered = self._amd_all or wanted != "all"
        rows = operation.amd_rows(wanted, window, self._clock.time(), self._speed) if is_offered else []
        return answers.report(rows, code=200) if rows else faults.refusal(Fault.NO_DATA)


def _is_complete(visit: Visit) -> bool:
    """Whether the report has all its parameters, and a threshold of service, if given, is whole seconds."""
    if not visit.params.keys() >= _PARAMETERS.get(visit.report, set()):
        return False
    return visit.report != "skills" or bool(_WHOLE_SECONDS.fullmatch(visit.params.get("services_time", "0")))
