"""What the benchmark makes of what it measures; how fast anything is, no test asks."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from bench.fleet import Lags
from bench.polling import UNREAD
from bench.processes import MeasurementError, cpu, resident
from bench.scraping import Scrape, read_latency
from bench.table import table
from bench.upstream import campaigns
from bench.windows import Window, bursts, percentile
from support.processes import run

WRK = """Running 5s test @ http://127.0.0.1:9091/metrics
  1 threads and 1 connections
  Latency Distribution
     50%  375.00us
     75%    0.92ms
     90%    1.03ms
     99%    1.20s
  1234 requests in 5.00s, 1.50GB read
"""


def test_a_burst_lasts_until_the_last_scrape_that_brought_something_new() -> None:
    """If polls fall together twice, then scrapes that bring nothing new belong to neither time."""
    scrapes = [
        Scrape(9.9, 9.95, changed=True),
        Scrape(10.2, 10.5, changed=True),
        Scrape(10.4, 11.0, changed=True),
        Scrape(12.0, 12.1, changed=False),
        Scrape(20.1, 20.4, changed=True),
        Scrape(21.0, 21.1, changed=False),
    ]
    answers = [20.1, 10.0, 10.3, 20.0, 10.1]
    assert bursts(answers, scrapes, gap=2.0) == [Window(10.0, 11.0), Window(20.0, 20.4)]


def test_a_burst_that_nobody_saw_is_none() -> None:
    """If no scrape brought what was answered, then nothing is measured of that."""
    assert bursts([10.0, 20.0], [Scrape(20.1, 20.2, changed=True)], gap=2.0) == [Window(20.0, 20.2)]
    assert bursts([], [Scrape(20.1, 20.2, changed=True)], gap=2.0) == []


def test_a_percentile_is_one_of_the_values() -> None:
    """If a hundred values are measured, then the 99th percentile is the last but one."""
    values = [float(value) for value in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)) == (50, 99, 100)
    assert percentile([7.0], 0.99) == 7
    assert math.isnan(percentile([], 0.99))


def test_a_lag_counts_for_the_time_in_which_the_loop_was_late() -> None:
    """If the loop was late from within a window until after its end, then that counts, and what was before does not."""
    lags = Lags([(9.0, 0.9), (10.5, 0.001), (12.5, 2.0), (13.0, 0.5)])
    assert lags.within(Window(10.0, 11.0)) == (2.0, 2.0)
    assert lags.within(Window(9.5, 10.4), Window(12.6, 12.8)) == (0.5, 0.5)


def test_latencies_are_seconds_whatever_their_unit() -> None:
    """If wrk answers in microseconds and in seconds, then both are read as what they are."""
    found = read_latency(WRK)
    assert found.median == pytest.approx(0.000375)
    assert (found.last, found.answers) == (1.2, 1234)


@pytest.mark.parametrize("said", ["", WRK + "  Non-2xx or 3xx responses: 3\n", WRK + "  Socket errors: connect 1\n"])
def test_a_failed_measurement_is_none(said: str) -> None:
    """If some answers failed, then there is no figure rather than one of errors."""
    with pytest.raises(MeasurementError):
        read_latency(said)


def test_the_table_has_a_column_a_size_and_all_runs_in_a_cell() -> None:
    """If a figure could not be measured in one run, then its place says so."""
    columns = {"5": [{"CPU": 1.23456, "size": 12345.6}, {"CPU": 2.0}], "20": [{"CPU": 0.5}, {"CPU": math.nan}]}
    assert list(table("operations", columns)) == [
        "| operations |          5 |      20 |",
        "| ---------- | ---------: | ------: |",
        "| CPU        |   1.23 · 2 | 0.5 · - |",
        "| size       | 12,346 · - |   - · - |",
    ]


def test_an_upstreams_figures_move() -> None:
    """If an operation is asked again, then each of its campaigns has dialed 40 more."""
    before, after = (json.loads(campaigns(3, 0, round_))["data"] for round_ in (1, 2))
    assert [row["campaign"].split(" - ")[0] for row in before] == ["4000", "4001", "4002"]
    assert [row["dial"] for row in before] == ["40", "41", "42"]
    assert [row["dial"] for row in after] == ["80", "81", "82"]


def test_the_largest_answer_has_42_mib() -> None:
    """If rows are made longer by what nobody reads, then 60,000 of them take as much as the API's largest answer."""
    length = len(campaigns(6_000, UNREAD, 1)) * 10 / 2**20
    assert 41 < length < 43


def test_a_process_answers_for_its_children() -> None:
    """If a child works and ends, then its processor time stays counted; while it lives, so does its memory."""
    before, alone = cpu(os.getpid()), resident(os.getpid())
    work = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", work], stdin=PIPE, stdout=PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"\n"
        assert cpu(os.getpid()) - before >= 0.2
        assert resident(os.getpid()) - alone > resident(child.pid) / 2 > 0
        child.communicate(b"\n")
    assert cpu(os.getpid()) - before >= 0.19


async def test_a_small_fleet_is_measured(tmp_path: Path) -> None:
    """If a fleet is measured, then its page is counted: a series of each operation, and one stream for so few."""
    file = tmp_path / "figures.json"
    command = (sys.executable, "-m", "bench.run", "--sizes=2", "--parts=small", f"--json={file}")
    ended = await run(*command, patience=60)
    assert ended.code == 0, ended.err
    assert "| operations of campaigns" in ended.out
    [[figures]] = [runs for columns in json.loads(file.read_text()).values() for runs in columns.values()]
    assert figures["series"] > 2 * 5 * 20
    assert 0.8 < figures["gzip body / one stream of zlib level 6"] < 1.2
