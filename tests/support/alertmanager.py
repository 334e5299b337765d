"""A real Alertmanager, and an inbox behind its webhooks that writes down who hears of what."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from mixin.alertmanager import configuration
from mixin.notification import template_files
from mixin.settings import Settings
from mixin.texts import Language
from support.processes import program
from support.tools import tool

PATIENCE = 60.0
"""Seconds that a test waits for what is bound to reach somebody."""
_LOOK_AGAIN = 0.1


@dataclass(frozen=True)
class Notice:
    """One alert in one message to a receiver; `at` is when it came, in seconds of the event loop's clock."""

    at: float
    receiver: str
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.at:.1f} {self.receiver}: {self.status} {' '.join(self.labels.values())}"


class Inbox:
    """Everything that reached somebody, in that order."""

    def __init__(self) -> None:
        self.url = ""
        self.notices: list[Notice] = []
        self.texts: list[str] = []
        """What a chat shows, in its own words."""
        self._news = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Write down what a webhook brings."""
        at, receiver = asyncio.get_running_loop().time(), request.match_info["receiver"]
        for alert in (await request.json())["alerts"]:
            self.notices.append(Notice(at, receiver, alert["status"], alert["labels"], alert["annotations"]))
        self._news.set()
        return web.Response()

    async def chat(self, request: web.Request) -> web.Response:
        """Write down a message as Telegram gets it."""
        self.texts.append((await request.json())["text"])
        self._news.set()
        return web.json_response({"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": -1}}})

    async def text(self, words: str) -> str:
        """Return the first text of a chat with these words, as soon as there is one; TimeoutError if none comes."""
        async with asyncio.timeout(PATIENCE):
            while not (found := [text for text in self.texts if words in text]):
                self._news.clear()
                await self._news.wait()
        return found[0]

    def of(self, labels: Mapping[str, str], since: float = 0.0) -> list[Notice]:
        """Return what came about alerts with these labels."""
        return [notice for notice in self.notices if notice.at >= since and labels.items() <= notice.labels.items()]

    async def arrives(self, status: str, labels: Mapping[str, str], since: float = 0.0) -> Notice:
        """Return the first notice of this kind, as soon as there is one; an error if none comes."""
        try:
            async with asyncio.timeout(PATIENCE):
                while (notice := self._first(status, labels, since)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            # the watchdog's are many
            came = "\n".join(str(notice) for notice in self.notices if notice.labels["severity"] != "none")
            raise AssertionError(f"nothing {status} of {labels} since {since:.1f}:\n{came}") from None
        return notice

    def _first(self, status: str, labels: Mapping[str, str], since: float) -> Notice | None:
        return next((notice for notice in self.of(labels, since) if notice.status == status), None)


@asynccontextmanager
async def inbox() -> AsyncIterator[Inbox]:
    """Listen meanwhile; the last part of a webhook's path is the receiver."""
    taking = Inbox()
    app = web.Application()
    app.router.add_post("/{receiver}", taking.take)
    app.router.add_post("/{bot}/sendMessage", taking.chat)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield taking
    finally:
        await runner.cleanup()


class Alertmanager:
    """The HTTP API of a running Alertmanager."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self._session = session

    async def tell(self, alerts: Sequence[Mapping[str, object]]) -> None:
        """Do as a Prometheus in which these alerts fire."""
        async with self._session.post(f"http://{self.address}/api/v2/alerts", json=list(alerts)) as response:
            assert response.status == HTTPStatus.OK, await response.text()

    async def inhibitors(self, labels: Mapping[str, str]) -> set[str]:
        """Return the names of the alerts that keep those with these labels from being told, while both fire."""
        async with self._session.get(f"http://{self.address}/api/v2/alerts") as response:
            alerts: list[Any] = await response.json()
        names = {alert["fingerprint"]: alert["labels"]["alertname"] for alert in alerts}
        found = [alert for alert in alerts if labels.items() <= alert["labels"].items()]
        return {names[source] for alert in found for source in alert["status"]["inhibitedBy"] if source in names}

    async def inhibits(self, source: str, labels: Mapping[str, str]) -> None:
        """Return as soon as `source` inhibits a firing alert with these labels; an error if it never does."""
        found: set[str] = set()
        for _ in range(int(PATIENCE / _LOOK_AGAIN)):
            found = await self.inhibitors(labels)
            if source in found:
                return
            await asyncio.sleep(_LOOK_AGAIN)
        raise AssertionError(f"{labels} is inhibited by {found or 'nothing'}, not by {source}")


def routes(people: Inbox, settings: Settings) -> dict[str, Any]:
    """Return the example: every webhook and chat is in the inbox, no mail is sent, and it is always business hours."""
    example = yaml.safe_dump(configuration(settings)).replace("https://alerts.example.com", people.url)
    config: dict[str, Any] = yaml.safe_load(example)
    for interval in config["time_intervals"]:
        interval["time_intervals"] = [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]
    for receiver in config["receivers"]:
        receiver.pop("email_configs", None)
        for chat in receiver.get("telegram_configs", []):
            chat["api_url"] = people.url
    return config


@asynccontextmanager
async def alertmanager(
    folder: Path, config: Mapping[str, object], language: Language = "en"
) -> AsyncIterator[Alertmanager]:
    """Run an Alertmanager meanwhile, whose messages are in a language."""
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    for name, text in template_files(language):
        (folder / name).write_text(text, encoding="utf-8")
    flags = (
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        "--web.listen-address=127.0.0.1:0",
        # alone
        "--cluster.listen-address=",
    )
    async with program(tool("prometheus-alertmanager"), *flags) as running, aiohttp.ClientSession() as session:
        address = (await running.line('"Listening on" address=')).rpartition("address=")[2]
        yield Alertmanager(address, session)
