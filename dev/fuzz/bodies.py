"""The property of the pipeline: no answer breaks it, and what it publishes is what the answer says."""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from prometheus_client.samples import Sample

from fuzz import oracle, queues, tables
from fuzz.oracle import UNREADABLE, Labels, Row
from fuzz.pipeline import Pipeline, Poll
from fuzz.replies import REPORTS, TOKEN, Reply
from fuzz.shown import Samples, Series, more_today_than_counted, unreadable_since, value
from support.openmetrics import read_openmetrics, read_text
from wolkvox_exporter.api.errors import Reason

PHONES = "wolkvox_campaign_phone_dialed_ratio"
DETECTIONS = "wolkvox_campaign_amd_detections"
_CONTENT = {
    "campaigns": ("wolkvox_campaign_", "wolkvox_campaigns"),
    "skills": ("wolkvox_skill",),
    "agents": ("wolkvox_agents",),
    "amd": ("wolkvox_amd_",),
    "quota": ("wolkvox_quota_limit", "wolkvox_quota_used", "wolkvox_quota_token"),
}


def check_promises(pipeline: Pipeline, rounds: list[dict[str, Reply]]) -> None:
    """Check every promise about some rounds of answers."""
    polls = pipeline.polls(rounds)
    shown = [samples(poll) for poll in polls]
    read_by_the_library(polls[-1])
    seen = Seen()
    for poll, replies, before, after in zip(polls, rounds, [{}, *shown], shown, strict=False):
        assert TOKEN.casefold() not in (poll.text + poll.openmetrics + poll.log).casefold()
        assert "Traceback" not in poll.log
        for report in REPORTS:
            if report in poll.asked:
                check(report, redacted(replies[report]), before, after, seen)
            else:
                assert content(before, report) == content(after, report) or seen.names_changed
    for before, after in pairwise(shown):
        assert all(after.get(key, value) >= value for key, value in before.items() if key[0].endswith("_total"))
    assert not any(map(more_today_than_counted, shown))


def samples(poll: Poll) -> Samples:
    """Return what both formats show alike; every value finite and none below zero, no series twice.

    The library's parsers take a hundred times as long as this one, and read the last of each run.
    """
    lines, others = (
        [line for line in text.split("\n") if line and line[0] != "#"] for text in (poll.text, poll.openmetrics)
    )
    assert lines == others
    found = dict(map(_sample, lines))
    assert len(found) == len(lines), "a series stands twice"
    assert all(math.isfinite(value) and value >= 0 for value in found.values())
    return found


_LINE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)', re.ASCII)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"', re.ASCII)
_UNESCAPED = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


def _sample(line: str) -> tuple[Series, float]:
    found = _LINE.fullmatch(line)
    assert found, line
    name, labels, number = found.groups()
    pairs = [
        (key, re.sub(r"\\.", lambda escape: _UNESCAPED[escape[0]], text)) for key, text in _LABEL.findall(labels or "")
    ]
    return (name, tuple(sorted(pairs))), float(number)


def read_by_the_library(poll: Poll) -> None:
    """Check that the client library's parsers see the same in both formats."""
    text, openmetrics = (
        read(read_text(_content_of(poll.text))),
        read(read_openmetrics(_content_of(poll.openmetrics))),
    )
    assert text == openmetrics == {key: number for key, number in samples(poll).items() if _is_content(key[0])}


def _is_content(line: str) -> bool:
    return line.startswith(("wolkvox_campaign", "wolkvox_skill", "wolkvox_agents", "wolkvox_quota", "wolkvox_amd"))


def _content_of(page: str) -> str:
    """Return the families whose values or labels come from answers; the others are the same whatever is answered."""
    lines = page.split("\n")
    return "\n".join(
        line
        for line in lines
        if _is_content(line.removeprefix("# HELP ").removeprefix("# TYPE ")) or line in ("# EOF", "")
    )


def read(published: Iterable[Sample]) -> Samples:
    """Return the samples of an exposition by name and labels."""
    found: dict[Series, float] = {}
    for sample in published:
        key = sample.name, tuple(sorted(sample.labels.items()))
        assert key not in found, f"{key} stands twice"
        found[key] = sample.value
    return found


def content(shown: Samples, report: str) -> Samples:
    """Return the samples that come from a report's content."""
    return {
        key: number
        for key, number in shown.items()
        if key[0].startswith(_CONTENT[report]) and (key[0] != DETECTIONS or report == "amd")
    }


def redacted(reply: Reply) -> Reply:
    """Return an answer as it may be understood: with stars in the place of the token, in upper or lower case."""
    return replace(reply, body=re.sub(re.escape(TOKEN.encode()), b"***", reply.body, flags=re.IGNORECASE))


class Seen:
    """What good campaigns reports have shown so far: the rows that an AMD row may be named after."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.detections: list[object] = []
        self.names_changed = False


def check(report: str, reply: Reply, before: Samples, after: Samples, seen: Seen) -> None:
    """Check one poll: it failed and changed nothing but what tells so, or what it published is in the answer."""
    rises = {
        reason: value_of_failures(after, report, reason) - value_of_failures(before, report, reason)
        for reason in Reason
    }
    assert (value(after, "wolkvox_polls_total", report=report) or 0) == 1 + (
        value(before, "wolkvox_polls_total", report=report) or 0
    )
    if value(after, "wolkvox_up", report=report):
        assert sum(rises.values()) == 0
        succeeded(report, reply, before, after, seen)
    else:
        assert sum(rises.values()) == 1
        failed(report, reply, {reason for reason, rise in rises.items() if rise}, before, after)


def value_of_failures(shown: Samples, report: str, reason: str) -> float:
    """Return how many polls failed so."""
    return value(shown, "wolkvox_poll_failures_total", report=report, reason=reason) or 0


def failed(report: str, reply: Reply, reasons: set[Reason], before: Samples, after: Samples) -> None:
    """Check a failed poll: for an allowed reason, where no good answer came, and without any new data."""
    assert reasons <= oracle.reasons(reply), (reasons, oracle.reasons(reply))
    whole, document = oracle.whole_document(reply)
    readable = reply.status == 200 and not oracle.is_compressed(reply)
    assert not (readable and whole and oracle.report_rows(document, report) is not None)
    stamp = "wolkvox_report_last_success_timestamp_seconds"
    assert value(before, stamp, report=report) == value(after, stamp, report=report)
    assert content(before, report) == content(after, report) or report == "amd"
    assert _counts(before, report) == _counts(after, report)


def _counts(shown: Samples, report: str) -> dict[Series, float]:
    """Return the counts of unreadable values; none is 0."""
    return {
        key: number
        for key, number in shown.items()
        if key[0] == "wolkvox_unreadable_values_total" and ("report", report) in key[1] and number
    }


def succeeded(report: str, reply: Reply, before: Samples, after: Samples, seen: Seen) -> None:
    """Check a good poll: what is published is what one of the readings allowed says."""
    if oracle.is_empty_window(reply, report) and not any(key[0] == DETECTIONS for key in after):
        return
    assert reply.status == 200
    whole, document = oracle.whole_document(reply)
    documents = [document] if whole else oracle.possible_documents(reply)
    found = [rows for document in documents if (rows := oracle.report_rows(document, report)) is not None]
    problems = [_problem(report, rows, before, after, seen) for rows in found]
    assert "" in problems, problems or "nothing in the answer is a report"
    if report == "campaigns":
        seen.rows = [row for row in found[problems.index("")] if isinstance(row, dict)] + seen.rows


def _problem(report: str, rows: list[object], before: Samples, after: Samples, seen: Seen) -> str:
    try:
        _CHECKS[report](rows, before, after, seen)
    except AssertionError as error:
        return str(error) or "differs"
    return ""


def _campaigns(rows: list[object], before: Samples, after: Samples, _: Seen) -> None:
    objects = [row for row in rows if isinstance(row, dict) and oracle.text(row.get("campaign"))]
    published = content(after, "campaigns")
    labels = {_labels(key) for key in published if key[0] in tables.GAUGES or key[0] == PHONES}
    owners = {each: next((row for row in objects if oracle.may_be_labelled(row, each)), None) for each in labels}
    for key, number in published.items():
        if key[0] in tables.GAUGES or key[0] in (PHONES, "wolkvox_campaign_records_result"):
            _derived(key, number, owners.get(_labels(key)) or _owner(objects, _labels(key)))
    for each, row in owners.items():
        assert row is not None, f"{each} is of no row"
        _complete(each, row, published)
    shown = value(after, "wolkvox_campaigns")
    assert shown is not None
    assert len(labels) <= shown <= len(objects)
    _unreadable("campaigns", objects, before, after)


def _labels(key: Series) -> Labels:
    labels = dict(key[1])
    return Labels(labels["campaign"], labels["campaign_id"], labels["skill"])


def _owner(rows: list[Row], labels: Labels) -> Row | None:
    return next((row for row in rows if oracle.may_be_labelled(row, labels)), None)


def _derived(key: Series, number: float, row: Row | None) -> None:
    """Check that a sample stands in the row of its labels."""
    assert row is not None, f"{key} is of no row"
    labels = dict(key[1])
    if key[0] == PHONES:
        assert number in oracle.phone_shares(row, labels["phone"]), f"{key} is not {number}"
        return
    field, how = (tables.RESULTS[labels["result"]], "count") if "result" in labels else tables.GAUGES[key[0]]
    assert oracle.cell(row, field, how) == number, f"{key} is not {number}"


def _complete(labels: Labels, row: Row, published: Samples) -> None:
    """Check that what can be read of a row is published."""
    common = {"operation": "fuzz", **vars(labels)}
    wanted: list[tuple[str, dict[str, str], str, str]] = [
        (name, {}, field, how) for name, (field, how) in tables.GAUGES.items()
    ]
    wanted += [
        ("wolkvox_campaign_records_result", {"result": name}, field, "count") for name, field in tables.RESULTS.items()
    ]
    for name, more, field, how in wanted:
        said = oracle.cell(row, field, how)
        shown = published.get((name, tuple(sorted({**common, **more}.items()))))
        assert shown == (None if said == UNREADABLE else said), f"{name} of {labels}: {said} is shown as {shown}"


def _unreadable(report: str, rows: list[Row], before: Samples, after: Samples) -> None:
    """Check that every value that cannot be read is counted under its key."""
    for field in tables.KEYS:
        if field in tables.OPTIONAL and not any(field in row for row in rows):
            said = 0
        elif field == tables.SKILL:
            said = sum(field not in row or oracle.text(row[field]) is None for row in rows)
        else:
            said = sum(oracle.cell(row, field, tables.HOWS[field]) == UNREADABLE for row in rows)
        rise = unreadable_since(before, after, report, field)
        assert rise == said, f"{said} unreadable of {field}, {rise} counted"


def _amd(rows: list[object], _: Samples, after: Samples, seen: Seen) -> None:
    said: dict[str, oracle.Reading] = {}
    for row in rows:
        written = oracle.text(row.get("campaign_id")) if isinstance(row, dict) else None
        found = _leading_digits(written or "")
        if found and isinstance(row, dict):
            said.setdefault(found, oracle.cell(row, "total_amd", "count"))
    shown = {_labels(key): number for key, number in after.items() if key[0] == DETECTIONS}
    good = {key: number for key, number in said.items() if number is not None and number != UNREADABLE}
    assert {labels.campaign_id: number for labels, number in shown.items()} == good
    assert len(shown) == len(good)
    for labels in shown:
        named = [row for row in seen.rows if oracle.may_be_labelled(row, labels)]
        assert named or (labels.campaign, labels.skill) == ("", ""), f"{labels} were never reported"


def _leading_digits(written: str) -> str:
    return written[: len(written) - len(written.lstrip("0123456789"))]


def _quota(rows: list[object], _: Samples, after: Samples, __: Seen) -> None:
    row = next(row for row in rows if isinstance(row, dict))
    for name, field in oracle.QUOTA.items():
        said = oracle.cell(row, field, "count")
        assert value(after, name) == (None if said == UNREADABLE else said), f"{name} is not {said}"


_CHECKS = {
    "campaigns": _campaigns,
    "skills": lambda rows, before, after, _: queues.skills(rows, before, after, content(after, "skills")),
    "agents": lambda rows, before, after, _: queues.agents(rows, before, after, content(after, "agents")),
    "amd": _amd,
    "quota": _quota,
}
