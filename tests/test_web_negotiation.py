"""Which format and coding a client gets for what it says it accepts, and what real ones say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.web import curl, ending, guarded, headers, said
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.web.negotiation import accepts_gzip, format_for

OM, TEXT = Format.OPENMETRICS, Format.TEXT
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
CLIENTS: dict[str, tuple[Format, tuple[str, ...]]] = {
    "Prometheus 1.8": (TEXT, (f"{PROTOBUF};q=0.7", "text/plain;version=0.0.4;q=0.3", "*/*;q=0.1")),
    "Prometheus 2.22": (
        TEXT,
        ("application/openmetrics-text; version=0.0.1", "text/plain;version=0.0.4;q=0.5", "*/*;q=0.1"),
    ),
    "Prometheus 2.42": (
        OM,
        (
            "application/openmetrics-text;version=1.0.0",
            "application/openmetrics-text;version=0.0.1;q=0.75",
            "text/plain;version=0.0.4;q=0.5",
            "*/*;q=0.1",
        ),
    ),
    "Prometheus 2.53": (
        OM,
        (
            "application/openmetrics-text;version=1.0.0;q=0.5",
            "application/openmetrics-text;version=0.0.1;q=0.4",
            "text/plain;version=0.0.4;q=0.3",
            "*/*;q=0.2",
        ),
    ),
    "Prometheus 2.53, of native histograms": (
        OM,
        (
            f"{PROTOBUF};q=0.5",
            "application/openmetrics-text;version=1.0.0;q=0.4",
            "application/openmetrics-text;version=0.0.1;q=0.3",
            "text/plain;version=0.0.4;q=0.2",
            "*/*;q=0.1",
        ),
    ),
    "Prometheus 3.3": (
        OM,
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6",
            "application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5",
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4",
            "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3",
            "*/*;q=0.2",
        ),
    ),
    "Prometheus 3.11, names escaped": (
        OM,
        (
            "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6",
            "application/openmetrics-text;version=0.0.1;q=0.5",
            "text/plain;version=1.0.0;escaping=underscores;q=0.4",
            "text/plain;version=0.0.4;q=0.3",
            "*/*;q=0.2",
        ),
    ),
    "Prometheus 3.14, configured to prefer text": (
        TEXT,
        (
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6",
            "text/plain;version=0.0.4;q=0.5",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4",
            "*/*;q=0.3",
        ),
    ),
    "Prometheus 3, configured to take text alone": (TEXT, ("text/plain;version=0.0.4;q=0.2", "*/*;q=0.1")),
    "Prometheus 3, configured to take an older OpenMetrics": (
        TEXT,
        ("application/openmetrics-text;version=0.0.1;q=0.2", "*/*;q=0.1"),
    ),
    "curl": (TEXT, ("*/*",)),
    "nothing": (TEXT, ()),
    "Firefox": (
        TEXT,
        ("text/html", "application/xhtml+xml", "application/xml;q=0.9", "image/avif", "image/webp", "*/*;q=0.8"),
    ),
    "Java": (TEXT, ("text/html", "image/gif", "image/jpeg", "*; q=.2", "*/*; q=.2")),
    "axios": (TEXT, ("application/json", "text/plain", "*/*")),
}
FORMATS = {
    # versions: only one that is served counts
    "application/openmetrics-text": OM,
    "application/openmetrics-text;version=1.0.0": OM,
    "application/openmetrics-text;version=0.0.1": TEXT,
    "application/openmetrics-text;version=0.0.1, application/openmetrics-text;version=2.0.0": TEXT,
    "application/openmetrics-text;version=1.0": TEXT,
    "application/openmetrics-text;version=": TEXT,
    "application/openmetrics-text;version=0.0.1, */*;q=0.1": TEXT,
    'application/openmetrics-text;version="1.0.0"': OM,
    r'application/openmetrics-text;version="1\.0.0"': OM,
    "text/plain;version=1.0.0, application/openmetrics-text;version=1.0.0;q=0.1": OM,
    "text/plain;version=0.0.3;q=0.9, application/openmetrics-text;q=0.1, */*;q=0.2": TEXT,
    # weights: of what describes a format most exactly
    "application/openmetrics-text;q=0.5, text/plain;q=0.5": OM,
    "application/openmetrics-text;q=0.499, text/plain;q=0.5": TEXT,
    "application/openmetrics-text;q=0.2, text/plain;version=0.0.4;q=0.1, text/plain;q=0.9": OM,
    "application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text": TEXT,
    "application/openmetrics-text;q=0.5, application/openmetrics-text;q=0.1, text/plain;q=0.3": OM,
    "application/openmetrics-text;Q=0.1, TEXT/Plain;Q=0.5": TEXT,
    "application/openmetrics-text ; q = 0.6 , text/plain;q=0.5": OM,
    "q=0.1;application/openmetrics-text": TEXT,
    "application/openmetrics-text;q=0.1;version=1.0.0, text/plain;q=0.05": OM,
    # wildcards: they name nothing, but what is refused is not sent
    "application/*": OM,
    "application/*, text/*": TEXT,
    "application/*, */*": TEXT,
    "application/*;q=0.9, */*;q=0.8": OM,
    "text/plain;q=0, */*": OM,
    "text/*;q=0, */*;q=0.1": OM,
    "application/openmetrics-text, */*": OM,
    "application/openmetrics-text;q=0.5, */*": TEXT,
    "application/openmetrics-text;q=0, */*": TEXT,
    "application/*;q=0, */*": TEXT,
    "*": TEXT,
    "*/plain": TEXT,
    # other parameters are not looked at, whatever stands in them
    'application/openmetrics-text;x="a,b;q=0";q=0.6, text/plain;q=0.5': OM,
    r'application/openmetrics-text;x="\",text/plain;";q=0.6, text/plain;q=0.5': OM,
    "application/openmetrics-text;charset=utf-8;version=1.0.0;escaping=values": OM,
    # what cannot be read is not accepted
    **{
        f"application/openmetrics-text;q={weight}": TEXT
        for weight in (
            "much",
            "",
            "nan",
            "inf",
            "1e0",
            "-1",
            "2",
            "1.1",
            "0x1",
            "1_0",
            "\u0661",
            ".",
            "0,9",
            '"',
            "0.9.9",
        )
    },
    "application/openmetrics-text;q": TEXT,
    'application/openmetrics-text;version="1.0.0': TEXT,
    "application/openmetrics-text version=1.0.0": TEXT,
    "application/openmetrics-text/1.0.0": TEXT,
    "application / openmetrics-text": TEXT,
    "application/openmetrics-text\0": TEXT,
    ";;, ,=,q;q, application/openmetrics-text": OM,
    ";version=1.0.0": TEXT,
    '"application/openmetrics-text"': TEXT,
    '"' * 8000: TEXT,
    '"' + r"\"" * 4000 + "\\": TEXT,
    "application/openmetrics-text;" * 270: OM,
    "," * 8000: TEXT,
}
CODINGS = {
    "gzip": True,
    "x-gzip": True,
    "GZip ; Q=1.000": True,
    "deflate, gzip, br, zstd": True,
    "gzip;q=0.001": True,
    "gzip;q=0.5, identity;q=0.5": True,
    "gzip;q=0.4, identity;q=0.5": False,
    "*;q=0.1, identity": False,
    "identity;q=0, *;q=0.5": True,
    "identity;q=0": False,
    "gzip;q=0.000, *": False,
    "gzip;q=nan": False,
    "gzip;q=2": False,
    '"gzip"': False,
    "gzipped": False,
    "": False,
}


@pytest.mark.parametrize(("kind", "accepted"), CLIENTS.values(), ids=CLIENTS)
def test_every_client_gets_what_it_reads(kind: Format, accepted: tuple[str, ...]) -> None:
    """If a client sends what releases of it send, then it gets the best format that it says it reads, else text."""
    assert format_for(",".join(accepted)) is kind
    assert format_for(", ".join(accepted)) is kind


@pytest.mark.parametrize(("accept", "kind"), FORMATS.items())
def test_the_format_is_negotiated_as_http_has_it(accept: str, kind: Format) -> None:
    """If a client names versions, weights, wildcards or nonsense, then what it refuses is not sent, but for text."""
    assert format_for(accept) is kind


@pytest.mark.parametrize(("accept_encoding", "gzipped"), CODINGS.items())
def test_the_coding_is_negotiated_as_http_has_it(accept_encoding: str, *, gzipped: bool) -> None:
    """If a client reads gzip, and likes plain no better, then it gets gzip."""
    assert accepts_gzip(accept_encoding) is gzipped


@given(
    st.lists(
        st.sampled_from(["application/openmetrics-text", "text/plain", "*/*", *',;="\\ q', "version", "1.0.0", "0.5"])
        | st.text(max_size=3)
    ).map("".join)
)
def test_no_header_is_too_odd(header: str) -> None:
    """If a header holds whatever it likes, then there is an answer all the same."""
    assert format_for(header) in Format
    assert accepts_gzip(header) in {True, False}


async def test_a_list_may_come_in_several_lines(tmp_path: Path) -> None:
    """If a client, or a proxy, writes a list in several header lines, then all of them count."""
    lines = (
        b"Accept: image/png\r\nAccept-Encoding: br\r\nAccept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n"
    )
    async with guarded(tmp_path, "") as port:
        answer = await said(port, ending(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n"))
    assert headers(answer)[b"content-type"] == b"application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert headers(answer)[b"content-encoding"] == b"gzip"


async def test_curl_gets_text(tmp_path: Path) -> None:
    """If somebody looks with curl, then text comes, compressed only where that is asked for."""
    async with guarded(tmp_path, "") as port:
        url, wanted = f"http://127.0.0.1:{port}/metrics", "%{content_type} %header{content-encoding}"
        plain = await curl("--output", tmp_path / "plain", "--write-out", wanted, url)
        packed = await curl("--output", tmp_path / "packed", "--compressed", "--write-out", wanted, url)
    assert plain.out == "text/plain; version=0.0.4; charset=utf-8 "
    assert packed.out == "text/plain; version=0.0.4; charset=utf-8 gzip"
