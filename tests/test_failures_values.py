"""Bad rows and values within a good answer: each costs itself alone, and is told once."""

import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.clock import ManualClock
from support.fields import NEW_SERIES, PREFIX, READ, SERIES, WRITTEN, good_row
from support.operations import operation, running
from support.outcomes import call_centre, counts, polled
from support.samples import Samples
from support.servers import replying, serving

FIELDS = READ["campaigns"]
UNREADABLE = "wolkvox_unreadable_values_total"
BAD: dict[str, object] = {
    "speed": "110",
    "status": "paused",
    "records": "-5",
    "clean": "1e5",
    "dial": "nan",
    "answer": "1_000",
    "no_answer": "12,34",
    "busy/congestion/failed": "inf",
    "answer_machine": "1.2.3",
    "penetration_day": "0,5 %",
    "penetration_now": "many",
    "hits": "3",
    "calls_x_min": "+1",
    "recycled": ["1"],
    "campaign": "4875 - Ventas - tel1 (all)",
    "skill_id": {"id": "4000"},
}
"""Values that cannot be read, each in its own way; of a field that is not named here, a list."""
ROW = {
    "campaign": "4875 - Ventas - tel1 (100%)",
    "campaign_id": "4875",
    "total_amd": "7",
    "skill_id": "4000",
    "records": "100",
}


def series(samples: Samples) -> set[str]:
    """Return what is published of campaigns: the names, short, with the label that tells several apart."""
    return {
        " ".join([sample.name.removeprefix(PREFIX), *extra])
        for sample in samples.all
        if sample.name.startswith(PREFIX)
        for extra in [[value for label, value in sample.labels.items() if label in {"result", "phone"}]]
    }


def told(logs: list[MutableMapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return what the log says of fields: level, event and field."""
    return [(line["log_level"], line["event"], line["field"]) for line in logs if "field" in line]


@pytest.mark.parametrize("field", FIELDS)
async def test_a_bad_value_costs_its_own_sample_alone(field: str) -> None:
    """If one value cannot be read, then its sample is missing and counted, and everything else is published."""
    simulator = call_centre(ManualClock(), **{field: BAD.get(field, ["1"])})
    missing = WRITTEN["campaigns"][field].series if field in WRITTEN["campaigns"] else set()
    async with simulator.serving() as url, polled(url) as (exporter, _):
        samples = await exporter.samples()
        assert SERIES - series(samples) == missing
        assert series(samples) <= SERIES | NEW_SERIES
        assert counts(samples, UNREADABLE, "field", "campaigns") == {**dict.fromkeys(FIELDS, 0), field: 1}
        assert samples.value("wolkvox_up", report="campaigns") == 1
        assert samples.value("wolkvox_campaigns") == 1


@pytest.mark.parametrize("blank", ["", " ", None])
async def test_a_blank_value_is_missing_and_no_trouble(blank: str | None) -> None:
    """If a value is blank, then it has no sample, and nothing is counted or logged."""
    simulator = call_centre(ManualClock(), records=blank, hits=blank)
    with capture_logs() as logs:
        async with simulator.serving() as url, polled(url) as (exporter, _):
            samples = await exporter.samples()
    assert SERIES - series(samples) == {"records", "records_hit", "hit_ratio", "hits_total", "hits_today"}
    assert counts(samples, UNREADABLE, "field", "campaigns") == dict.fromkeys(FIELDS, 0)
    assert told(logs) == []


async def test_a_bad_field_is_logged_once_until_it_changes() -> None:
    """If a field stays unreadable, then the log says so once, and once more when it can be read again."""
    clock = ManualClock()
    simulator = call_centre(clock, records="many")
    raw = simulator.operations[0].campaigns[0].raw
    with capture_logs() as logs:
        async with simulator.serving() as url, running(operation(url, amd="off"), clock=clock) as exporter:
            await clock.advance(601)
            assert told(logs) == [("warning", "field cannot be read", "records")]
            del raw["records"]
            await clock.advance(600)
            assert told(logs)[1:] == [("info", "field can be read again", "records")]
            raw["records"] = "many"
            await clock.advance(300)
            assert told(logs)[2:] == [("warning", "field cannot be read", "records")]
            samples = await exporter.samples()
    assert counts(samples, UNREADABLE, "field", "campaigns")["records"] == 4
    line = next(line for line in logs if "field" in line)
    assert (line["operation"], line["report"], line["values"], line["example"]) == (
        *("ventas-co", "campaigns"),
        *(1, "'many'"),
    )


async def test_bad_rows_cost_themselves_alone() -> None:
    """If rows are no objects, nameless or there twice, then the others are published and each bad one is counted."""
    rows = [ROW, "not a row", {**ROW, "campaign": " "}, {"records": "1"}, {**ROW, "records": "999"}, None]
    async with serving(replying(json.dumps(rows).encode())) as server, polled(server.url) as (exporter, _):
        samples = await exporter.samples()
    assert samples.values("wolkvox_campaign_records") == [100]
    assert samples.value("wolkvox_campaigns") == 1
    assert samples.value("wolkvox_up", report="campaigns") == 1
    assert samples.value(UNREADABLE, field="campaign") == 5


async def test_keys_that_are_missing_are_counted_under_their_names() -> None:
    """If the API drops a documented key, then its samples are missing and counted, the others published."""
    async with serving(replying(json.dumps([ROW]).encode())) as server, polled(server.url) as (exporter, _):
        samples = await exporter.samples()
    assert series(samples) == {"records", "phone_dialed_ratio tel1"}
    counted = counts(samples, UNREADABLE, "field", "campaigns")
    assert counted == {key: float(key not in ROW and not field.optional) for key, field in FIELDS.items()}
    assert {"campaign", "skill_id", "records"} <= {key for key, number in counted.items() if number == 0}


DETECTED = good_row("amd", **ROW)


@pytest.mark.parametrize(
    ("rows", "detections", "counted"),
    [
        ([{**DETECTED, "total_amd": "x"}], [], {"total_amd": 1}),
        ([DETECTED, {**DETECTED, "campaign_id": "none"}], [7], {"campaign_id": 1}),
        ([DETECTED, {**DETECTED, "campaign": "4900 - Cobros", "total_amd": "9"}], [7], {"campaign_id": 1}),
        ([DETECTED, {**DETECTED, "campaign_id": "", "total_amd": ""}], [7], {}),
    ],
    ids=["no number", "no id", "id twice", "blank"],
)
async def test_bad_detections_cost_themselves_alone(
    rows: list[dict[str, object]], detections: list[float], counted: dict[str, float]
) -> None:
    """If a row of the AMD report cannot be read, then it is left out and counted, the others are published."""
    body = json.dumps({"code": 200, "error": None, "msg": "", "data": rows}).encode()
    async with serving(replying(body)) as server, polled(server.url, amd="all") as (exporter, _):
        samples = await exporter.samples()
    assert samples.value("wolkvox_up", report="amd") == 1
    assert samples.values("wolkvox_campaign_amd_detections") == detections
    assert counts(samples, UNREADABLE, "field", "amd") == dict.fromkeys(READ["amd"], 0) | counted
