"""What a client accepts: the exposition's format and its coding."""

from collections.abc import Iterator

from wolkvox_exporter.metrics.encoder import Format

_OPENMETRICS = "application/openmetrics-text"
_OPENMETRICS_VERSIONS = ("", "0.0.1", "1.0.0")
_TEXT = "text/plain"


def format_for(accept: str) -> Format:
    """Return OpenMetrics for whoever likes it at least as much as text, and the text format for everybody else."""
    offers = [(quality, kind, version) for kind, version, quality in _offers(accept)]
    openmetrics = max((o[0] for o in offers if o[1] == _OPENMETRICS and o[2] in _OPENMETRICS_VERSIONS), default=0.0)
    text = max((o[0] for o in offers if o[1] == _TEXT), default=0.0)
    return Format.OPENMETRICS if openmetrics > 0 and openmetrics >= text else Format.TEXT


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether the client can read gzip."""
    codings = {coding: quality for coding, _, quality in _offers(accept_encoding)}
    return codings.get("gzip", codings.get("*", 0.0)) > 0


def _offers(header: str) -> Iterator[tuple[str, str, float]]:
    """Return what each part of an accept header names, its `version` and its quality."""
    for part in filter(None, (part.strip() for part in header.split(","))):
        kind, *rest = part.split(";")
        pairs = (parameter.partition("=") for parameter in rest)
        parameters = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
        yield kind.strip().lower(), parameters.get("version", ""), _quality(parameters.get("q", "1"))


def _quality(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return 0.0
