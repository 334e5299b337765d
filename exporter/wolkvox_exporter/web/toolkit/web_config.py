"""From the web configuration file to what is in effect, or to all that is wrong with it."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wolkvox_exporter.config import validation, yamlfile
from wolkvox_exporter.config.problems import ConfigError, Problem
from wolkvox_exporter.config.yamlfile import Data, Document
from wolkvox_exporter.web.toolkit import tls
from wolkvox_exporter.web.toolkit.schema import MODELS, TlsServer, WebFile
from wolkvox_exporter.web.toolkit.types import TLS_1_3_CIPHERS

_TLS = ("tls_server_config",)
_KEYS = {field.alias or name for model in MODELS.values() for name, field in model.model_fields.items()}
_REQUIRED = "RequireAndVerifyClientCert"
_TOGETHER = "certificate and key cannot be used; both must be PEM, belong to each other, and the key have no passphrase"

_MISMATCH = "key values mismatch"


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What is in effect, the settings and what TLS makes of them; without `tls` connections are plain."""

    settings: WebFile
    tls: ssl.SSLContext | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it is made from, besides its own."""
        of_tls = self.settings.tls_server_config
        named = (of_tls.cert_file, of_tls.key_file, of_tls.client_ca_file) if of_tls else ()
        return tuple(path for path in named if path)

    @property
    def allowed_sans(self) -> tuple[str, ...]:
        """Names of which a client's certificate must have one; empty is any."""
        return self.settings.tls_server_config.client_allowed_sans if self.settings.tls_server_config else ()

    @property
    def protection(self) -> Mapping[str, str | int]:
        """What keeps strangers out, for the log; no users is everybody."""
        return {"scheme": "https" if self.tls else "http", "users": len(self.settings.basic_auth_users)}


UNPROTECTED = WebConfig(WebFile()).protection
"""Without a web configuration file."""


def load(path: Path) -> WebConfig:
    """Read the file, or raise `ConfigError` with everything that is wrong with it."""
    document = yamlfile.read(path, may_be_empty=True, may_be_pipe=False, known=_KEYS)
    file, refused = validation.validated(document, WebFile, path.absolute().parent, MODELS, _TLS[0])
    problems = [*document.problems, *refused, *_inconsistencies(document)]
    if file is None or problems:
        raise ConfigError(tuple(sorted(set(problems))))
    return WebConfig(file, _context(document, file.tls_server_config) if file.tls_server_config else None)


def _context(document: Document, settings: TlsServer) -> ssl.SSLContext:
    problem: Problem
    try:
        context = tls.context(settings)
    except (OSError, ValueError) as error:
        problem = document.problem((*_TLS, "cert_file" if settings.cert_file else "cert"), _unusable(error))
    else:
        try:
            tls.trust_clients(context, settings)
        except (OSError, ValueError):
            at = (*_TLS, "client_ca_file" if settings.client_ca_file else "client_ca")
            problem = document.problem(at, "no certificates can be read from it; it must be in PEM format")
        else:
            return context
    # raised here and not while handling its cause, which might quote the key
    raise ConfigError((problem,))


def _unusable(error: Exception) -> str:
    said = tls.reason(error) if isinstance(error, ssl.SSLError) else ""
    if said in {"", _MISMATCH}:
        return _TOGETHER
    return f"OpenSSL takes no such certificate or key here ({said}); make others, of 2048 bits or more and with SHA-256"


def _inconsistencies(document: Document) -> Iterator[Problem]:
    """Check what concerns several keys."""
    keys = document.data.get(_TLS[0]) if isinstance(document.data, dict) else None
    if not isinstance(keys, dict):
        return
    for group in (("cert_file", "cert"), ("key_file", "key")):
        yield from validation.exactly_one(document, _TLS, keys, group)
    yield from validation.at_most_one(document, _TLS, keys, ("client_ca_file", "client_ca"))
    yield from _about_clients(document, keys)
    yield from _about_versions(document, keys)


def _about_clients(document: Document, keys: dict[str, Data]) -> Iterator[Problem]:
    wanted = keys.get("client_auth_type", "NoClientCert")
    for key in ("client_ca_file", "client_ca"):
        if key in keys and wanted == "NoClientCert":
            yield document.problem(
                (*_TLS, key), f"no client is asked for a certificate; write client_auth_type: {_REQUIRED}"
            )
    if "client_allowed_sans" in keys and wanted != _REQUIRED:
        text = f"names can be asked of verified certificates only; write client_auth_type: {_REQUIRED}"
        yield document.problem((*_TLS, "client_allowed_sans"), text)


def _about_versions(document: Document, keys: dict[str, Data]) -> Iterator[Problem]:
    if keys.get("min_version") == "TLS13" and keys.get("max_version") == "TLS12":
        yield document.problem((*_TLS, "max_version"), "the highest version is below min_version; raise it")
    curves, suites = keys.get("curve_preferences"), keys.get("cipher_suites")
    if isinstance(curves, list) and len(curves) > 1:
        text = "Python can be told one curve only; write one, or remove the key to offer all that are good"
        yield document.problem((*_TLS, "curve_preferences"), text)
    if isinstance(suites, list) and suites and set(map(str, suites)) <= TLS_1_3_CIPHERS:
        text = "none of the suites is one of TLS 1.2, and those of TLS 1.3 cannot be chosen; write min_version: TLS13"
        yield document.problem((*_TLS, "cipher_suites"), text)
