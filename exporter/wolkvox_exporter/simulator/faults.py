"""The ways in which the simulated API can fail, and the order of service when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from wolkvox_exporter.simulator import answers
from wolkvox_exporter.simulator.answers import Answer
from wolkvox_exporter.simulator.fault import Fault

REFUSALS = {
    Fault.BAD_REQUEST: (HTTPStatus.BAD_REQUEST, "THE API YOU WANT TO CONSULT DOES NOT EXIST"),
    Fault.MISSING_PARAMETERS: (HTTPStatus.BAD_REQUEST, "SOME PARAMETERS ARE REQUIRED"),
    Fault.NO_TOKEN: (HTTPStatus.UNAUTHORIZED, "PLEASE ENTER THE WOLKVOX-TOKEN"),
    Fault.TOKEN_REFUSED: (HTTPStatus.FORBIDDEN, "PLEASE VALIDATE TOKEN"),
    Fault.QUOTA_EXCEEDED: (HTTPStatus.FORBIDDEN, "TOKEN LIMIT EXCEEDED"),
    Fault.CONCURRENCY: (HTTPStatus.FORBIDDEN, "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)"),
    Fault.MAINTENANCE: (HTTPStatus.FORBIDDEN, "Plataforma en mantenimiento, intente de nuevo en unos minutos"),
    Fault.FORBIDDEN: (HTTPStatus.FORBIDDEN, "THIS OPERATION IS NOT ALLOWED TO USE THE API"),
    Fault.ECHO_TOKEN: (HTTPStatus.FORBIDDEN, "THE TOKEN {token} IS NOT ALLOWED HERE"),
    Fault.NOT_FOUND: (HTTPStatus.NOT_FOUND, "The requested resource was not found"),
    Fault.NO_DATA: (HTTPStatus.NOT_FOUND, "Validate dates entered"),
}
"""The faults that are an error object with its own status; they cost no call of the quota."""

_QUOTA = {"token_limit", "token_use_today", "all_token_today"}
_IDENTITY = frozenset({"campaign", "campaign_id", "agent_id", "agent_status", *_QUOTA})
_PHP_WARNING = (
    "<br />\n<b>Warning</b>:  Undefined array key 1 in <b>/var/www/html/api.php</b> on line <b>12</b><br />\n"
)


def refusal(fault: Fault, token: str = "") -> Answer:
    """Give the error object of one of `REFUSALS`."""
    status, message = REFUSALS[fault]
    return answers.error(status, message.format(token=token))


def spoiled(fault: Fault, honest: Answer) -> Answer:
    """Give what `fault` makes of the `honest` answer, which needs not be one with data."""
    return _REPLACED[fault] if fault in _REPLACED else _ALTERED[fault](honest)


def _empty(honest: Answer) -> Answer:
    return answers.report([], envelope=honest.envelope)


def _truncated(honest: Answer) -> Answer:
    return replace(honest, status=HTTPStatus.OK, body=honest.body[: len(honest.body) // 2])


def _renamed(honest: Answer) -> Answer:
    rows = [{f"{key}_new" if key in _identity(row) else key: row[key] for key in row} for row in honest.rows]
    return answers.report(rows, envelope=honest.envelope) if rows else honest


def _identity(row: answers.Row) -> frozenset[str]:
    # a campaign has a skill, a skill is one
    return _IDENTITY if "campaign" in row else _IDENTITY | {"skill_id"}


def _preceded(text: str) -> Callable[[Answer], Answer]:
    return lambda honest: replace(honest, body=text + honest.body)


_REPLACED = {
    Fault.SERVER_ERROR: answers.page(HTTPStatus.INTERNAL_SERVER_ERROR, "500 Internal Server Error"),
    Fault.HTML: answers.page(HTTPStatus.OK, "wolkvox"),
    Fault.CODE_IN_BODY: replace(refusal(Fault.TOKEN_REFUSED), status=HTTPStatus.OK),
    Fault.EMPTY_BODY: Answer(HTTPStatus.OK, ""),
    Fault.NULL_DATA: Answer(
        HTTPStatus.OK, answers.written({"code": "200", "error": None, "msg": "0 records were found", "data": None})
    ),
    Fault.DEEP: Answer(HTTPStatus.OK, "[" * 100_000 + "]" * 100_000),
}

_ALTERED: dict[Fault, Callable[[Answer], Answer]] = {
    Fault.EMPTY_LIST: _empty,
    Fault.TRUNCATED_JSON: _truncated,
    Fault.RENAMED_KEY: _renamed,
    Fault.BOM: _preceded("\ufeff"),
    Fault.PHP_WARNING: _preceded(_PHP_WARNING),
}


@dataclass
class Order:
    """A fault to serve: to which operation and report (None: any), and how many times more (None: until healed)."""

    fault: Fault
    operation: str | None
    report: str | None
    left: int | None

    def draw(self, operation: str, report: str) -> bool:
        """Whether a call of `operation` for `report` gets the fault; if so, it is counted."""
        if self.left == 0 or self.operation not in {None, operation} or self.report not in {None, report}:
            return False
        if self.left is not None:
            self.left -= 1
        return True
