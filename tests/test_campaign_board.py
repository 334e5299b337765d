"""What the campaign's dashboard says, worked out by hand on small histories."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import pytest

from mixin.recording import RATIO, RESULTS, STATE, STATES, TO_EMPTY
from support.grafana import STEP, expressions_of, interpolated, load
from support.history import REPLICAS, Target
from support.history import load as load_history
from support.prometheus import Prometheus, prometheus_of
from support.recording import Recording

pytestmark = pytest.mark.asyncio

NOW = round(datetime.fromisoformat("2026-11-24T10:50:00-05:00").timestamp())
MIDNIGHT = round(datetime.fromisoformat("2026-11-24T00:00:00-05:00").timestamp())
DAY = 86_400
BOARD = load("campaign")
MORA = 'operation="cobranzas-mx",campaign="Mora",campaign_id="6120",skill="5100"'
RENAMED = 'operation="cobranzas-mx",campaign="Mora 30",campaign_id="6120",skill="5117"'
AWKWARD = {"Ventas (CO) + MX": 1, "Ventas CO  MX": 2, "mx|co": 3, "mx": 4, "co": 5, "a.b*": 6, "axbb": 7, '"ñ"': 8}


def asked(title: str, operation: str = "cobranzas-mx") -> list[str]:
    """Return the queries of a panel, for one campaign on a range of a day."""
    choice = {"operation": [operation], "campaign_id": ["6120"]}
    return [interpolated(each, BOARD, choice, hours=24) for each in expressions_of(BOARD, title)]


async def recorded(
    folder: Path, page: Callable[[int], str], times: Iterable[int], targets: tuple[Target, ...] = REPLICAS[:1]
) -> None:
    """Scrape what `page` gives at Unix times."""
    recording = Recording()
    for now in times:
        recording.take(now, page(now))
    await load_history(recording, folder, targets)


async def number(server: Prometheus, expression: str, now: int = NOW) -> float | None:
    """Return the one number that is found, or None."""
    return (await server.query(expression, time=now)).get(())


def quoted(text: str) -> str:
    """Write a label's value."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


async def test_an_operation_of_any_name_is_found_and_no_other(tmp_path: Path) -> None:
    """If an operation's name reads as a regular expression, then its own campaign is shown, and no other's."""
    lines = [
        f'wolkvox_campaign_calls_per_minute{{operation="{quoted(name)}",campaign="Mora",campaign_id="6120",skill="1"}} '
        f"{calls}\n"
        for name, calls in AWKWARD.items()
    ]
    await recorded(tmp_path, lambda _: "".join(lines), [NOW])
    async with prometheus_of(tmp_path) as server:
        found = {name: await number(server, asked("Calls per minute", name)[0]) for name in AWKWARD}
    assert found == AWKWARD


async def test_campaigns_are_offered_of_the_operation_and_its_skills_alone(tmp_path: Path) -> None:
    """If an operation and some of its skills are chosen, then only what they have is offered, however many others."""
    lines = [
        f'wolkvox_campaign_started{{operation="{operation}",campaign="{name}",campaign_id="1",skill="{skill}"}} 1\n'
        for operation, name, skill in (("mx|co", "A", "5100"), ("mx|co", "B", "a.b"), ("mx|co", "C", "axb"))
    ]
    other = 'wolkvox_campaign_started{operation="mx",campaign="D",campaign_id="1",skill="5100"} 1\n'
    await recorded(tmp_path, lambda _: "".join(lines) + other, [NOW])
    (offered,) = (each["query"]["query"] for each in BOARD["templating"]["list"] if each["name"] == "campaign_id")
    query = offered.removeprefix("query_result(").removesuffix(")")
    async with prometheus_of(tmp_path) as server:
        for skills, names in ((["a.b"], {"B"}), (["5100", "axb"], {"A", "C"}), (None, {"A", "B", "C"})):
            choice = {"operation": ["mx|co"], **({"skill": skills} if skills else {})}
            found = await server.query(
                interpolated(query, BOARD, choice, hours=24), "campaign", "campaign_id", time=NOW
            )
            assert {name for name, _ in found} == names


def two_days(now: int) -> str:
    """One campaign, dialled 10 a poll from eight on, renamed at ten today; 7 a poll the day before."""
    midnight = MIDNIGHT if now >= MIDNIGHT else MIDNIGHT - DAY
    polls = max((now - midnight - 8 * 3600) // STEP, 0)
    if midnight < MIDNIGHT:
        return f"wolkvox_campaign_dialed_today{{{MORA}}} {7 * polls}\n"
    former = f"wolkvox_campaign_dialed_today{{{MORA}}} {10 * min(polls, 24)}\n"
    return former + (f"wolkvox_campaign_dialed_today{{{RENAMED}}} {10 * (polls - 24)}\n" if polls >= 24 else "")


@pytest.mark.parametrize("targets", [REPLICAS[:1], REPLICAS])
async def test_today_is_since_midnight_under_all_names(tmp_path: Path, targets: tuple[Target, ...]) -> None:
    """If a campaign is renamed, or asked for by two exporters, then its day is whole, and yesterday's ends by now."""
    await recorded(tmp_path, two_days, range(NOW - DAY - 3 * 3600, NOW + 1, STEP), targets)
    today, yesterday = asked("Dialled today")
    async with prometheus_of(tmp_path) as server:
        # 34 polls from eight to ten to eleven, of which 24 were under the old name
        assert await number(server, today) == 240 + 100
        assert await number(server, yesterday) == 34 * 7
        # the poll before midnight is not of today
        assert await number(server, today, MIDNIGHT + 3600) == 0


def with_a_gap(now: int) -> str:
    """10 answers a poll; no report for half an hour from eight on; another day begins at nine."""
    polls = (now - NOW) // STEP + 34
    if 0 <= polls - 1 < 6:
        return "\n"
    counted = 10 * polls + 500 if polls < 13 else 10 * (polls - 12)
    return f'wolkvox_campaign_results_today{{{MORA},result="answer"}} {counted}\n'


async def test_bars_are_what_each_interval_brought(tmp_path: Path) -> None:
    """If reports were missed, or a day begins, then no bar is drawn twice, none is negative, and they add up."""
    start = NOW - 40 * STEP
    await recorded(tmp_path, with_a_gap, range(start, NOW + 1, 60))
    (bars,) = asked("Results of each interval")
    async with prometheus_of(tmp_path) as server:
        found = await server.query_range(bars, start, NOW, STEP, "result")
    drawn = [found[("answer",)].get(float(time)) for time in range(start, NOW + 1, STEP)]
    # what ended five minutes ago is still found; then one bar has all that fell into the gap
    assert drawn == [None, *[10] * 6, 0, *[None] * 5, 70, *[10] * 5, 10, *[10] * 21]


@pytest.mark.parametrize(("value", "state"), list(enumerate(STATES)))
async def test_a_word_stands_where_nothing_runs_out(tmp_path: Path, value: int, state: str) -> None:
    """If there is no time to empty, then the state stands there; if there is one, then the time."""
    words = {
        "stopped": "Stopped",
        "calling": "not known",
        "other_phone": "Other phone",
        "list_empty": "List empty",
        "no_calls": "Started, no calls",
    }
    (panel,) = (each for each in BOARD["panels"] if each["title"] == "Time to empty")
    mapped = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    (expression,) = asked("Time to empty")
    known = f"{TO_EMPTY}{{{MORA}}} 3600\n"
    pages = {NOW - 600: f"{STATE}{{{MORA}}} {value}\n{known}", NOW: f"{STATE}{{{MORA}}} {value}\n"}
    await recorded(tmp_path, pages.__getitem__, pages)
    async with prometheus_of(tmp_path) as server:
        assert await number(server, expression, NOW - 600) == 3600
        without = await number(server, expression)
    assert without is not None
    assert mapped[f"{without:.0f}"]["text"] == words[state]


@pytest.mark.parametrize(
    ("state", "ratio", "shares", "per_call"),
    [
        ("calling", 0.4, 0.4, None),
        ("calling", None, None, None),
        ("other_phone", None, None, 0.1),
        ("list_empty", 0.4, None, None),
    ],
)
async def test_a_pass_over_another_phone_is_shown_by_calls(
    tmp_path: Path, state: str, ratio: float | None, shares: float | None, per_call: float | None
) -> None:
    """If records are called on another phone, then answers per call stand there; of an hour that is over, nothing."""
    lines = [
        f"{STATE}{{{MORA}}} {STATES.index(state)}",
        f'{RESULTS}{{{MORA},result="answer"}} 180',
        f"wolkvox_campaign_calls_per_minute{{{MORA}}} 30",
        *([f'{RATIO}{{{MORA},result="answer"}} {ratio}'] if ratio else []),
    ]
    await recorded(tmp_path, lambda _: "\n".join(lines) + "\n", range(NOW - 3600, NOW + 1, 60))
    answers, *_, calls_answered, _, _ = asked("Result mix, the hour before")
    async with prometheus_of(tmp_path) as server:
        assert await number(server, answers) == shares
        # 180 answers in an hour of 30 calls a minute
        assert await number(server, calls_answered) == per_call


async def test_a_change_of_speed_is_dated(tmp_path: Path) -> None:
    """If the speed was set, then it says how long ago, the last time counts, and a gap or a new name is no change."""

    def page(now: int) -> str:
        ago = (NOW - now) // 60
        speed = 1.0 if ago > 200 else 1.2 if ago > 70 else 1.1
        return "\n" if 30 <= ago < 40 else f"wolkvox_campaign_speed_ratio{{{MORA if ago > 50 else RENAMED}}} {speed}\n"

    await recorded(tmp_path, page, range(NOW - 5 * 3600, NOW + 1, 60))
    (expression,) = asked("Speed changed")
    async with prometheus_of(tmp_path) as server:
        assert await number(server, expression) == 70 * 60
        assert await number(server, expression, NOW - 71 * 60) == 129 * 60
        assert await number(server, expression, NOW - 201 * 60) is None


async def test_a_start_is_marked_once(tmp_path: Path) -> None:
    """If a campaign is started, then that is marked at one point in time; one that appears has not changed."""

    def page(now: int) -> str:
        ago = (NOW - now) // 60
        return "\n" if ago > 100 else f"wolkvox_campaign_started{{{MORA}}} {int(ago <= 42)}\n"

    await recorded(tmp_path, page, range(NOW - 2 * 3600, NOW + 1, 60))
    (mark,) = (each["expr"] for each in BOARD["annotations"]["list"] if each["name"] == "Started or stopped")
    expression = interpolated(mark, BOARD, {"operation": ["cobranzas-mx"], "campaign_id": ["6120"]}, hours=24)
    async with prometheus_of(tmp_path) as server:
        found = await server.query_range(expression, NOW - 2 * 3600, NOW, STEP, "campaign")
    assert found == {("Mora",): {float(NOW - 40 * 60): 1.0}}
