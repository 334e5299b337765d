"""What a failed poll must look like: in numbers, in words, and in what it leaves alone."""

import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from support.clock import ManualClock
from support.operations import TOKEN, Running, operation, running
from support.samples import Samples
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

START = 1795446000.0
"""2026-11-23 10:00 in Bogota, when the manual clock starts."""
LAST_SUCCESS = "wolkvox_report_last_success_timestamp_seconds"
REMEDIES = {
    "timeout": "ask wolkvox support",
    "connection": "check that this host's public address is on the operation's allow-list in wolkvox",
    "tls": "check the certificate chain; behind an inspecting proxy set ca_file to the company's CA",
    "redirect": "correct server or base_url",
    "http": "ask wolkvox support",
    "request": "switch AMD off with `amd: off`",
    "token": "create a new token in wolkvox and replace the configured one",
    "quota": "find who else calls, or lengthen the intervals",
    "concurrency": "give this exporter its own",
    "maintenance": "the next poll tries again",
    "forbidden": "ask wolkvox support what this answer means",
    "too_large": "check server or base_url",
    "invalid_body": "check server or base_url and any proxy",
    "unexpected_shape": "the API may have changed",
}
"""A piece of what each reason of a failure must tell people to do."""


@dataclass(frozen=True)
class Failure:
    """How failed requests are told: reason, HTTP status, a piece of the text for people; `requests` all fail alike.

    `remedy` is a piece of what people are told to do, if it is not the reason's own.
    """

    reason: str
    code: str
    detail: str
    requests: int = 1
    remedy: str = ""


def call_centre(clock: ManualClock, **raw: object) -> Simulator:
    """Return a simulated operation with one campaign; `raw` replaces values of its row."""
    campaign = Campaign("4875", "Ventas", records=100, answer=20, machine=10, raw=raw)
    campaign.detect(clock.time(), 7)
    return Simulator([Operation("ventas-co", (TOKEN,), [campaign])], clock)


def times(simulator: Simulator, report: str = "campaigns") -> list[float]:
    """Return when the calls for a report began, in seconds since the manual clock started."""
    return [call.started - 1000 for call in simulator.calls if call.report == report]


def counts(samples: Samples, name: str, label: str, report: str) -> dict[str, float]:
    """Return the samples of a report by one label."""
    return {
        sample.labels[label]: sample.value
        for sample in samples.all
        if sample.name == name and sample.labels["report"] == report
    }


async def words(exporter: Running) -> str:
    """Return the page for people as they read it."""
    status, page = await exporter.get("/")
    assert status == 200
    return html.unescape(page)


@asynccontextmanager
async def polled(base_url: str, **settings: Any) -> AsyncIterator[tuple[Running, ManualClock]]:  # noqa: ANN401 - any key of the configuration
    """Run an exporter of one operation, less the AMD report, and let its first poll pass."""
    clock = ManualClock()
    async with running(operation(base_url, **{"amd": "off", **settings}), clock=clock) as exporter:
        await clock.advance(1)
        yield exporter, clock


async def assert_failed(
    exporter: Running, failure: Failure, report: str = "campaigns", *, last_success: float | None = None
) -> Samples:
    """Check all that tells of a failure; before it there was one good poll, with status 200, or none."""
    samples = await exporter.samples()
    good = {"200": 1} if last_success is not None else {}
    assert samples.value("wolkvox_up", report=report) == 0
    assert counts(samples, "wolkvox_poll_failures_total", "reason", report) == {
        **dict.fromkeys(REMEDIES, 0),
        failure.reason: failure.requests,
    }
    assert counts(samples, "wolkvox_api_requests_total", "code", report) == {
        **good,
        failure.code: good.get(failure.code, 0) + failure.requests,
    }
    assert samples.value("wolkvox_polls_total", report=report) == len(good) + failure.requests
    assert samples.value(LAST_SUCCESS, report=report) == last_success
    page = await words(exporter)
    assert f"reason <code>{failure.reason}</code>" in page
    assert failure.detail in page
    assert (failure.remedy or REMEDIES[failure.reason]) in page
    return samples
