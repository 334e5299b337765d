"""Replicas of the chart: what the exporter makes of their configuration."""

from pathlib import Path

from support.processes import EXPORTER, run
from tests_release.charts import example
from tests_release.pods import Pod

REPLICATED = "postgresql-values.yaml"
EXISTING = {
    "wolkvox-tokens": {"ventas-co": "canary-of-ventas", "cobranza-mx": "canary-of-cobranza"},
    "wolkvox-database": {"password": "canary-of-the-database"},
    "database-ca": {"ca.crt": "-----BEGIN CERTIFICATE-----"},
}


async def test_the_configuration_is_good(tmp_path: Path) -> None:
    """If replicas share a database, then the exporter takes the configuration that the chart makes for them."""
    pod = Pod(example(REPLICATED), tmp_path, EXISTING)
    pod.fill()
    checked = await run(*EXPORTER, "check", pod.moved("--config.file=/etc/wolkvox-exporter/config.yaml"))
    assert checked.code == 0, checked.err
    assert pod.read("/run/secrets/wolkvox-exporter/postgresql/password") == "canary-of-the-database"
