"""The connections to the servers of all operations."""

import ssl
from collections.abc import Iterable

from wolkvox_exporter.api.client import Client, Observer
from wolkvox_exporter.config import Operation
from wolkvox_exporter.config.values import CaFile
from wolkvox_exporter.runtime.concurrency import in_thread


class Clients:
    """Opens clients, and closes all that are left at the end."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._trusting: dict[CaFile | None, ssl.SSLContext] = {}
        """By the authorities that are trusted, for all clients: to read those of the system takes some 20 ms."""

    async def connect_all(self, operations: Iterable[Operation]) -> dict[str, Client]:
        """Return a client by operation; raises `OSError`, and opens none, where a CA file cannot be read."""
        wanted = list(operations)
        # anew, beside the event loop: they may be others by now
        authorities = dict.fromkeys(operation.ca_file for operation in wanted)
        self._trusting = {each: await in_thread("certificates", _trusting, each) for each in authorities}
        return {operation.name: self.connect(operation) for operation in wanted}

    def connect(self, operation: Operation, observer: Observer | None = None) -> Client:
        """Return a client for an operation; raises `OSError` where its CA file cannot be read."""
        trusted = operation.ca_file
        if trusted not in self._trusting:
            self._trusting[trusted] = _trusting(trusted)
        client = Client(
            operation.base_url,
            proxy_url=operation.proxy_url.get_secret_value() if operation.proxy_url else None,
            tls=self._trusting[trusted],
            timeout=operation.timeout,
            connect_timeout=operation.connect_timeout,
            observer=observer,
        )
        self._clients.add(client)
        return client

    async def close(self, client: Client) -> None:
        """Give the connections of one back."""
        self._clients.discard(client)
        await client.close()

    async def close_all(self) -> None:
        """Give all connections back, once nobody asks any more."""
        for client in list(self._clients):
            await self.close(client)


def _trusting(authorities: CaFile | None) -> ssl.SSLContext:
    """Return what trusts the authorities of a file, or those of the system; raises `OSError`."""
    return ssl.create_default_context(cafile=authorities.path if authorities else None)
