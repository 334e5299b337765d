"""What people read: the templates of messages, filled in by a real Alertmanager and carried by a chat."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio

from mixin.notification import template_files
from mixin.settings import Settings
from mixin.texts import LANGUAGES, Language
from support.alertmanager import Inbox, alertmanager, inbox, routes
from support.processes import run
from support.tools import tool

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 250
TEXT = '{{ template "wolkvox.text" . }}'


def alert(operation: str, number: int, description: str, **labels: str) -> dict[str, object]:
    """Return an alert on a campaign as a Prometheus sends it."""
    own = {"alertname": "WolkvoxCampaignStalled", "area": "campaign", "severity": "warning", "job": "wolkvox"}
    return {
        "labels": {**own, "operation": operation, "campaign_id": str(number), **labels},
        "annotations": {
            "summary": "Mora 30 is started and places no calls.",
            "description": description,
            "runbook_url": "https://r.example/WolkvoxCampaignStalled.md",
            "dashboard_url": "https://g.example/d/wolkvox-campaign?var-operation=one",
        },
    }


def alerts() -> Iterable[dict[str, object]]:
    """Give one alert of an operation, two of another, and very many of a third with the longest of names."""
    yield alert("one", 1, "one · Mora 30 (1): no call for 16m 0s.\nLook at\n\nits agents.")
    yield alert("two", 1, "two · Mora 30 (1): no call for 16m 0s.")
    yield alert("two", 2, "two · mx|co (2): no call for 17m 0s.", severity="critical")
    for number in range(MANY):
        # on Monday as on any day somebody names a campaign after the whole list of its customers
        name = f"Niñas y «niños» de {'ñandú ' * 30}{number:03}"
        severity = "critical" if number >= MANY - 2 else "warning"
        yield alert(
            "Ventas (CO) + MX", number, f"Ventas (CO) + MX · {name}: no call.", campaign=name, severity=severity
        )


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=LANGUAGES)
async def told(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Language, Inbox]]:
    """Tell an Alertmanager of all of them at once; gives its language, and the inbox of supervisors."""
    async with (
        inbox() as people,
        alertmanager(tmp_path_factory.mktemp("told"), routes(people, Settings().faster(60)), request.param) as manager,
    ):
        await manager.tell(list(alerts()))
        yield request.param, people


async def test_one_alert_is_told_whole(told: tuple[Language, Inbox]) -> None:
    """If one alert fires, then the message has its texts, in a line each, and where to read on and look."""
    language, people = told
    lead, look = {"en": ("What to do", "Look"), "es": ("Qué hacer", "Vea")}[language]
    assert await people.text("one ·") == (
        "Mora 30 is started and places no calls.\n"
        "▲ one · Mora 30 (1): no call for 16m 0s. Look at its agents.\n"
        f"{lead}: https://r.example/WolkvoxCampaignStalled.md\n"
        f"{look}: https://g.example/d/wolkvox-campaign?var-operation=one\n"
    )


async def test_two_alerts_of_an_operation_are_one_message(told: tuple[Language, Inbox]) -> None:
    """If two alerts of an operation fire, then one message has both, the critical one first."""
    language, people = told
    word = {"en": "alerts", "es": "alertas"}[language]
    assert await people.text("two ·") == (
        f"wolkvox · two: 2 {word}\n■ two · mx|co (2): no call for 17m 0s.\n▲ two · Mora 30 (1): no call for 16m 0s.\n"
    )


async def test_a_storm_is_a_short_message(told: tuple[Language, Inbox]) -> None:
    """If 250 alerts of an operation fire, then one message says so in ten lines and two kilobytes, the worst first."""
    language, people = told
    text = await people.text("Ventas (CO) + MX")
    first, shown, *lines = text.splitlines()
    assert (
        first
        == {"en": "wolkvox · Ventas (CO) + MX: 250 alerts", "es": "wolkvox · Ventas (CO) + MX: 250 alertas"}[language]
    )
    assert shown == {"en": "The first 4:", "es": "Las primeras 4:"}[language]
    assert [line[:20] for line in lines] == ["■ Ventas (CO) + MX ·"] * 2 + ["▲ Ventas (CO) + MX ·"] * 2
    assert len(text.splitlines()) <= 10
    assert len(text.encode()) <= 2048
    assert sum("Ventas (CO) + MX" in each for each in people.texts) == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_amtool_takes_the_templates(language: Language, tmp_path: Path) -> None:
    """If amtool fills in the templates with its own example, then it has nothing to criticise."""
    for name, text in template_files(language):
        (tmp_path / name).write_text(text, encoding="utf-8")
    glob = f"--template.glob={tmp_path / '*.tmpl'}"
    said = await run(tool("amtool"), "template", "render", glob, f"--template.text={TEXT}")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"wolkvox: 2 {'alerts' if language == 'en' else 'alertas'}")
