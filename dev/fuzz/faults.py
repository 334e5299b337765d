"""How calls end, as the API and the network would have it, and what each end says of the token."""

import json
from collections.abc import Mapping
from enum import StrEnum, auto
from types import MappingProxyType

from wolkvox_exporter.api.errors import ApiError, Reason
from wolkvox_exporter.api.response import Answer


class Fault(StrEnum):
    """How a call can end but well."""

    RESET = auto()
    REFUSED_CONNECTION = auto()
    TIMEOUT = auto()
    SERVER_ERROR = auto()
    HTML = auto()
    REQUEST = auto()
    MAINTENANCE = auto()
    FORBIDDEN = auto()
    CONCURRENCY = auto()
    TOKEN = auto()
    QUOTA = auto()


REFUSING = frozenset({Fault.TOKEN, Fault.QUOTA})
"""What says that the token is not taken."""
SILENT = frozenset(
    {Fault.RESET, Fault.REFUSED_CONNECTION, Fault.TIMEOUT, Fault.SERVER_ERROR, Fault.MAINTENANCE, Fault.FORBIDDEN}
)
"""What says nothing of the token; all else shows that it was taken."""
_REFUSALS: Mapping[Fault, tuple[int, str]] = MappingProxyType(
    {
        Fault.SERVER_ERROR: (500, "oops"),
        Fault.REQUEST: (400, "THE API YOU WANT TO CONSULT DOES NOT EXIST"),
        Fault.MAINTENANCE: (403, "Plataforma en mantenimiento"),
        Fault.FORBIDDEN: (403, "no"),
        Fault.CONCURRENCY: (403, "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)"),
        Fault.TOKEN: (403, "PLEASE VALIDATE TOKEN"),
        Fault.QUOTA: (403, "TOKEN LIMIT EXCEEDED"),
    }
)
_ANSWERS: Mapping[Fault, Answer] = MappingProxyType(
    {
        fault: Answer(status, json.dumps({"code": str(status), "msg": message}).encode())
        for fault, (status, message) in _REFUSALS.items()
    }
    | {Fault.HTML: Answer(200, b"<html>wolkvox</html>")}
)


def answer(fault: Fault) -> Answer:
    """Return what the API says, or raise `ApiError` as a client does where nothing is said."""
    match fault:
        case Fault.RESET:
            raise ApiError(Reason.CONNECTION, "reset", reset=True)
        case Fault.REFUSED_CONNECTION:
            raise ApiError(Reason.CONNECTION, "refused")
        case Fault.TIMEOUT:
            raise ApiError(Reason.TIMEOUT, "no answer")
        case _:
            return _ANSWERS[fault]
