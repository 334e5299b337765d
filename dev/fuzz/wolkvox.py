"""The API of a simulation: answers as it was told to, in simulated time, and knows its own clock and tokens."""

import json
from dataclasses import dataclass, field
from functools import lru_cache

from fuzz.course import CHOSEN, LISTS, Event, Terms, What, skill_of
from fuzz.faults import Fault, answer
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.response import Answer

LIMIT = 1000.0
_DAY, _ZONE = 86_400.0, -5 * 3600.0
_AGENTS = Answer(200, json.dumps([{"agent_id": "12001", "agent_status": "READY"}]).encode())
_NO_DATA = Answer(404, b'{"code": "404", "error": "Not Found", "msg": "Validate dates entered"}')


@dataclass(frozen=True)
class Reply:
    """How a call ends: when, how if not well, and what it tells.

    `listed` are the campaigns of an answer, `detected` whether it has detections, or skills that were asked for, `left`
    the calls left of the day.
    """

    took: float
    fault: Fault | None = None
    content: Answer | ApiError = field(default=_NO_DATA, repr=False)
    listed: tuple[tuple[str, bool, int], ...] = ()
    detected: bool = False
    left: float = 0.0


@dataclass
class _Circumstances:
    """What befalls the calls of one operation."""

    faults: list[tuple[Fault, str]] = field(default_factory=list)
    refused: dict[str, Fault] = field(default_factory=dict)
    takes: float = 0.5
    listed: tuple[tuple[str, bool, int], ...] = LISTS[2]
    holds_back: float = False
    refuses_all: float = False
    used: float = 0.0


_CIRCUMSTANCES = {
    What.ANSWERS_TAKE: "takes",
    What.OTHERS_CALL: "used",
    What.ALL_HOLDS_BACK: "holds_back",
    What.ALL_SKILLS_REFUSED: "refuses_all",
}
"""Which of them an event sets to its value."""


class Api:
    """What all operations talk to. `instant` is the true time of day, which no one sets."""

    def __init__(self, terms: tuple[Terms, ...]) -> None:
        self._of = {one.name: _Circumstances(refuses_all=one.is_old) for one in terms}
        self._revoked: set[str] = set()
        self._exhausted: dict[str, float] = {}
        """Tokens whose calls of the day are used up, until an instant."""

    def happens(self, event: Event, name: str, token: str, instant: float) -> None:
        """Let something change for an operation whose token is this."""
        here, value = self._of[name], event.value
        if event.what in _CIRCUMSTANCES:
            setattr(here, _CIRCUMSTANCES[event.what], value)
        match event.what, value:
            case What.CALLS_FAIL, (Fault() as fault, int(times), str(report)):
                here.faults = [(fault, report)] * times
            case What.REPORT_REFUSED, (Fault() as fault, str(report)):
                here.refused[report] = fault
            case What.TOKEN_REVOKED, _:
                self._revoked.add(token)
            case What.QUOTA_EXHAUSTED, float(ahead):
                self._exhausted[token] = instant + _to_midnight(instant + ahead)
            case What.CAMPAIGNS, float(place):
                here.listed = LISTS[int(place)]
            case What.ALL_IS_WELL, _:
                self._of = {
                    each: _Circumstances(listed=one.listed, refuses_all=one.refuses_all)
                    for each, one in self._of.items()
                }
                self._revoked.clear()
                self._exhausted.clear()

    def reply(self, terms: Terms, token: str, report: str, subject: str, instant: float) -> Reply:
        """Return how a call ends that begins now."""
        here = self._of[terms.name]
        fault = self._fault(here, token, report, instant)
        took = terms.timeout if fault is Fault.TIMEOUT or here.takes >= terms.timeout else here.takes
        if took == terms.timeout:
            fault = Fault.TIMEOUT
        if fault is None and here.refuses_all and (report, subject) == ("skills", "all"):
            fault = Fault.REQUEST
        if fault is not None:
            try:
                return Reply(took, fault, answer(fault))
            except ApiError as error:
                return Reply(took, fault, error)
        return self._good(here, report, subject, took)

    def _good(self, here: _Circumstances, report: str, subject: str, took: float) -> Reply:
        match report:
            case "campaigns":
                return Reply(took, None, _campaigns(here.listed), here.listed)
            case "skills":
                # of the last one nothing is known where it is asked for alone
                found = CHOSEN if subject == "all" else (subject,) * (subject != CHOSEN[-1])
                return Reply(took, None, _skills(found), detected=bool(found))
            case "agents":
                return Reply(took, None, _AGENTS)
            case "quota":
                return Reply(took, None, _quota(here.used), left=LIMIT - here.used)
        shown = [key for key, _, machines in here.listed if machines and (subject == key or not here.holds_back)]
        shown = [key for key in shown if subject in ("all", key)]
        return Reply(took, None, _detections(tuple(shown)) if shown else _NO_DATA, detected=bool(shown))

    def _fault(self, here: _Circumstances, token: str, report: str, instant: float) -> Fault | None:
        if token in self._revoked:
            return Fault.TOKEN
        if instant < self._exhausted.get(token, instant):
            return Fault.QUOTA
        if report in here.refused:
            return here.refused[report]
        if here.faults and here.faults[0][1] in ("any", report):
            return here.faults.pop(0)[0]
        return None


def _to_midnight(instant: float) -> float:
    return _DAY - (instant + _ZONE) % _DAY


@lru_cache(maxsize=64)
def _campaigns(listed: tuple[tuple[str, bool, int], ...]) -> Answer:
    rows = [
        {
            "campaign": f"{key} - C{key}",
            "status": "started" if started else "stopped",
            "skill_id": skill_of(key),
            "answer_machine": f"{machines}",
        }
        for key, started, machines in listed
    ]
    return Answer(200, json.dumps(rows).encode())


@lru_cache(maxsize=64)
def _skills(ids: tuple[str, ...]) -> Answer:
    return Answer(200, json.dumps([{"skill_id": key, "stat_inbound": "7"} for key in ids]).encode())


@lru_cache(maxsize=64)
def _detections(keys: tuple[str, ...]) -> Answer:
    return Answer(200, json.dumps([{"campaign_id": key, "total_amd": "7"} for key in keys]).encode())


@lru_cache(maxsize=64)
def _quota(used: float) -> Answer:
    row = {"token_limit": f"{LIMIT:.0f}", "all_token_today": f"{used:.0f}", "token_use_today": "1"}
    return Answer(200, json.dumps([row]).encode())
