"""What the bundled rules cost a Prometheus: `python -m bench.rules --operations=20 --campaigns=250`.

All rules run over what a Prometheus scrapes, and its processor time is read, less what scraping alone takes. What looks
over days runs hourly, over more history than can be made here: it is asked for an operation with all its days, and
multiplied.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.campaigns import HOUR, MINUTE, Fleet, store, store_recorded
from bench.processes import HOST, ROOT, MeasurementError, cpu, free_port, program, wait_for_quiet
from bench.scraped import IN_MEMORY, scraping
from mixin import recording

FIVE_MINUTES = 300
_SHARE_OF_HOUR = FIVE_MINUTES / HOUR
_DAYS = 7 * 24 * HOUR
_RECORDED = {
    f'{recording.RATIO}{{{{}},result="answer"}}': 0.3,
    f"{recording.HITS}{{{{}}}}": 40,
    f"{recording.RECYCLES}{{{{}}}}": 3,
}
"""What is looked for over days, but for what is recorded by skill, which is little."""
_ALONE = 2 * MINUTE
_FIRST = 16 * MINUTE
"""By then every group but the hourly one was evaluated."""


@contextmanager
def prometheus(folder: Path, config: str) -> Iterator[tuple[int, str]]:
    """Run one over the folder's history, and yield its id and address."""
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    port = free_port()
    flags = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=error",
    )
    with program("prometheus", *flags, port=port, folder=folder) as pid:
        yield pid, f"http://{HOST}:{port}/api/v1"


def asked(url: str, **parameters: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Return the `data` of an answer of the API."""
    with urlopen(f"{url}?{urlencode(parameters)}", timeout=600) as answer:  # noqa: S310 - of this machine
        return json.load(answer)["data"]


def steady(folder: Path, fleet: Fleet, seconds: float, rules: Path) -> Iterator[tuple[str, float]]:
    """Measure the rules of every minute and of five, and yield processor seconds in five minutes."""
    # how often lists were recycled is looked for over a day
    before = replace(fleet, now=fleet.now - IN_MEMORY)
    store(before, folder / "tsdb", 24 * HOUR - IN_MEMORY, 0, "wolkvox_campaign_list_recycles")
    with scraping(folder, fleet) as server:
        alone = _used(server.pid, _ALONE)
        server.configure(MINUTE, [rules])
        # series that are new cost more
        time.sleep(_FIRST)
        with_rules = _used(server.pid, seconds)
        yield "scraping alone, processor seconds in five minutes", alone
        yield "all groups, processor seconds in five minutes", with_rules - alone
        for group in asked(f"{server.url}/api/v1/rules")["groups"]:
            yield from _of_group(group)


def _used(pid: int, seconds: float) -> float:
    before = cpu(pid)
    time.sleep(seconds)
    return (cpu(pid) - before) * FIVE_MINUTES / seconds


def _of_group(group: dict[str, Any]) -> Iterator[tuple[str, float]]:
    if failing := [rule for rule in group["rules"] if rule["health"] == "err"]:
        raise MeasurementError(f"{failing[0]['name']}: {failing[0]['lastError']}")
    each = sum(rule["evaluationTime"] for rule in group["rules"])
    times = FIVE_MINUTES / group["interval"]
    yield f"{group['name']}, every {group['interval']:g} s: seconds in five minutes", each * times
    for rule in sorted(group["rules"], key=lambda rule: -rule["evaluationTime"])[:4]:
        yield f"- {rule['name']}: seconds an evaluation", rule["evaluationTime"]


def days(folder: Path, fleet: Fleet, *_: object) -> Iterator[tuple[str, float]]:
    """Measure what is looked for over days, in an operation, and yield processor seconds of all in five minutes."""
    store_recorded(replace(fleet, operations=1), folder / "tsdb", _RECORDED, _DAYS)
    with prometheus(folder, "global: {}\n") as (pid, url):
        wait_for_quiet(pid)
        for name, expression in recording.OF_DAYS.items():
            before = cpu(pid)
            found = asked(f"{url}/query", query=expression, time=str(fleet.now))["result"]
            if not found and name != recording.DIALABLE_LATELY:
                raise MeasurementError(f"{name} finds nothing in what was stored")
            spent = (cpu(pid) - before) * fleet.operations
            yield f"{name}_every1h: processor seconds in five minutes", spent * _SHARE_OF_HOUR


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="bench.rules", description="What the bundled rules cost a Prometheus.")
    parser.add_argument("--operations", type=int, default=20)
    parser.add_argument("--campaigns", type=int, default=250, help="of an operation")
    parser.add_argument("--seconds", type=float, default=4 * FIVE_MINUTES, help="for how long all rules run (1200)")
    parser.add_argument("--rules", type=Path, default=ROOT / "prometheus" / "rules", help="their folder")
    options = parser.parse_args()
    if missing := [name for name in ("prometheus", "promtool") if shutil.which(name) is None]:
        raise SystemExit(f"not installed: {', '.join(missing)}; apt-get install prometheus")
    fleet = Fleet(options.operations, options.campaigns, int(time.time()) // MINUTE * MINUTE)
    print(f"{fleet.operations * fleet.campaigns:,} campaigns in {fleet.operations} operations\n")
    for part in (days, steady):
        with TemporaryDirectory() as folder:
            fleet = replace(fleet, now=int(time.time()) // MINUTE * MINUTE)
            for name, figure in part(Path(folder), fleet, options.seconds, options.rules.absolute()):
                print(f"| {name} | {figure:.2f} |", flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
