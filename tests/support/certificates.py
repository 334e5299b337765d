"""Certificates of an authority that no system trusts."""

import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from support.servers import HOST

LONG_AGO, LONG_AFTER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""From when on, and until when, the certificates hold; the tests' clock is no concern of TLS."""


class Authority:
    """An authority with its certificate in a file of `folder`."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = HOST, until: datetime | None = None, since: datetime = LONG_AGO) -> ssl.SSLContext:
        """Return what a server of that name needs, with a certificate that holds `since` then and `until` then."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(name, not_before=since, not_after=until).configure_cert(context)
        return context

    def weak(self, folder: Path) -> ssl.SSLContext:
        """Return what a server of this host needs, with a key of 1024 bits, which OpenSSL no longer takes."""
        key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what it is for
        authority = x509.load_pem_x509_certificate(self._ca.cert_pem.bytes())
        signing = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        assert isinstance(signing, EllipticCurvePrivateKey)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        certificate = (
            x509.CertificateBuilder(authority.subject, x509.Name([]), key.public_key(), 1, LONG_AGO, LONG_AFTER)
            .add_extension(names, critical=True)
            .add_extension(issuer, critical=False)
            .sign(signing, hashes.SHA256())
        )
        encoding, format_ = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        written = key.private_bytes(encoding, format_, serialization.NoEncryption()) + certificate.public_bytes(
            encoding
        )
        (folder / "weak.pem").write_bytes(written)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(folder / "weak.pem")
        return context

    def write_odd(self, folder: Path, names: x509.ExtensionType) -> None:
        """Write a certificate with these alternative names, and its key, into files of `folder`, as `write` does."""
        _, key = self.write(folder)
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        authority = x509.load_pem_x509_certificate(self._ca.cert_pem.bytes())
        signing = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        assert isinstance(private, EllipticCurvePrivateKey)
        assert isinstance(signing, EllipticCurvePrivateKey)
        made = (
            x509.CertificateBuilder(authority.subject, x509.Name([]), private.public_key(), 1, LONG_AGO, LONG_AFTER)
            .add_extension(names, critical=True)
            .sign(signing, hashes.SHA256())
        )
        (folder / "server.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def write(self, folder: Path, *names: str, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> tuple[Path, Path]:
        """Write a certificate for these names, by default this host, and its key into files of `folder`."""
        pair = self._ca.issue_cert(*(names or (HOST,)), not_before=LONG_AGO, key_type=key_type)
        certificate, key = folder / "server.crt", folder / "server.key"
        certificate.write_bytes(b"".join(part.bytes() for part in pair.cert_chain_pems))
        key.write_bytes(pair.private_key_pem.bytes())
        return certificate, key
