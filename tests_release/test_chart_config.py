"""What the exporter makes of the configurations of the chart's examples."""

from pathlib import Path

import pytest

from support.processes import EXPORTER, run
from tests_release.charts import example
from tests_release.pods import Pod

TOKENS = {"ventas-co": "canary-a", "cobranza-co": "canary-b", "cobranza-mx": "canary-c", "ventas-mx": "canary-d"}
EXISTING = {
    "wolkvox-tokens": TOKENS,
    "wolkvox-ventas-co": {"token": "canary-a"},
    "wolkvox-cobranza-mx": {"token": "canary-c"},
}


@pytest.mark.parametrize("name", ["minimal", "try", "operator", "spanish", "fleet", "openshift"])
async def test_the_exporter_takes_the_configuration(name: str, tmp_path: Path) -> None:
    """If an example is installed, then the exporter finds its configuration good, and a token for each operation."""
    pod = Pod(example(f"{name}-values.yaml"), tmp_path, EXISTING)
    pod.fill()
    checked = await run(*EXPORTER, "check", pod.moved("--config.file=/etc/wolkvox-exporter/config.yaml"))
    assert checked.code == 0, checked.err
    assert checked.err == ""


async def test_a_token_that_is_not_there_is_told(tmp_path: Path) -> None:
    """If the Secret lacks a key, then the check of the pod's own files says which operation has no token."""
    pod = Pod(example("operator-values.yaml"), tmp_path, {"wolkvox-tokens": {"ventas-co": "canary-a"}})
    pod.fill()
    checked = await run(*EXPORTER, "check", pod.moved("--config.file=/etc/wolkvox-exporter/config.yaml"))
    assert checked.code == 1
    assert "operations[1].token_file: there is no such file" in checked.err
