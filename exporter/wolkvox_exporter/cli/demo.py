"""A contact centre to look at without one: the simulator, alone or with an exporter that polls it."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.cli import PORT
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import say
from wolkvox_exporter.config import AgentsMode, Config, LiteralToken, Operation, SkillsMode
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.runtime.signals import stopped_by_signals
from wolkvox_exporter.simulator import Fault, Simulator, demo_operations
from wolkvox_exporter.web.toolkit import sockets
from wolkvox_exporter.web.toolkit.address import Address, in_url

INTERVAL = 5.0
"""Seconds between the demo's polls, so that something moves; the real API wants 300."""
_ZONES = {"cobranzas-mx": "America/Mexico_City", "servicio-cl": "America/Santiago"}
_WELCOME = """\
A simulated contact centre is being polled every {interval:g} s, at {speed:g} times the pace of a real one.

  http://{target}/          who is polled, how fresh, what failed
  http://{target}/metrics   what Prometheus scrapes

In prometheus.yml:

  - job_name: wolkvox
    scrape_interval: {interval:g}s
    static_configs: [{{targets: ["{target}"]}}]

{others}Ctrl-C ends it.
"""
_OTHERS = """\
The same is at http://{}/

"""
_ALONE = """\
# The simulator answers at {base_url}, without an exporter. This is a config.yaml for one:

operations:
{operations}
# Ctrl-C ends it.
"""
_SETTINGS = {
    "interval": "5s",
    "skills": "all",
    "skills_interval": "5s",
    "agents": "by_status",
    "agents_interval": "5s",
    "amd_interval": "5s",
    "quota_interval": "30s",
}


def demo(options: Options) -> int:
    """Run simulator and exporter together."""
    listen = Listen(options.listen_addresses or [("127.0.0.1", PORT)])
    asyncio.run(_demo(listen, options.speed, options.seed))
    return 0


def simulate(options: Options) -> int:
    """Run the simulator alone."""
    addresses = options.listen_addresses or [("127.0.0.1", 0)]
    asyncio.run(_simulate(addresses, options.speed, options.seed, options.faults))
    return 0


async def _demo(listen: Listen, speed: float, seed: int) -> None:
    """Run simulator and exporter until told to stop; figures move `speed` times as fast as real ones."""
    simulator = _simulator(speed, seed)
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        base_url = await stack.enter_async_context(simulator.serving())
        addresses = await stack.enter_async_context(Exporter(_config(simulator, base_url)).running(listen))
        target, *more = (f"{in_url(host)}:{port}" for host, port in addresses)
        others = _OTHERS.format("/, http://".join(more)) if more else ""
        say(_WELCOME.format(interval=INTERVAL, speed=speed, target=target, others=others))
        await stop.wait()


async def _simulate(addresses: Sequence[Address], speed: float, seed: int, faults: Sequence[Fault]) -> None:
    """Run the simulator until told to stop, with some of its faults switched on."""
    simulator = _simulator(speed, seed)
    for fault in faults:
        simulator.inject(fault)
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        listeners = await sockets.listening(addresses)
        host, _ = sockets.name(listeners[0])
        base_url = await stack.enter_async_context(simulator.serving(*listeners, host=in_url(host)))
        rows = "".join(_written(operation.name, base_url, operation.tokens[0]) for operation in simulator.operations)
        say(_ALONE.format(base_url=base_url, operations=rows))
        await stop.wait()


def _simulator(speed: float, seed: int) -> Simulator:
    clock = SystemClock()
    return Simulator(demo_operations(seed, clock.time()), clock, speed=speed)


def _config(simulator: Simulator, base_url: str) -> Config:
    operations = (
        Operation(
            name=operation.name,
            base_url=base_url,
            token=LiteralToken(SecretStr(operation.tokens[0])),
            time_zone=ZoneInfo(_ZONES.get(operation.name, "America/Bogota")),
            interval=INTERVAL,
            skills=SkillsMode.ALL,
            skills_interval=INTERVAL,
            agents=AgentsMode.BY_STATUS,
            agents_interval=INTERVAL,
            amd_interval=INTERVAL,
            quota_interval=6 * INTERVAL,
        )
        for operation in simulator.operations
    )
    return Config(tuple(operations), ())


def _written(name: str, base_url: str, token: str) -> str:
    keys = {"name": name, "base_url": base_url, "token": token, **_SETTINGS}
    return "  - " + "\n    ".join(f"{key}: {value}" for key, value in keys.items()) + "\n"
