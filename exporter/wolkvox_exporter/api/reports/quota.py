"""The quota report: `information.php?api=token_info`, the calls of the day. Asking costs one call itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wolkvox_exporter.api import response, values
from wolkvox_exporter.api.client import Call
from wolkvox_exporter.api.fields import Field, Fields, Unread
from wolkvox_exporter.api.response import Answer

CALL = Call("information.php", {"api": "token_info"}, "the quota")
LIMIT = "token_limit"
USED = "all_token_today"
USED_BY_TOKEN = "token_use_today"  # noqa: S105 - the name of a key
NUMBERS: Fields = {
    LIMIT: Field("10000", values.count),
    USED: Field("1344", values.count),
    USED_BY_TOKEN: Field("672", values.count),
}
FIELDS = tuple(NUMBERS)


@dataclass(frozen=True, slots=True)
class QuotaReport:
    """Calls by their key in the API, and what could not be read."""

    calls: Mapping[str, float]
    unread: Unread


def read(answer: Answer) -> QuotaReport:
    """Read an answer; raises `ApiError` where it is no report."""
    row = response.read(answer, _first_object, *FIELDS)
    if row is None:
        raise response.unexpected_shape("the quota report is empty")
    unread = Unread()
    unread.rows = 1
    return QuotaReport(unread.read_all(row, NUMBERS), unread)


def _first_object(rows: Iterator[object]) -> dict[str, object] | None:
    return next((row for row in rows if isinstance(row, dict)), None)
