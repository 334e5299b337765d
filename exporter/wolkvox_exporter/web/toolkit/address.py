"""The flags that say where to answer, `--web.listen-address` and `--web.telemetry-path`, read to the last character."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TypeAlias

Address: TypeAlias = tuple[str | None, int]
"""Host and port; None is every address of the machine, port 0 one that the system chooses."""

_WRITTEN = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<host>[^\[\]:]*)):(?P<port>[^:]*)", re.DOTALL)
_BARE_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_PORT = re.compile(r"0|[1-9][0-9]{0,4}")
_HIGHEST_PORT = 65535
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
# what resolvers take for an address in one of their own ways, such as 127.1 and 0x7f.1
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")
_ZONE = re.compile(r"[A-Za-z0-9_.-]{1,15}")
_BROADCAST = IPv4Address("255.255.255.255")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+|/")
_FORM = "write host:port, or :port for every address of the machine"


def in_url(host: str | None) -> str:
    """Write a host as it stands in a URL that leads there from this machine."""
    if host in {None, "0.0.0.0"}:  # noqa: S104 - nothing is bound here
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host.replace('%', '%25')}]" if host and ":" in host else str(host)


def shown(address: Address) -> str:
    """Write an address as the flag has it."""
    host, port = address
    return f"[{host}]:{port}" if host and ":" in host else f"{host or ''}:{port}"


def parse_address(written: str) -> Address:
    """Read `host:port`, `[::1]:port` or `:port`, which is every address; raises `ValueError` with what would be right.

    Less is taken than Go programs take: no names of services, no IPv4 in brackets, no missing port.
    """
    found = _WRITTEN.fullmatch(written)
    if found is None:
        hint = "; an IPv6 address stands in brackets, as in [::1]:10842" if _BARE_IPV6.fullmatch(written) else ""
        raise ValueError(_FORM + hint)
    port = found["port"]
    if not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT:
        raise ValueError(f"{_FORM}; a port is a number up to {_HIGHEST_PORT}")
    host = found["host"] if found["bracketed"] is None else _ipv6(found["bracketed"])
    if found["bracketed"] is None and host:
        _require_host(host)
    # Go programs, too, take the one for the other
    return None if host in {"", "::"} else host, int(port)


def parse_path(written: str) -> str:
    """Read where the metrics are; raises `ValueError` with what would be right."""
    if not _PATH.fullmatch(written) or {".", ".."} & set(written.split("/")):
        raise ValueError(
            "a path begins with /, does not end with one, and has letters, digits and . _ ~ - between them, "
            "such as /metrics"
        )
    if written == "/-" or written.startswith("/-/"):
        raise ValueError("paths under /-/ are taken; write another, such as /metrics")
    return written


def _ipv6(written: str) -> str:
    text, percent, zone = written.partition("%")
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise ValueError(f"{_FORM}; brackets are for IPv6 addresses, as in [::1]:10842") from None
    if address.ipv4_mapped:
        raise ValueError(f"{_FORM}; an IPv4 address is written as such, as in 127.0.0.1:10842")
    if address.is_link_local != bool(percent) or (percent and not _ZONE.fullmatch(zone)):
        raise ValueError(f"{_FORM}; a link-local IPv6 address, and no other, names its interface: [fe80::1%eth0]:10842")
    if address.is_multicast:
        raise ValueError(f"{_FORM}; nobody connects to a multicast address")
    return f"{address}{percent}{zone}"


def _require_host(host: str) -> None:
    if _ENDS_IN_A_NUMBER.fullmatch(host):
        try:
            address = IPv4Address(host)
        except AddressValueError:
            raise ValueError(f"{_FORM}; an IPv4 address has four numbers up to 255, as in 127.0.0.1") from None
        if address.is_multicast:
            raise ValueError(f"{_FORM}; nobody connects to a multicast address")
        if address == _BROADCAST:
            raise ValueError(f"{_FORM}; nobody connects to a broadcast address")
    elif not _NAME.fullmatch(host):
        raise ValueError(f"{_FORM}; a host is an IP address or a name of ASCII letters, digits, dots and hyphens")
