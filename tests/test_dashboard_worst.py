"""The table of the campaigns that need eyes reads these alone: a hidden variable finds their ids first."""

import re
from pathlib import Path

import pytest

from support.grafana import interpolated
from test_dashboard_queries import options
from test_dashboard_wall import BOARD, HOURS, MANY, NOW, Campaign, of_panel, serving

(WORST,) = (each for each in BOARD["templating"]["list"] if each["name"] == "worst")
NAMELESS = 'campaign_id="7"'


def joined(ids: list[str]) -> str:
    """Write all that the variable finds as Grafana does in the format that the queries ask for."""
    return "|".join(ids)


@pytest.mark.asyncio
@pytest.mark.parametrize("limit", [25, 50])
async def test_columns_read_the_worst_alone_and_find_what_they_would_of_all(tmp_path: Path, limit: int) -> None:
    """If only the ids that were found are read, then every column has the same rows, also where ids are ambiguous."""
    # in another operation, the first two have no calls either, and 230 is stopped
    others = [Campaign(number, 4, operation="mx|co") for number in (400, 401)] + [Campaign(230, 0, operation="mx|co")]
    without_id = Campaign(7, 4).text().replace(NAMELESS, 'campaign_id=""')
    choice = {"limit": [str(limit)]}
    async with serving(tmp_path, *(each.text() for each in (*MANY, *others)), without_id) as server:
        ids = [value for _, value in await options(server, WORST, BOARD, choice)]
        assert {"400", "401", "404", "^$"} <= set(ids)
        assert len(ids) <= limit
        for asked in of_panel("campaigns"):
            few = asked.expression.replace("${worst:pipe}", joined(ids))
            assert few != asked.expression
            labels = ("operation", "campaign", "campaign_id")
            found = [
                await server.query(interpolated(each, BOARD, choice, HOURS), *labels, time=NOW)
                for each in (few, asked.expression)
            ]
            assert found[0] == found[1], asked.expression
            assert found[0]


def test_nobody_chooses_the_worst() -> None:
    """If the board is opened, then the variable is hidden, and stands for what it finds, not for everything."""
    assert WORST["hide"] == 2
    assert WORST["includeAll"]
    assert "allValue" not in WORST
    named = [each.expression for each in of_panel("campaigns")]
    assert all(re.search(r'campaign_id=~"\$\{worst:pipe\}"', expression) for expression in named)
