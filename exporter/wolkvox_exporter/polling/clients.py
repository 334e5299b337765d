"""The connections to the servers of all operations."""

import asyncio
from collections.abc import Iterable

from wolkvox_exporter.api.client import Client, Observer
from wolkvox_exporter.config import Operation


class Clients:
    """Opens clients, and closes all that are left at the end."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()

    async def connect_all(self, operations: Iterable[Operation]) -> dict[str, Client]:
        """Return a client by operation; raises `OSError`, and leaves none open, where a CA file cannot be read."""
        clients: dict[str, Client] = {}
        try:
            for operation in operations:
                clients[operation.name] = self.connect(operation)
                # each reads the system's certificates; scrapes are answered in between
                await asyncio.sleep(0)
        except OSError:
            for client in clients.values():
                await self.close(client)
            raise
        return clients

    def connect(self, operation: Operation, observer: Observer | None = None) -> Client:
        """Return a client for an operation; raises `OSError` where its CA file cannot be read."""
        client = Client(
            operation.base_url,
            proxy_url=operation.proxy_url.get_secret_value() if operation.proxy_url else None,
            ca_file=operation.ca_file.path if operation.ca_file else None,
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
