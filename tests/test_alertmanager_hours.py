"""The hours in which supervisors hear of what can wait, by groups of operations."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mixin.alertmanager import configuration
from mixin.settings import BusinessHours, Settings
from support.processes import run
from support.tools import tool

CONFIG: dict[str, Any] = configuration(Settings())


def test_business_hours_are_those_of_the_operation() -> None:
    """If an alert may wait for business hours, then these are on the clocks of the operation's zone."""
    zones = {}
    for interval in CONFIG["time_intervals"]:
        assert [(each["weekdays"], each["times"]) for each in interval["time_intervals"]] == [
            (["monday:friday"], [{"start_time": "08:30", "end_time": "18:00"}]),
            (["saturday"], [{"start_time": "09:30", "end_time": "13:00"}]),
        ]
        (zones[interval["name"]],) = {each["location"] for each in interval["time_intervals"]}
    assert zones == {"business-hours-mexico": "America/Mexico_City", "business-hours": "America/Bogota"}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("ventas-co", "business-hours"),
        ("cobranzas-mx", "business-hours-mexico"),
        ("-mx-co", "business-hours"),
        ("mx|co", "business-hours"),
        ("Ventas (CO) + MX", "business-hours"),
    ],
)
async def test_an_operation_has_the_hours_of_its_group(operation: str, expected: str, tmp_path: Path) -> None:
    """If an alert may wait, then for the interval of the first route that fits the whole name of its operation."""
    config: dict[str, Any] = configuration(Settings())
    # amtool names receivers alone
    for route in config["route"]["routes"]:
        route["receiver"] = route.get("active_time_intervals", [route["receiver"]])[0]
    config["receivers"] += [{"name": interval["name"]} for interval in config["time_intervals"]]
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump({**config, "templates": []}), encoding="utf-8")
    labels = (f"operation={operation}", "area=campaign", "severity=critical", "schedule=business_hours")
    told = await run(tool("amtool"), "config", "routes", "test", f"--config.file={file}", *labels)
    assert (told.code, told.out.strip()) == (0, expected)


def test_groups_of_operations_may_have_other_hours() -> None:
    """If a group works at night, then its interval, zone and route are as the settings say."""
    hours = BusinessHours(
        "nights", "America/Santiago", "a|b", weekdays=("20:00", "23:00"), saturdays=("20:00", "21:00")
    )
    elsewhere: dict[str, Any] = configuration(replace(Settings(), business_hours=(hours,)))
    (interval,) = elsewhere["time_intervals"]
    assert {each["location"] for each in interval["time_intervals"]} == {"America/Santiago"}
    assert interval["time_intervals"][0]["times"] == [{"start_time": "20:00", "end_time": "23:00"}]
    (route,) = (each for each in elsewhere["route"]["routes"] if "active_time_intervals" in each)
    assert (route["matchers"][-1], route["active_time_intervals"]) == ('operation=~"a|b"', ["nights"])
