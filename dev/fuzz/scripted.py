"""An API on a clock that is turned by hand: it answers as it is told, takes its time, and writes every call down."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from types import MappingProxyType

from support.clock import ManualClock
from wolkvox_exporter.api.client import Call as Request
from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.response import Answer

REPORTS: Mapping[str, str] = MappingProxyType({"campaigns": "campaigns", "campaign_6": "amd", "token_info": "quota"})
"""Reports by the parameter `api`."""
TIMEOUT = 65.0
_MOMENT = 0.002
"""Real seconds in which a worker reads its token and waits for its turn."""


class LeapingClock(ManualClock):
    """Time that may also leap while a call is under way."""

    async def advance(self, seconds: float) -> None:
        """See `ManualClock.advance`; calls may make it later than that."""
        end = self._monotonic + seconds
        await self.settled()
        while self._next_wake() <= end:
            self._pass_until(max(self._monotonic, self._next_wake()))
            await self.settled()
        self._pass_until(max(self._monotonic, end))

    async def leap_until(self, condition: Callable[[], bool], longest: float) -> None:
        """Let time pass from one sleeper to the next until something is the case, though somebody may stay awake."""
        end = self._monotonic + longest
        while not condition() and self._next_wake() <= end:
            self._pass_until(max(self._monotonic, self._next_wake()))
            await asyncio.sleep(_MOMENT)


class Fault(StrEnum):
    """How a call can end but well."""

    RESET = auto()
    REFUSED_CONNECTION = auto()
    TIMEOUT = auto()
    SERVER_ERROR = auto()
    HTML = auto()
    MAINTENANCE = auto()
    FORBIDDEN = auto()
    CONCURRENCY = auto()
    TOKEN = auto()
    QUOTA = auto()


_REFUSALS = {
    Fault.SERVER_ERROR: (500, "oops"),
    Fault.MAINTENANCE: (403, "Plataforma en mantenimiento"),
    Fault.FORBIDDEN: (403, "no"),
    Fault.CONCURRENCY: (403, "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)"),
    Fault.TOKEN: (403, "PLEASE VALIDATE TOKEN"),
    Fault.QUOTA: (403, "TOKEN LIMIT EXCEEDED"),
}


@dataclass
class Call:
    """A call as the API saw it: seconds of the monotonic clock, and of the day's clock where it began."""

    operation: str
    report: str
    campaign: str
    token: str
    started: float
    at: float
    ended: float | None = None
    fault: Fault | None = None
    limit: float = 0.0
    used: float = 0.0
    """What the quota report answered, if this is one."""


@dataclass
class Api:
    """What all operations talk to. `limit` and `used` are the calls of the day that the quota report tells of."""

    clock: LeapingClock
    calls: list[Call] = field(default_factory=list)
    overlaps: list[Call] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    """What befalls an operation's next calls."""
    refused: set[str] = field(default_factory=set)
    exhausted: set[str] = field(default_factory=set)
    """Tokens that are revoked, and tokens whose calls of the day are used up."""
    delay: float = 0.0
    hung: bool = False
    """Whether calls are taken and never answered."""
    limit: float = 1000.0
    used: float = 0.0
    _in_flight: Counter[str] = field(default_factory=Counter)

    async def answer(self, operation: str, request: Request, token: str) -> Answer:
        """Answer, or fail as a connection does."""
        report = REPORTS[request.parameters["api"]]
        campaign = request.parameters.get("campaign_id", "")
        call = Call(operation, report, campaign, token, self.clock.monotonic(), self.clock.time())
        if self._in_flight[token]:
            self.overlaps.append(call)
        self.calls.append(call)
        self._in_flight[token] += 1
        try:
            call.fault = self._fault(operation, token)
            await self._pass(TIMEOUT if call.fault is Fault.TIMEOUT else self.delay)
            return self._answer(call)
        finally:
            call.ended = self.clock.monotonic()
            self._in_flight[token] -= 1

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return self._in_flight.total()

    async def _pass(self, seconds: float) -> None:
        """Let the call take its time; whoever is due meanwhile gets as far as its turn."""
        if self.hung:
            await asyncio.Event().wait()
        if seconds:
            self.clock.jump(seconds)
            await asyncio.sleep(_MOMENT)

    def _fault(self, operation: str, token: str) -> Fault | None:
        if self.hung:
            # nobody will hear what it would have said
            return Fault.TIMEOUT
        if token in self.refused:
            return Fault.TOKEN
        if token in self.exhausted:
            return Fault.QUOTA
        return self.faults[operation].pop(0) if self.faults[operation] else None

    def _answer(self, call: Call) -> Answer:
        match call.fault:
            case None:
                return Answer(200, json.dumps(self._rows(call)).encode())
            case Fault.RESET:
                raise ApiError(Reason.CONNECTION, "reset", reset=True)
            case Fault.REFUSED_CONNECTION:
                raise ApiError(Reason.CONNECTION, "refused")
            case Fault.TIMEOUT:
                raise ApiError(Reason.TIMEOUT, "no answer")
            case Fault.HTML:
                return Answer(200, b"<html>wolkvox</html>")
        status, message = _REFUSALS[call.fault]
        return Answer(status, json.dumps({"code": str(status), "msg": message}).encode())

    def _rows(self, call: Call) -> list[dict[str, str]]:
        if call.report == "campaigns":
            return [{"campaign": f"{4000 + n} - C{n}", "status": "started", "answer_machine": "3"} for n in range(5)]
        if call.report == "amd":
            return [{"campaign_id": call.campaign.replace("all", "4000"), "total_amd": "7"}]
        call.limit, call.used = self.limit, self.used
        return [{"token_limit": f"{self.limit:.0f}", "all_token_today": f"{self.used:.0f}", "token_use_today": "1"}]


@dataclass(frozen=True)
class Line:
    """One operation's way to the API: what a worker asks in place of a client."""

    operation: str
    api: Api

    async def get(self, request: Request, token: str) -> Answer:
        """See `Client.get`."""
        return await self.api.answer(self.operation, request, token)
