"""The flag `--web.listen-address`, written as Go programs write it."""

from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = tuple[str | None, int]
"""Host and port; None is every address of the machine."""

_HIGHEST_PORT = 65535


def in_url(host: str | None) -> str:
    """Write a host as it stands in a URL that leads there from this machine."""
    if host is None:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def parse_address(written: str) -> Address:
    """Read `host:port`, `[::1]:port` or `:port`, which is every address; raises `ValueError`."""
    host, colon, port = written.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > _HIGHEST_PORT:
        raise ValueError("write host:port, or :port for every address of the machine")
    return urlsplit(f"//{host}").hostname, int(port)
