"""The proxy that the environment names: `HTTPS_PROXY`, less what `NO_PROXY` lists, read as curl and Go read them."""

import os
import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from pydantic import SecretStr

from wolkvox_exporter.config import values
from wolkvox_exporter.config.problems import BadValue

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def proxy(base_url: str) -> SecretStr | None:
    """Return the proxy on the way to an address, None where there is none to use; raises `BadValue`.

    It is for https only: a proxy on the way of http would see the token. An address without a scheme is http.
    """
    name, text = _variable("https_proxy")
    address = urlsplit(base_url)
    if not text or address.scheme != "https" or _is_left_out(address.hostname or "", address.port or 443):
        return None
    try:
        return values.proxy_url(text if _SCHEME.match(text) else f"http://{text}")
    except BadValue as error:
        advice = str(error)
    raise BadValue(
        f"the environment variable {name} names a proxy that cannot be used, only HTTP proxies can; {advice}, "
        "or set proxy_url, or list the server in NO_PROXY"
    )


def _is_left_out(host: str, port: int) -> bool:
    _, text = _variable("no_proxy")
    return any(_matches(host, port, entry) for entry in re.split(r"[,\s]+", text.lower()) if entry)


def _matches(host: str, port: int, entry: str) -> bool:
    """Return whether `*`, a name and all below it, an address or a network stands for a host."""
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        domain = entry.removeprefix("*").removeprefix(".").removesuffix(f":{port}").strip("[]")
        # a dot, or a port without a host, is not everything
        return entry == "*" or (domain != "" and (host == domain or host.endswith(f".{domain}")))


def _variable(name: str) -> tuple[str, str]:
    """Return the name under which a variable is set, and its value; in small letters it stands above, even if empty."""
    name = name if name in os.environ else name.upper()
    return name, os.environ.get(name, "").strip()
