"""Keeps the finished exposition up to date: one rendering for a burst of changes, one when data become stale."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NoReturn, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client import exposition as client_text
from prometheus_client.openmetrics import exposition as client_openmetrics

from wolkvox_exporter.metrics import ExporterStatus
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.metrics.exposition import EXPORTER, Exposition, Page, Pages
from wolkvox_exporter.polling.snapshot import Snapshot
from wolkvox_exporter.runtime.clock import Clock

BURST = 0.2
"""Seconds that a change waits for others."""
BODY_AGE = 1.0
"""Seconds for which a finished body, with the process metrics in it, is sent again."""
MOST_PARTS = 1000
"""Pages of some operations that are kept until something changes; anybody can ask for more combinations."""
Operations: TypeAlias = frozenset[str] | None
"""The operations that somebody wants to see, the exporter itself perhaps among them; None is everything."""
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Body:
    page: Page
    made: float
    content: bytes


class Publisher:
    """Takes snapshots, gives bodies."""

    def __init__(self, clock: Clock, status: ExporterStatus) -> None:
        self._clock = clock
        self._status = status
        self._exposition = Exposition(status)
        self._changed: dict[str, Snapshot] = {}
        self._change = asyncio.Event()
        self._rendering = asyncio.Lock()
        self._pages: Pages = self._exposition.pages(clock.monotonic())
        self._parts: dict[frozenset[str], Mapping[Format, Page]] = {}
        self._bodies: dict[Format, _Body] = {}
        # always the same thread: what one frees the next rendering finds again; it ends with the publisher, and not
        # before, since a scrape may come to the very end
        self._thread = ThreadPoolExecutor(1, "rendering")
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        self.snapshots: dict[str, Snapshot] = {}
        """The latest of each operation, always in the same mapping."""

    @property
    def status(self) -> ExporterStatus:
        """What is known of the exporter itself."""
        return self._status

    @property
    def config_loaded(self) -> bool:
        """Whether the last reload took the configuration over."""
        return self._status.config_loaded

    @property
    def config_loaded_at(self) -> float:
        """When the configuration in effect was loaded, in seconds since the epoch."""
        return self._status.config_loaded_at

    def publish(self, snapshot: Snapshot) -> None:
        """Take the latest of an operation; it is rendered soon."""
        self.snapshots[snapshot.operation] = snapshot
        self._changed[snapshot.operation] = snapshot
        self._change.set()

    def arrange(self, operations: Sequence[str]) -> None:
        """Show these operations only, in this order; those that are not published yet follow."""
        shown = {name: self.snapshots[name] for name in operations if name in self.snapshots}
        self.snapshots.clear()
        self.snapshots.update(shown)
        self._changed = {name: self._changed[name] for name in self.snapshots if name in self._changed}
        self._change.set()

    def update(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of ExporterStatus, which `replace` checks
        """Take what has changed in what is known of the exporter itself."""
        self._status = replace(self._status, **changes)
        self._change.set()

    async def run(self) -> NoReturn:
        """Render what changes, until cancelled."""
        while True:
            await self._clock.sleep_until(self._pages.valid_until, self._change)
            if self._change.is_set():
                await self._clock.sleep_until(self._clock.monotonic() + BURST)
            await self.refresh()

    async def refresh(self) -> None:
        """Render what has changed and drop what has become stale."""
        async with self._rendering:
            changed, self._changed = self._changed, {}
            self._change.clear()
            try:
                self._take(
                    await self._in_thread(self._render, list(changed.values()), list(self.snapshots), self._status)
                )
            except BaseException:
                # left to the next rendering
                self._changed = changed | self._changed
                self._change.set()
                raise

    async def _in_thread(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _render(self, changed: list[Snapshot], shown: list[str], status: ExporterStatus) -> Pages:
        for snapshot in changed:
            self._exposition.update(snapshot)
        self._exposition.arrange(shown)
        self._exposition.status = status
        return self._exposition.pages(self._clock.monotonic())

    async def gzipped(self, kind: Format, operations: Operations = None) -> bytes:
        """Return the exposition as one gzip member, ready to be sent."""
        page, now = await self._page(kind, operations), self._clock.monotonic()
        if operations is not None:
            return page.gzipped(self._tail(kind, operations))
        body = self._bodies.get(kind)
        if body is None or body.page is not page or now - body.made >= BODY_AGE:
            body = self._bodies[kind] = _Body(page, now, page.gzipped(self._tail(kind, operations)))
        return body.content

    async def text(self, kind: Format, operations: Operations = None) -> tuple[int, Iterator[bytes]]:
        """Return the exposition's length in bytes, and its text, a part at a time."""
        page, tail = await self._page(kind, operations), self._tail(kind, operations)
        return page.length + len(tail), chain(page.text(), (tail,))

    async def _page(self, kind: Format, operations: Operations) -> Page:
        if self._clock.monotonic() >= self._pages.valid_until:
            # the timer is late, on a busy machine say: never send what is stale
            await self.refresh()
        if operations is None:
            return self._pages.by_format[kind]
        async with self._rendering:
            if operations not in self._parts:
                if len(self._parts) >= MOST_PARTS:
                    self._parts.clear()
                self._parts[operations] = await self._in_thread(
                    self._exposition.part, operations, self._clock.monotonic()
                )
            return self._parts[operations][kind]

    def _take(self, pages: Pages) -> None:
        self._pages = pages
        # made again for whoever asks for them
        self._parts.clear()

    def _tail(self, kind: Format, operations: Operations) -> bytes:
        if operations is not None and EXPORTER not in operations:
            return b"# EOF\n" if kind is Format.OPENMETRICS else b""
        write = client_openmetrics.generate_latest if kind is Format.OPENMETRICS else client_text.generate_latest
        tail: bytes = write(self._process)
        return tail
