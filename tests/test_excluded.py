"""What `include` and `exclude` leave out: counted, shown, and told where nothing is left."""

from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.clock import ManualClock
from support.landing import GOOD, polled, read
from support.landing import operation as shown
from support.operations import TOKEN, operation, restarted, running
from support.outcomes import words
from support.processes import direct
from support.reloading import centre
from test_state_files import aside, kept_files, with_lines
from wolkvox_exporter.api.reports.campaigns import Campaign as Row
from wolkvox_exporter.config import AmdMode, Campaigns
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

EXCLUDED, PUBLISHED = "wolkvox_campaigns_excluded", "wolkvox_campaigns"
TOLD = "include/exclude leaves out every campaign"
NAMES = ("[MX] Cobranza", "Mora", "Ventas", "VENTAS prueba")
REMEDY = (
    "correct include and exclude under campaigns; in a pattern on id or name * is any text, ? any one character, and "
    "all else, also [ ^ $ . and \\, stands for itself"
)


def simulated(clock: ManualClock) -> Simulator:
    """Return a call centre with a campaign of each name."""
    rows = [Campaign(f"{number}", name, records=9) for number, name in enumerate(NAMES, 4875)]
    return Simulator([Operation("ventas-co", (TOKEN,), rows)], clock)


def filtered(base_url: str, *include: str, exclude: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Return the operation with such a filter."""
    return operation(base_url, amd=AmdMode.OFF, campaigns=Campaigns(include=include, exclude=exclude))


def warnings(lines: Sequence[MutableMapping[str, Any]]) -> list[tuple[str, str, int, str]]:
    """Return where the log says that nothing is left."""
    return [
        (line["log_level"], line["report"], line["campaigns"], line["remedy"])
        for line in lines
        if line["event"] == TOLD
    ]


@pytest.mark.parametrize(
    ("include", "exclude", "published", "excluded"),
    [
        (("*",), (), 4, 0),
        (("ventas*",), (), 2, 2),
        (("*",), ("*prueba",), 3, 1),
        (("[MX]*",), (), 1, 3),
        (("^VENTAS.*$",), (), 0, 4),
        (("*",), ("*",), 0, 4),
    ],
)
async def test_what_is_left_out_is_counted(
    include: tuple[str, ...], exclude: tuple[str, ...], published: int, excluded: int
) -> None:
    """If filters leave campaigns out, then the gauge tells how many, 0 where none is, on the page only if there are."""
    clock = ManualClock()
    async with (
        simulated(clock).serving() as url,
        running(filtered(url, *include, exclude=exclude), clock=clock) as exporter,
    ):
        assert (await exporter.samples()).values(EXCLUDED) == []
        await clock.advance(1)
        samples, page = await exporter.samples(), await words(exporter)
    assert (samples.value(PUBLISHED), samples.value(EXCLUDED)) == (published, excluded)
    assert (f"{published} started, {excluded} left out by include/exclude" in page) == bool(excluded)
    assert (f"include/exclude left out every campaign of the last good report; {REMEDY}" in page) == (not published)


async def test_the_count_is_as_old_as_the_campaigns() -> None:
    """If no answer comes, then the count stays with the campaigns, and vanishes with them."""
    clock = ManualClock()
    simulator = simulated(clock)
    async with simulator.serving() as url, running(filtered(url, "ventas"), clock=clock) as exporter:
        await clock.advance(1)
        simulator.inject(Fault.SERVER_ERROR)
        await clock.advance(898)
        assert (await exporter.samples()).value(EXCLUDED) == 3
        await clock.advance(2)
        samples, page = await exporter.samples(), await words(exporter)
    assert samples.values(EXCLUDED) == samples.values(PUBLISHED) == []
    assert "left out" not in page


async def test_that_nothing_is_left_is_told_once() -> None:
    """If a filter leaves out every campaign, then the log says so once, and again after there were some."""
    clock = ManualClock()
    simulator = simulated(clock)
    rows = simulator.operations[0].campaigns
    with capture_logs() as lines:
        async with simulator.serving() as url, running(filtered(url, "^ventas"), clock=clock):
            await clock.advance(901)
            assert warnings(lines) == [("warning", "campaigns", 4, REMEDY)]
            gone, rows[:] = rows[:], []
            # an empty answer has nothing to leave out
            await clock.advance(300)
            rows[:] = gone
            await clock.advance(300)
            assert len(warnings(lines)) == 1
            rows[1].name = "^ventas"
            await clock.advance(300)
            assert len(warnings(lines)) == 1
            rows[1].name = "Mora"
            await clock.advance(600)
    assert warnings(lines) == [("warning", "campaigns", 4, REMEDY)] * 2


@pytest.mark.parametrize("exclude", [("*prueba",), ()])
async def test_a_filter_that_leaves_some_is_no_matter_for_the_log(exclude: tuple[str, ...]) -> None:
    """If a filter leaves some campaigns, or the answer has none, then the log says nothing of it."""
    clock = ManualClock()
    simulator = simulated(clock)
    with capture_logs() as lines:
        async with simulator.serving() as url, running(filtered(url, "*", exclude=exclude), clock=clock):
            await clock.advance(1)
            simulator.operations[0].campaigns.clear()
            await clock.advance(300)
    assert warnings(lines) == []


async def test_a_reload_is_told_of_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another filter comes with a reload, then what it leaves out is counted at once, and told if that is all."""
    direct(monkeypatch)
    clock = ManualClock()

    async def with_filter(pattern: str) -> tuple[float | None, float | None]:
        file.write("changes", changes={"amd_interval": "1m", "campaigns": {"include": [pattern]}})
        assert (await exporter.reload())[0] == 200
        samples = await exporter.samples()
        return samples.value(PUBLISHED), samples.value(EXCLUDED)

    with capture_logs() as lines:
        async with centre(tmp_path, clock, "changes") as (exporter, file):
            await clock.advance(1)
            assert await with_filter("^C") == (0, 1)
            await clock.advance(300)
            assert len(warnings(lines)) == 1
            await with_filter("^CH")
            await clock.advance(600)
            assert len(warnings(lines)) == 2
            await with_filter("c*")
            await clock.advance(300)
            samples = await exporter.samples()
    assert (samples.value(PUBLISHED), samples.value(EXCLUDED)) == (1, 0)
    assert len(warnings(lines)) == 2


async def test_the_count_survives_a_restart(tmp_path: Path) -> None:
    """If the exporter is started again, then the count is there at the first scrape, as the campaigns are."""
    clock = ManualClock()
    async with simulated(clock).serving() as url:
        wanted = filtered(url, "ventas*")
        async with restarted(tmp_path, wanted, clock):
            await clock.advance(1)
        async with restarted(tmp_path, wanted, clock) as exporter:
            samples = await exporter.samples()
        narrower = filtered(url, "ventas")
        async with restarted(tmp_path, narrower, clock) as exporter:
            after = await exporter.samples()
    assert (samples.value(PUBLISHED), samples.value(EXCLUDED)) == (2, 2)
    assert (after.value(PUBLISHED), after.value(EXCLUDED)) == (1, 3)


async def test_a_state_without_the_count_is_taken_over(tmp_path: Path) -> None:
    """If a state was written before there was a count, then all else is taken over, and the next poll counts."""
    clock = ManualClock()
    async with simulated(clock).serving() as url:
        wanted = filtered(url, "ventas*")
        async with restarted(tmp_path, wanted, clock):
            await clock.advance(1)
        (file,) = kept_files(tmp_path)
        file.write_bytes(
            with_lines(file.read_bytes(), lambda _: None, lambda state: state["published"].pop("excluded"))
        )
        async with restarted(tmp_path, wanted, clock) as exporter:
            samples = await exporter.samples()
            await clock.advance(300)
            after = await exporter.samples()
    assert (samples.value(PUBLISHED), samples.values(EXCLUDED)) == (2, [])
    assert (after.value(PUBLISHED), after.value(EXCLUDED)) == (2, 2)
    assert (kept_files(tmp_path), aside(tmp_path)) == ([file], [])


def test_the_page_counts_in_words() -> None:
    """If thousands are left out, then the page says how many, beside what is published and started."""
    rows = (Row("1", "Mora", "", (), {"status": 1.0}), Row("2", "Ventas", "", (), {"status": 0.0}))
    text = read(replace(GOOD, campaigns=rows, excluded=1_234)).text
    assert "2 campaigns published, 1 started, 1,234 left out by include/exclude" in text
    assert "every campaign" not in text


def test_the_page_says_that_nothing_is_left() -> None:
    """If nothing is left, then the page says so and what to do, and keeps silent once the answer is too old."""
    text = read(replace(GOOD, excluded=45)).text
    assert "0 campaigns published, 0 started, 45 left out by include/exclude" in text
    assert f"! campaigns: include/exclude left out every campaign of the last good report; {REMEDY}" in text
    assert "left out" not in read(replace(shown("ventas-co", polled(age=3_700)), excluded=45)).text
