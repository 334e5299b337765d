"""TLS as the web configuration file wants it."""

import os
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from wolkvox_exporter.web.toolkit.schema import TlsServer
from wolkvox_exporter.web.toolkit.types import CURVES, TLS_1_2_CIPHERS

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_MODES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}

_NAMES = {"DNS", "IP Address", "URI", "email"}
"""The kinds of alternative names that clients are allowed by, as Python calls them."""


def context(settings: TlsServer) -> ssl.SSLContext:
    """Return the context for new connections; raises `OSError` where certificate and key cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = _VERSIONS[settings.min_version]
    made.maximum_version = _VERSIONS[settings.max_version]
    made.set_alpn_protocols(["http/1.1"])
    key = settings.key.get_secret_value() if settings.key else None
    with _file(settings.cert_file, settings.cert) as cert_file, _file(settings.key_file, key) as key_file:
        # an empty passphrase, or OpenSSL would ask for one on the terminal
        made.load_cert_chain(cert_file, key_file, password="")
    _choose_ciphers(made, settings)
    return made


def trust_clients(made: ssl.SSLContext, settings: TlsServer) -> None:
    """Verify clients as wanted; raises `OSError` where their CAs cannot be used."""
    made.verify_mode = _MODES[settings.client_auth_type]
    if settings.client_ca_file or settings.client_ca:
        made.load_verify_locations(cafile=settings.client_ca_file, cadata=settings.client_ca)
    elif made.verify_mode is not ssl.CERT_NONE:
        made.load_default_certs(ssl.Purpose.CLIENT_AUTH)


def refusing() -> ssl.SSLContext:
    """Return a context with which no handshake succeeds: it has no certificate."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def reason(error: ssl.SSLError) -> str:
    """Return what OpenSSL says of an error, in its own words; empty where it says nothing."""
    verified = getattr(error, "verify_message", "")
    return ": ".join(filter(None, ((error.reason or "").replace("_", " ").lower(), verified)))


def is_allowed(certificate: Mapping[str, Any], allowed: Sequence[str]) -> bool:
    """Return whether a verified certificate has one of the alternative names."""
    names = certificate.get("subjectAltName", ())
    return not {_normal(kind, name) for kind, name in names if kind in _NAMES}.isdisjoint(allowed)


def _normal(kind: str, name: str) -> str | None:
    if kind != "IP Address":
        return name
    try:
        return str(ip_address(name.strip()))
    except ValueError:
        # whoever signs may sign an address of any length
        return None


def _choose_ciphers(made: ssl.SSLContext, settings: TlsServer) -> None:
    if settings.cipher_suites:
        names = (TLS_1_2_CIPHERS[name] for name in settings.cipher_suites if name in TLS_1_2_CIPHERS)
        made.set_ciphers(":".join(names))
    if not settings.prefer_server_cipher_suites:
        made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    for curve in settings.curve_preferences:
        made.set_ecdh_curve(CURVES[curve])


@contextmanager
def _file(path: Path | None, text: str | None) -> Iterator[str]:
    if path or text is None:
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError("a certificate or key in the file itself needs Linux")
    # an anonymous file of the kernel: the key reaches no disk
    descriptor = os.memfd_create("pem")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
