"""Answers of an API that may send anything: real bodies, damaged ones, near misses, JSON of any shape, any bytes."""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hypothesis import strategies as st

from fuzz import tables
from wolkvox_exporter.simulator import demo_operations
from wolkvox_exporter.simulator.faults import REFUSALS

TOKEN = "canary-9d41c07be2"  # noqa: S105 - opens nothing; it must never be seen
REPORTS = ("campaigns", "skills", "agents", "amd", "quota")
_LEVELS = tuple(f"service_level_{seconds}seg" for seconds in (10, 20, 30, 40))
_COUNTS = ("calls_in_queue_now", "stat_inbound", "stat_answer", "stat_abandon", "inbound", "outbound", "internal")
_TIMES = tuple(f"{name}_time" for name in ("ready", "inbound", "outbound", "acw", "ring", "aux", "login"))
KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "campaigns": ("campaign", *tables.KEYS),
        "skills": ("skill_id", "skill_name", *_COUNTS[:4], "by_abandon", *_LEVELS),
        "agents": ("agent_status", "time_state_now", *_COUNTS[4:], *_TIMES),
        "amd": ("campaign_id", "total_amd"),
        "quota": ("token_limit", "token_use_today", "all_token_today", "description"),
    }
)


@dataclass(frozen=True)
class Reply:
    """One answer over HTTP."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = field(default=())


def _real() -> dict[str, list[dict[str, object]]]:
    operation = demo_operations()[0]
    amd: list[dict[str, object]] = [
        {"campaign_id": campaign.id, "total_amd": str(campaign.machine)} for campaign in operation.campaigns
    ]
    quota: dict[str, object] = dict.fromkeys(KEYS["quota"], "1,200")
    rows = {"campaigns": [dict(row) for row in operation.rows()], "amd": amd, "quota": [quota]}
    return {**rows, "skills": _skills(), "agents": _agents()}


def _skills() -> list[dict[str, object]]:
    values: dict[str, object] = dict.fromkeys(KEYS["skills"], "12")
    skill = values | dict.fromkeys(("by_abandon", *_LEVELS), "4.85 %") | {"skill_id": "4000", "skill_name": "VENTAS"}
    return [skill, skill | {"skill_id": "4001", "service_level_0seg": "0 %"}]


def _agents() -> list[dict[str, object]]:
    values: dict[str, object] = dict.fromkeys(KEYS["agents"], "12")
    agent = values | dict.fromkeys(_TIMES, "01:02:03") | {"agent_status": "READY"}
    return [agent | {"agent_id": "12001", "agent_name": TOKEN}, agent | {"agent_status": "Almuerzo"}]


REAL: Mapping[str, list[dict[str, object]]] = MappingProxyType(_real())
"""Rows as the simulator writes them."""

_digits = st.integers(0, 10**7)
_numbers = (
    _digits.map(str)
    | _digits.map("{:,}".format)
    | st.tuples(_digits, st.integers(0, 99)).map(lambda parts: f"{parts[0]:,}.{parts[1]:02}")
)
_percentages = st.tuples(_numbers, st.sampled_from(["%", " %"])).map("".join)
_durations = st.tuples(st.integers(0, 200), st.integers(0, 61), st.integers(0, 61)).map(
    lambda parts: "{:02}:{:02}:{:02}".format(*parts)
)
_ODD = (
    *(
        "",
        " ",
        "nan",
        "inf",
        "-1",
        "+1",
        "1e5",
        "1_000",
        "0x1",
        "1.",
        ".5",
        "1.2.3",
        "1,23",
        "1,2345",
        "0,500",
        "١٢",
        "½",
    ),
    *("1 %%", "5 %", "-3 %", "nan %", "12 (3.50 %)", "12 (3.50)", "(1 %)", "1 (1 %) x", "started", "STOPPED", "paused"),
    *(
        "9" * 310,
        "9" * 5000,
        "0." + "0" * 400 + "1",
        "1" + ",000" * 200,
        "1" + "0" * 15,
        "9" * 16,
        "null",
        "VAGENT",
        "\u00a07",
        "7\u2028",
        TOKEN,
    ),
)
_odd = st.sampled_from(_ODD)
_scalars = (
    _numbers | _percentages | _odd | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
)
_values = _scalars | st.lists(_scalars, max_size=2) | st.dictionaries(st.text(max_size=3), _scalars, max_size=2)
_GOOD_VALUES: Mapping[str, st.SearchStrategy[str]] = MappingProxyType(
    {
        "status": st.sampled_from(["started", "stopped", "Started", " STOPPED "]),
        "skill_id": st.sampled_from(["4000", "VAGENT", "", "4001"]),
        "agent_status": st.sampled_from(
            ["READY", "ready ", "Talk", "Almuerzo", "Reunio\u0301n", "x" * 101, "", "12001"]
        ),
        "time_state_now": _durations | _numbers,
        "by_abandon": _percentages,
        **dict.fromkeys(_LEVELS, _percentages),
        **dict.fromkeys(_TIMES, _durations),
        "hits": st.tuples(_numbers, _percentages).map(lambda pair: f"{pair[0]} ({pair[1]})"),
        **{key: _percentages for key, how in tables.HOWS.items() if how == "ratio"},
    }
)
_names = st.sampled_from(
    ["A", "B", "Norte - Sur", "ñandú (30+)", 'a "b" \\n', "línea\nlínea", "", "tel", "2026", "n" * 992, "n" * 1200]
) | st.text(max_size=10)
_SUFFIXES = (
    *("", " - tel1 (100%)", " - tel1 (5 %) - tel2 (1,000.5 %)", " - tel1 (1%), tel2 (2%)", " - Strategy (a (b) c)"),
    *(" - Autopilot (x)", " - tel1 ()", " - tel1 (100)", " - tel1 (5%) tel1 (6%)", " - tel1 (nan%)", " tel1 (5%)"),
    *(" - Strategy (x) - tel3 (7%)", " -", " - TEL9 (9%)"),
)
_suffixes = st.sampled_from(_SUFFIXES)
_ids = st.sampled_from(["4000", "4001", "4002", "77", "٤", "", "0", "4000.5"]) | st.integers(0, 10**6).map(str)
_campaigns = st.tuples(_ids, st.sampled_from([" - ", " - ", " - ", "-", " "]), _names, _suffixes).map("".join) | _values
_amd_ids = _ids | st.tuples(_ids, _names).map(" - ".join) | _values


def _cell(key: str) -> st.SearchStrategy[object]:
    if key == "campaign":
        return _campaigns
    if key == "campaign_id":
        return _amd_ids
    return _GOOD_VALUES.get(key, _numbers) | _values


@st.composite
def rows(draw: st.DrawFn, report: str) -> object:
    """Return a row of a report with some cells made anew, missing or renamed; now and then something else."""
    if draw(st.sampled_from([False] * 15 + [True])):
        return draw(_values)
    row = dict(draw(st.sampled_from(REAL[report])))
    keys = KEYS[report]
    for key in draw(st.lists(st.sampled_from(keys), max_size=5)):
        row[key] = draw(_cell(key))
    for key in draw(st.lists(st.sampled_from(keys), max_size=1)):
        value = row.pop(key, None)
        if draw(st.booleans()):
            row[key.upper()] = value
    return row


_codes = st.sampled_from([200, "200", "0", "", 0, None, " 200 "] * 3 + [403, "404", "500", True, "OK", 200.5])
_messages = st.sampled_from(
    [message for _, message in REFUSALS.values()] + ["3 records were found", "Mantenimiento", f"{TOKEN}", ""]
)


_SHAPES = ("list",) * 4 + ("envelope",) * 4 + ("one", "lame envelope", "anything")


@st.composite
def documents(draw: st.DrawFn, report: str) -> object:
    """Return a report's JSON: a list, an envelope, one object, or anything."""
    shape = draw(st.sampled_from(_SHAPES))
    if shape == "anything":
        return draw(_anything)
    found: object = draw(rows(report)) if shape == "one" else draw(st.lists(rows(report), max_size=4))
    if "envelope" not in shape:
        return found
    envelope = {"code": draw(_codes), "error": None, "msg": draw(_messages), "data": found}
    if shape == "lame envelope":
        del envelope[draw(st.sampled_from(list(envelope)))]
    return envelope


_anything = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "msg", "data", "campaign", "campaign_id", "token_limit", "x", TOKEN]), inner
        )
    ),
    max_leaves=8,
)


def _encoded(document: object, spacing: int | None, *, ascii_only: bool) -> bytes:
    return json.dumps(document, indent=spacing, ensure_ascii=ascii_only).encode(errors="surrogatepass")


@st.composite
def mutations(draw: st.DrawFn, body: bytes) -> bytes:
    """Return a body cut, with bytes changed, put in or left out, or with a piece of it twice."""
    first = draw(st.integers(0, len(body)))
    last = draw(st.integers(first, len(body)))
    match draw(st.integers(0, 5)):
        case 0:
            return body[:first]
        case 1:
            return body[:first] + body[last:]
        case 2:
            return body[:first] + draw(st.binary(max_size=4)) + body[first:]
        case 3:
            return body[:last] + body[first:]
        case 4:
            return body[first:]
        case _:
            return (
                body[:first] + draw(st.sampled_from([b'"', b"]", b"}", b",", b"\\", b"[", b"{", b"\0"])) + body[last:]
            )


_NOISE = (b"\xef\xbb\xbf", b"<br />\n<b>Warning</b>: [x] {y}\n", b"\n\n", b"[1] {")
_KINDS = ("plain",) * 10 + ("mutated", "mutated", "real, mutated", "noise", "encoding", "bytes", "text")


@st.composite
def bodies(draw: st.DrawFn, report: str) -> bytes:
    """Return what may stand in an answer for a report."""
    kind = draw(st.sampled_from(_KINDS))
    if kind == "bytes":
        return draw(st.binary(max_size=60))
    if kind == "text":
        return draw(st.text(max_size=60)).encode(errors="surrogatepass")
    real = st.sampled_from([REAL[report], {"data": REAL[report]}])
    document = draw(real if kind == "real, mutated" else documents(report))
    body = _encoded(document, draw(st.sampled_from([4, None])), ascii_only=draw(st.booleans()))
    if "mutated" in kind:
        return draw(mutations(body))
    if kind == "encoding":
        text, coding = body.decode(errors="replace"), draw(st.sampled_from(["utf-16", "latin-1", "utf-32", "cp1252"]))
        return text.encode(coding, errors="replace")
    return draw(st.sampled_from(_NOISE)) + body if kind == "noise" else body


_ODD_STATUSES = (201, 202, 204, 301, 302, 304, 400, 401, 403, 404, 407, 418, 429, 500, 502, 503)
_TYPES = (
    "application/json; charset=utf-8",
    "text/html",
    "application/json; charset=utf-16",
    "x",
    "",
    "a/b; charset=no",
)
_CODINGS = ("gzip", "deflate", "br", "identity", "IDENTITY", "?")
_MISHAPS = ("none",) * 16 + ("coding", "status", "refusal", "refusal")


@st.composite
def replies(draw: st.DrawFn, report: str) -> Reply:
    """Return an answer for a report."""
    body, mishap = draw(bodies(report)), draw(st.sampled_from(_MISHAPS))
    status, headers = 200, [("Content-Type", draw(st.sampled_from(_TYPES)))]
    if mishap == "coding":
        body = draw(st.sampled_from([gzip.compress(body, mtime=0), zlib.compress(body), body]))
        headers.append(("Content-Encoding", draw(st.sampled_from(_CODINGS))))
    elif mishap != "none":
        status = draw(st.sampled_from(_ODD_STATUSES))
    if mishap == "refusal":
        body = json.dumps({"code": str(status), "error": "x", "msg": draw(_messages)}).encode()
    return Reply(body, status, tuple(headers))


def rounds(longest: int) -> st.SearchStrategy[list[dict[str, Reply]]]:
    """Return what the five reports answer, poll after poll."""
    one = st.fixed_dictionaries({report: replies(report) for report in REPORTS})
    return st.lists(one, min_size=1, max_size=longest)
