"""What the exporter's dashboard says of operations, worked out by hand on small histories."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from support.grafana import expressions_of, interpolated, load
from support.history import REPLICAS
from support.history import load as load_history
from support.prometheus import Prometheus, prometheus_of
from support.recording import Recording

pytestmark = pytest.mark.asyncio

NOW = round(datetime.fromisoformat("2026-11-24T10:50:00-05:00").timestamp())
BOARD = load("exporter")
REPORTS = ("campaigns", "amd", "skills", "agents", "quota")
HOURS = 12


def asked(title: str, **choice: list[str]) -> list[str]:
    """Return the queries of a panel."""
    return [interpolated(each, BOARD, choice, HOURS) for each in expressions_of(BOARD, title)]


def report(operation: str, name: str, *, up: int = 1, ago: int = 60, held: str = "", failures: str = "") -> str:
    """Write what the exporter says of a report; `failures` are a reason and how often, as in `timeout 3`."""
    labels = f"operation={json.dumps(operation)},report={json.dumps(name)}"
    lines = [
        f"wolkvox_up{{{labels}}} {up}",
        f"wolkvox_report_interval_seconds{{{labels}}} 300",
        f"wolkvox_report_last_attempt_timestamp_seconds{{{labels}}} {NOW - ago}",
        f"wolkvox_report_last_success_timestamp_seconds{{{labels}}} {NOW - ago}",
    ]
    if held:
        lines.append(f"wolkvox_report_held{{{labels},reason={json.dumps(held)}}} 1")
    if failures:
        reason, _, count = failures.partition(" ")
        lines.append(f"wolkvox_poll_failures_total{{{labels},reason={json.dumps(reason)}}} {count}")
    return "\n".join(lines) + "\n"


def operation(name: str, *reports: str, token: int = 1, used: int = 100) -> str:
    """Write what the exporter says of an operation of 1,000 calls a day; reports that are not given are well."""
    given = "".join(reports)
    others = "".join(report(name, each) for each in REPORTS if f'report="{each}"' not in given)
    labels = f"operation={json.dumps(name)}"
    return (
        f"{given}{others}wolkvox_token_valid{{{labels}}} {token}\n"
        f"wolkvox_quota_used_calls{{{labels}}} {used}\nwolkvox_quota_limit_calls{{{labels}}} 1000\n"
        f'wolkvox_report_duration_seconds{{{labels},report="campaigns"}} {len(name)}\n'
    )


async def served(folder: Path, *pages: str) -> None:
    """Scrape pages, the last one now and the others five minutes apart before; the exporter started an hour ago."""
    recording = Recording()
    for number, page in enumerate(pages, 1 - len(pages)):
        loaded = f"wolkvox_exporter_config_last_reload_success_timestamp_seconds {NOW - 3600}\n"
        recording.take(NOW + 300 * number, page + loaded)
    await load_history(recording, folder)


STANDINGS = {
    "well": (operation("well"), 0),
    "idle": (operation("idle", report("idle", "amd", held="idle", ago=7200)), 0),
    "no amd": (operation("no amd", report("no amd", "amd", up=0)), 1),
    "reserve": (operation("reserve", report("reserve", "amd", up=0, held="reserve", ago=7200)), 1),
    "nearly used": (operation("nearly used", used=801), 1),
    # two intervals and the threshold, and not a second longer
    "in time": (operation("in time", report("in time", "skills", ago=1200)), 0),
    "late": (operation("late", report("late", "skills", ago=1201)), 1),
    "Ventas (CO) + MX": (operation("Ventas (CO) + MX", report("Ventas (CO) + MX", "campaigns", up=0)), 2),
    "mx|co": (operation("mx|co", token=0), 2),
    "a.b*": (operation("a.b*", report("a.b*", "campaigns", up=0, held="quota")), 2),
}
"""What an operation's exporter says, and how it stands by that."""


async def standings(server: Prometheus, **choice: list[str]) -> dict[str, float]:
    """Return how operations stand."""
    found = await server.query(asked("Operations, the worst first", **choice)[0], "operation", time=NOW)
    return {name: value for (name,), value in found.items()}


async def test_an_operation_stands_as_its_worst_does(tmp_path: Path) -> None:
    """If anything of an operation fails, is late or runs short, it is partly well; without campaigns, it is not."""
    await served(tmp_path, "".join(page for page, _ in STANDINGS.values()))
    async with prometheus_of(tmp_path) as server:
        assert await standings(server) == {name: standing for name, (_, standing) in STANDINGS.items()}
        for name, (_, standing) in STANDINGS.items():
            assert await standings(server, operation=[name]) == {name: standing}


async def test_each_operation_is_one_row_that_says_why(tmp_path: Path) -> None:
    """If something fails or is held back, then one reason stands there, the worst, and none where all is well again."""

    def pages(count: int) -> str:
        return (
            operation("well", report("well", "amd", failures="timeout 7"))
            + operation("over", report("over", "amd", failures=f"timeout {count}"))
            + operation("down", report("down", "campaigns", up=0, failures=f"connection {3 * count}"))
            + operation(
                "both",
                report("both", "campaigns", up=0, failures=f"timeout {count}"),
                report("both", "amd", up=0, held="token", failures=f"token {count}"),
                report("both", "quota", held="idle"),
            )
        )

    await served(tmp_path, pages(0), pages(1), pages(2))
    async with prometheus_of(tmp_path) as server:
        rows = await server.query(asked("Operations, the worst first")[0], "operation", "reason", time=NOW)
        failed = await server.query(asked("What failed")[0], "operation", "report", "reason", time=NOW)
    assert rows.keys() == {("well", ""), ("over", ""), ("down", "connection"), ("both", "token")}
    assert failed.keys() == {
        ("over", "amd", "timeout"),
        ("down", "campaigns", "connection"),
        ("both", "campaigns", "timeout"),
        ("both", "amd", "token"),
    }


async def test_a_report_is_up_down_held_or_off(tmp_path: Path) -> None:
    """If a report is held back, then its cell says so rather than that it is down; one that is off has none."""
    off = "".join(
        [
            report("some", "campaigns"),
            report("some", "amd", up=0),
            report("some", "skills", up=0, held="reserve"),
            report("some", "quota", held="idle"),
        ]
    )
    await served(tmp_path, off)
    async with prometheus_of(tmp_path) as server:
        cells = [await server.query(each, "operation", time=NOW) for each in asked("Operations, the worst first")[1:6]]
    # campaigns, AMD, skills, agents, quota
    assert [cell.get(("some",)) for cell in cells] == [1, 0, 2, None, 1]


@pytest.mark.parametrize("title", ["Poll duration", "Calls of the day"])
async def test_graphs_have_ten_lines_at_most(tmp_path: Path, title: str) -> None:
    """If there are twenty operations, then those ten are drawn that have the highest values, all the time."""
    names = ["o" * length for length in range(1, 21)]
    now = "".join(operation(name, used=len(name)) for name in names)
    # what is highest changes from one poll to the next
    before = "".join(operation(name, used=21 - len(name)) for name in names[:10])
    await served(tmp_path, before, now)
    (expression,) = asked(title)
    async with prometheus_of(tmp_path) as server:
        found = await server.query_range(expression, NOW - 3600, NOW, 300, "operation")
    highest = {"Poll duration": names[10:], "Calls of the day": [*names[:5], *names[15:]]}
    assert {name for (name,) in found} == set(highest[title])


def replica(up: int, handovers: int, **held: int) -> str:
    """Write what a replica says: of the database, of the tokens that it took over, and which operations it polls."""
    leases = "".join(f'wolkvox_exporter_lease_held{{operation="{name}"}} {one}\n' for name, one in held.items())
    return f"wolkvox_exporter_store_up {up}\nwolkvox_exporter_lease_handovers_total {handovers}\n{leases}"


async def test_replicas_are_shown_with_what_each_of_them_polls(tmp_path: Path) -> None:
    """If exporters share a database, then it is shown who has it, who polls what, and what nobody polls."""
    first, second = Recording(), Recording()
    for ago, handovers in ((120, 3), (60, 4), (0, 4)):
        first.take(NOW - ago, replica(1, handovers, uno=1, dos=0, tres=0))
        second.take(NOW - ago, replica(0, 0, uno=0, dos=1, tres=0))
    for recording, target in zip((first, second), REPLICAS, strict=True):
        await load_history(recording, tmp_path, [target])
    a, b = (target.instance for target in REPLICAS)
    async with prometheus_of(tmp_path) as server:
        (database,), (holders,), (taken_over,) = map(
            asked, ("Database of the replicas", "Who polls what", "Hand-overs")
        )
        assert await server.query(database, "instance", time=NOW) == {(a,): 1, (b,): 0}
        found = await server.query(holders, "operation", "instance", time=NOW)
        assert found == {("uno", a): 1, ("dos", b): 1, ("tres", ""): 0}
        risen = await server.query(taken_over, "instance", time=NOW)
    assert risen[a,] > 0.5
    assert risen[b,] == 0
