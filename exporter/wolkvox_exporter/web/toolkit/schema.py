"""The keys of the web configuration file, in the format that Prometheus' exporters share.

That format is described in `docs/web-configuration.md` of github.com/prometheus/exporter-toolkit; `docs/web-config.md`
says where this exporter differs.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from wolkvox_exporter.config.keys import Keys
from wolkvox_exporter.config.types import FILLED
from wolkvox_exporter.web.toolkit.types import (
    AllowedSan,
    Burst,
    Cipher,
    ClientAuth,
    Curve,
    Flag,
    FrameOptions,
    HeaderText,
    Http2,
    NoSniff,
    Pause,
    Pem,
    PemFile,
    SecretPem,
    TlsVersion,
    Users,
)


class TlsServer(Keys):
    """The certificate of the exporter, and what it asks of clients."""

    cert_file: PemFile | None = Field(
        default=None, description="PEM file with the server's certificate, and those between it and its CA."
    )
    key_file: PemFile | None = Field(default=None, description="PEM file with the key, without a passphrase.")
    cert: Pem | None = Field(default=None, description="The certificate itself, instead of `cert_file`.")
    key: SecretPem | None = Field(default=None, description="The key itself, instead of `key_file`.")
    client_auth_type: ClientAuth = Field(
        default="NoClientCert",
        description="`NoClientCert`, `VerifyClientCertIfGiven`, or `RequireAndVerifyClientCert`, which alone keeps "
        "clients without a certificate out.",
    )
    client_ca_file: PemFile | None = Field(
        default=None, description="PEM file with the CAs of clients; without it those that the system trusts."
    )
    client_ca: Pem | None = Field(default=None, description="The CAs themselves, instead of `client_ca_file`.")
    client_allowed_sans: Annotated[tuple[AllowedSan, ...], FILLED] = Field(
        default=(),
        description="Of these names (DNS, IP, e-mail, URI) a client's certificate has at least one; needs "
        "`RequireAndVerifyClientCert`.",
    )
    min_version: TlsVersion = Field(default="TLS12", description="`TLS12` or `TLS13`.")
    max_version: TlsVersion = Field(default="TLS13", description="`TLS12` or `TLS13`.")
    cipher_suites: Annotated[tuple[Cipher, ...], FILLED] = Field(
        default=(), description="Cipher suites of TLS 1.2, by their standard names; those of TLS 1.3 are fixed."
    )
    prefer_server_cipher_suites: Flag = Field(
        default=True, description="Whether the order of `cipher_suites` counts, or the client's."
    )
    curve_preferences: Annotated[tuple[Curve, ...], FILLED] = Field(
        default=(), description="At most one of `CurveP256`, `CurveP384`, `CurveP521`, `X25519`."
    )


class Headers(Keys):
    """Headers of every answer; an empty text leaves the exporter's own."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-").title().replace("Xss", "XSS"))

    content_security_policy: HeaderText = Field(default="", description="Any policy.")
    x_frame_options: FrameOptions = Field(default="", description="`deny` or `sameorigin`.")
    x_content_type_options: NoSniff = Field(default="", description="`nosniff`.")
    x_xss_protection: HeaderText = Field(default="", description="Any value.")
    strict_transport_security: HeaderText = Field(default="", description="Any value; mind what it means for browsers.")

    def written(self) -> dict[str, str]:
        """Return names and values of the headers to set."""
        return {name: value for name, value in self.model_dump(by_alias=True).items() if value}


class HttpServer(Keys):
    """How answers look."""

    http2: Http2 = Field(default=False, description="`false`: HTTP/2 is not served.")
    headers: Headers = Field(default=Headers(), description="Headers of every answer.")


class RateLimit(Keys):
    """A token bucket that all clients share."""

    interval: Pause = Field(description="Time in which one request more is allowed, such as `1s`; `0` is no limit.")
    burst: Burst = Field(description="How many requests may come at once.")


class WebFile(Keys):
    """The whole file."""

    tls_server_config: TlsServer | None = Field(default=None, description="Switches TLS on.")
    http_server_config: HttpServer = Field(default=HttpServer(), description="How answers look.")
    basic_auth_users: Users = Field(
        default={}, description="bcrypt hashes of passwords by user; whoever is none of them gets 401."
    )
    rate_limit: RateLimit | None = Field(default=None, description="Answers 429 to more requests than this.")


MODELS: dict[tuple[str, ...], type[Keys]] = {
    (): WebFile,
    ("tls_server_config",): TlsServer,
    ("http_server_config",): HttpServer,
    ("http_server_config", "headers"): Headers,
    ("rate_limit",): RateLimit,
}
"""The model of each group of keys, by the keys that lead there."""
