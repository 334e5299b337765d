"""Rules as vmalert and VictoriaMetrics take them."""

import pytest

from docs.generate import ROOT
from mixin.victoriametrics import expressed
from support.processes import run
from support.tools import tool


@pytest.mark.parametrize("folder", ["rules", "rules/es"])
async def test_vmalert_takes_the_rules(folder: str) -> None:
    """If vmalert reads the rules that are written for it, in either language, then it has nothing against them."""
    files = sorted((ROOT / "victoriametrics" / folder).glob("*.yml"))
    assert len(files) == 3
    said = await run(tool("vmalert"), "-dryRun", *(f"-rule={file}" for file in files))
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("increase(a{b='c'}[61m]) * 60 / 61", "increase(a{b='c'}[1h])"),
        ("max(increase(a[61m]) * 60 / 61) > 0", "max(increase(a[1h])) > 0"),
        ("increase(a[30m])", "increase(a[30m])"),
        ("changes(a[1d]) + changes(b[1h])", "changes_prometheus(a[1d]) + changes_prometheus(b[1h])"),
        ("max_changes(a)", "max_changes(a)"),
        ("campaign:a:changes1d", "campaign:a:changes1d"),
    ],
)
def test_whole_hours_and_changes_are_written_otherwise(expression: str, expected: str) -> None:
    """If an expression has an increase in an hour, or changes, then it is written so that it means the same there."""
    assert expressed(expression) == expected
