"""TLS of the web configuration file, with the clients that people use."""

import asyncio
import json
import re
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509

from support.certificates import Authority
from support.processes import Finished, config_file, run, serving
from support.servers import HOST
from support.tools import tool
from support.web import HEAD, TLS, USERS, curl, guarded, healthy, said, trusting, written
from wolkvox_exporter.web.toolkit import tls

REQUIRED = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients/ca.pem\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return the authority that the server's certificate in `tmp_path` is of."""
    made = Authority(tmp_path)
    made.write(tmp_path)
    return made


@pytest.fixture
def clients(tmp_path: Path) -> Authority:
    """Return the authority of clients in the folder `clients`, with a certificate for two names."""
    folder = tmp_path / "clients"
    folder.mkdir()
    made = Authority(folder)
    made.write(folder, "scraper.example.com", "::1")
    return made


def presenting(folder: Path) -> tuple[str | Path, ...]:
    """Return the flags with which curl presents the certificate of a folder."""
    return ("--cert", folder / "server.crt", "--key", folder / "server.key")


async def handshake(port: int, *flags: str) -> Finished:
    """Try a TLS connection with OpenSSL."""
    return await run(tool("openssl"), "s_client", "-connect", f"{HOST}:{port}", *flags)


async def test_curl_reads_over_tls(tmp_path: Path, authority: Authority) -> None:
    """If the file names a certificate, then curl reads what it could read without, and nothing over plain HTTP."""
    async with guarded(tmp_path, TLS) as port:
        read = await curl(*trusting(authority), healthy(port))
        untrusted = await curl(healthy(port))
        plain = await curl(f"http://{HOST}:{port}/metrics")
    assert read == Finished(0, "healthy\n200", "")
    assert untrusted.code == 60
    assert (plain.code != 0, plain.out) == (True, "000")


async def test_a_certificate_in_the_file_itself_works(tmp_path: Path, authority: Authority) -> None:
    """If certificate and key stand in the file itself, then they are served."""
    inline = "tls_server_config:\n"
    for key, file in (("cert", "server.crt"), ("key", "server.key")):
        inline += f"  {key}: |\n    " + (tmp_path / file).read_text().replace("\n", "\n    ").rstrip(" ")
        (tmp_path / file).unlink()
    async with guarded(tmp_path, inline) as port:
        assert (await curl(*trusting(authority), healthy(port))).out == "healthy\n200"


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize(
    ("settings", "client", "is_served"),
    [
        ("", "-tls1_2", True),
        ("", "-tls1_3", True),
        ("", "-tls1_1", False),
        ("  min_version: TLS13\n", "-tls1_2", False),
        ("  min_version: TLS13\n", "-tls1_3", True),
        ("  max_version: TLS12\n", "-tls1_3", False),
        ("  max_version: TLS12\n", "-tls1_2", True),
    ],
)
async def test_versions_are_those_of_the_file(tmp_path: Path, settings: str, client: str, *, is_served: bool) -> None:
    """If the file bounds the versions of TLS, then a client with another one is refused, and one below 1.2 always."""
    async with guarded(tmp_path, TLS + settings) as port:
        tried = await handshake(port, client, "-cipher", "ALL:@SECLEVEL=0")
    assert bool(re.search(r"Cipher is (TLS|ECDHE)", tried.out)) == is_served


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        (("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "true"), "AES128-GCM-SHA256"),
        (("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "true"), "AES256-GCM-SHA384"),
        (("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "false"), "AES256-GCM-SHA384"),
        (("ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE_RSA_WITH_AES_256_GCM_SHA384", "true"), None),
    ],
)
async def test_ciphers_are_those_of_the_file(
    tmp_path: Path, settings: tuple[str, str, str], chosen: str | None
) -> None:
    """If the file names suites, then the first counts, or the client's first if so said; without a common one none."""
    first, second, preferred = settings
    content = f"{TLS}  cipher_suites: [TLS_{first}, TLS_{second}]\n  prefer_server_cipher_suites: {preferred}\n"
    client = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
    async with guarded(tmp_path, content) as port:
        tried = await handshake(port, "-tls1_2", "-cipher", client)
    found = re.search(r"Cipher is ECDHE-ECDSA-(\S+)", tried.out)
    assert (found.group(1) if found else None) == chosen


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize(("curve", "is_served"), [("P-521", True), ("P-256", False)])
async def test_the_curve_is_that_of_the_file(tmp_path: Path, curve: str, *, is_served: bool) -> None:
    """If the file names a curve, then a client without it is refused."""
    content = f"{TLS}  min_version: TLS13\n  curve_preferences: [CurveP521]\n"
    async with guarded(tmp_path, content) as port:
        tried = await handshake(port, "-groups", curve)
    assert bool(re.search(r"Cipher is TLS_", tried.out)) == is_served


async def test_only_verified_clients_come_in(tmp_path: Path, authority: Authority, clients: Authority) -> None:
    """If a client certificate is required, then only one of that authority opens; others are turned away."""
    async with guarded(tmp_path, REQUIRED) as port:
        without = await curl(*trusting(authority), healthy(port))
        of_another = await curl(*trusting(authority), *presenting(tmp_path), healthy(port))
        right = await curl(*trusting(authority), *presenting(clients.file.parent), healthy(port))
    # in TLS 1.3 a client learns of it when it reads; curl then has one of two names for it
    assert {without.code, of_another.code} <= {52, 56}
    assert (without.out, of_another.out) == ("000", "000")
    assert right == Finished(0, "healthy\n200", "")


async def test_a_client_certificate_may_be_optional(tmp_path: Path, authority: Authority, clients: Authority) -> None:
    """If a certificate is verified when given, then one may come without, but not with a wrong one."""
    content = f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: clients/ca.pem\n"
    async with guarded(tmp_path, content) as port:
        without = await curl(*trusting(authority), healthy(port))
        of_another = await curl(*trusting(authority), *presenting(tmp_path), healthy(port))
        right = await curl(*trusting(authority), *presenting(clients.file.parent), healthy(port))
    assert [tried.out for tried in (without, of_another, right)] == ["healthy\n200", "000", "healthy\n200"]


@pytest.mark.parametrize(
    ("names", "out"),
    [
        ("[one, scraper.example.com]", "healthy\n200"),
        ('["::1"]', "healthy\n200"),
        ("[bad, example.com, SCRAPER]", "000"),
    ],
)
async def test_names_of_clients_are_checked(
    tmp_path: Path, authority: Authority, clients: Authority, names: str, out: str
) -> None:
    """If the file names clients, then a verified certificate without one of the names opens nothing."""
    async with guarded(tmp_path, f"{REQUIRED}  client_allowed_sans: {names}\n") as port:
        tried = await curl(*trusting(authority), *presenting(clients.file.parent), healthy(port))
    assert tried.out == out


ODD = {
    # the kinds are told apart: this is written like an address, but names no machine
    "a registered ID": x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))]),
    "an address of three bytes": x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.5.29.17"), bytes([0x30, 5, 0x87, 3, 1, 2, 3])
    ),
}


@pytest.mark.parametrize("names", ODD.values(), ids=ODD)
async def test_odd_names_of_clients_open_nothing(
    tmp_path: Path, authority: Authority, clients: Authority, names: x509.ExtensionType
) -> None:
    """If a verified certificate has a name of another kind or a broken one, then the connection is closed at once."""
    clients.write_odd(clients.file.parent, names)
    async with guarded(tmp_path, f"{REQUIRED}  client_allowed_sans: [1.2.3.4, one]\n") as port:
        context = ssl.create_default_context(cafile=authority.file)
        context.load_cert_chain(clients.file.parent / "server.crt", clients.file.parent / "server.key")
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(HOST, port, ssl=context)
            writer.write(HEAD + b"\r\n")
            with suppress(ConnectionError):
                assert await reader.read(-1) == b""
        writer.close()


async def test_a_bug_leaves_no_connection_open(
    tmp_path: Path, authority: Authority, clients: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a bug keeps a certificate from being judged, then the connection is closed all the same."""

    def broken(*_: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr(tls, "is_allowed", broken)
    async with guarded(tmp_path, f"{REQUIRED}  client_allowed_sans: [one]\n") as port:
        tried = await curl(*trusting(authority), *presenting(clients.file.parent), healthy(port))
    assert (tried.code in {52, 56}, tried.out) == (True, "000")


@pytest.mark.usefixtures("authority")
async def test_what_is_no_handshake_is_closed(tmp_path: Path) -> None:
    """If a client speaks no TLS, then the connection is closed without an answer."""
    async with guarded(tmp_path, TLS) as port:
        assert await said(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        assert await said(port, b"\x16\x03\x01\xff\xff" + b"\0" * 70_000) == b""


async def test_the_log_tells_who_may_come_in(tmp_path: Path, authority: Authority) -> None:
    """If TLS and users are on, then the line that tells the address tells that, too."""
    assert authority
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    async with serving(config, flags=(f"--web.config.file={written(tmp_path, TLS + USERS)}",)) as (exporter, _):
        listening = json.loads(await exporter.line('"listening"'))
    assert (listening["scheme"], listening["users"]) == ("https", 1)
