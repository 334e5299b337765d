"""Everything between a campaign and those who are told, by the real programs and sixty times as fast as life.

A minute is a second: the simulated contact centre, the exporter's polls, the rules and Alertmanager's routes all keep
that pace.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from mixin.prometheus import prometheus_files
from mixin.rulefiles import rule_files
from mixin.settings import Settings
from support.alertmanager import Alertmanager, Inbox, alertmanager, inbox, routes
from support.processes import EXPORTER, Program, config_file, program, serving
from support.prometheus import Prometheus, prometheus_by
from support.tools import tool
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

PACE = 60
GROUP_INTERVAL = 10.0
"""Seconds after which Alertmanager has looked at every group again."""
CROWDED = "Ventas (CO) + MX"
"""The operation with many campaigns."""
_SETTINGS = replace(Settings().faster(PACE), law2300_operations=re.escape(CROWDED))
_NIGHT = 3 * 3600
_INTERVALS = {"interval": "5s", "quota_interval": "15s"}
_SECOND = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "1s")
# what fires is sent again every few seconds, as the first times nobody may listen yet
_SEND_AGAIN = "--rules.alert.resend-delay=5s"


@dataclass(frozen=True)
class Stack:
    """A contact centre with one campaign in each operation but one, and those who are told."""

    folder: Path
    campaigns: Mapping[str, Campaign]
    crowd: Sequence[Campaign]
    simulator: Simulator
    exporter: Program
    target: str
    prometheus: Prometheus
    alertmanager: Alertmanager
    inbox: Inbox

    async def over(self, labels: Mapping[str, str]) -> None:
        """Return as soon as no alert of this name fires in this operation any more."""
        name, operation = labels["alertname"], labels["operation"]
        firing = f'count(ALERTS{{alertname="{name}", operation="{operation}", alertstate="firing"}})'
        await self.prometheus.finds(dict, firing)

    def rotate(self, operation: str, token: str) -> None:
        """Give an operation a new token, in wolkvox and in the token file."""
        self.simulator.accept(token, operation)
        number = list(self.campaigns).index(operation)
        (self.folder / f"token-{number}").write_text(f"{token}\n")

    @asynccontextmanager
    async def another_exporter(self) -> AsyncIterator[None]:
        """Start the exporter anew where the first one was."""
        flags = (f"--config.file={self.folder / 'config.yaml'}", f"--web.listen-address={self.target}")
        async with program(*EXPORTER, *flags):
            yield


@asynccontextmanager
async def alerting(folder: Path, campaigns: Mapping[str, Campaign], crowd: Sequence[Campaign]) -> AsyncIterator[Stack]:
    """Run it all meanwhile; `campaigns` are by operation, whose first token is its name.

    `crowd` are those of the operation `CROWDED`, to whom the law forbids to call.
    """
    for name in ("prometheus", "prometheus-alertmanager"):
        tool(name)
    everybody = {**{name: [campaign] for name, campaign in campaigns.items()}, CROWDED: list(crowd)}
    tokens = {name: "the-crowd" if name == CROWDED else name for name in everybody}
    operations = [Operation(name, (tokens[name],), theirs) for name, theirs in everybody.items()]
    simulator = Simulator(operations, SystemClock(), speed=PACE)
    polled = {name: {"token": token, "amd": "off"} for name, token in tokens.items()}
    async with (
        simulator.serving() as base_url,
        inbox() as people,
        alertmanager(folder, routes(people, _SETTINGS)) as manager,
        serving(config_file(folder, base_url, polled, **_INTERVALS)) as (exporter, url),
        prometheus_by(_prometheus(folder, target := url.removeprefix("http://"), manager), _SEND_AGAIN) as server,
    ):
        await server.finds(lambda: {(): len(everybody)}, "count(wolkvox_campaigns)")
        yield Stack(folder, campaigns, crowd, simulator, exporter, target, server, manager, people)


def _prometheus(folder: Path, target: str, manager: Alertmanager) -> Path:
    """Write the example of a Prometheus and its rules, with other addresses, and a second for a minute."""
    example = yaml.safe_load(dict(prometheus_files(_SETTINGS))["prometheus.yml"])
    example["global"] = _SECOND
    example["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    example["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [manager.address]
    (folder / "rules").mkdir()
    for name, text in rule_files(_SETTINGS, "en"):
        # by the law it is three at night, wherever and whenever this runs
        (folder / "rules" / name).write_text(text.replace("- 18000", f"- {_until_night():.0f}"), encoding="utf-8")
    example["rule_files"].append("rules/wolkvox-law2300.rules.yml")
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(example), encoding="utf-8")
    return config


def _until_night() -> float:
    """Return how far behind UTC the clocks are that show three at night."""
    return (SystemClock().time() - _NIGHT) % 86_400
