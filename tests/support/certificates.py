"""Certificates of an authority that no system trusts."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme

from support.servers import HOST

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""From when on the certificates hold; the tests' clock is no concern of TLS."""


class Authority:
    """An authority with its certificate in a file of `folder`."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = HOST, until: datetime | None = None) -> ssl.SSLContext:
        """Return what a server of that name needs, with a certificate that holds `until` then."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(name, not_before=LONG_AGO, not_after=until).configure_cert(context)
        return context

    def write(self, folder: Path, *names: str) -> tuple[Path, Path]:
        """Write a certificate for these names, by default this host, and its key into files of `folder`."""
        pair = self._ca.issue_cert(*(names or (HOST,)), not_before=LONG_AGO)
        certificate, key = folder / "server.crt", folder / "server.key"
        certificate.write_bytes(b"".join(part.bytes() for part in pair.cert_chain_pems))
        key.write_bytes(pair.private_key_pem.bytes())
        return certificate, key
