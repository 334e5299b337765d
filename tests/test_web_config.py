"""The web configuration file: what is accepted, what is refused, and with which words."""

import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from docs.generate import ROOT
from support.canary import assert_secret, told_by
from support.certificates import LONG_AFTER, LONG_AGO, Authority
from support.processes import EXPORTER, Finished, config_file, run
from support.web import ALICE, TLS, USERS, written
from wolkvox_exporter.config import ConfigError
from wolkvox_exporter.config.keys import Keys
from wolkvox_exporter.web.toolkit import web_config
from wolkvox_exporter.web.toolkit.schema import MODELS

SECRET = "canary-of-the-file"
# text, line and place of the one problem, and some of its words
BAD = {
    "junk": ("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n", 1, "", "keys with values are wanted"),
    "junk key": (f"{TLS}  cert_filse: x\n", 4, "tls_server_config.cert_filse", "did you mean cert_file?"),
    "empty cert_file": ("tls_server_config:\n  cert_file: ''\n  key_file: server.key\n", 2, ".cert_file", "PEM file"),
    "no such file": ("tls_server_config:\n  cert_file: nowhere\n  key_file: server.key\n", 2, ".cert_file", "No such"),
    "no regular file": (TLS.replace("server.key", "/dev/null"), 3, ".key_file", "no regular file"),
    "no such key": ("tls_server_config:\n  cert_file: server.crt\n  key_file: nowhere\n", 3, ".key_file", "No such"),
    "empty cert": ("tls_server_config:\n  cert: ''\n  key_file: server.key\n", 2, ".cert", "not PEM"),
    "empty key": ("tls_server_config:\n  cert_file: server.crt\n  key: ''\n", 3, ".key", "not PEM"),
    "no key": ("tls_server_config:\n  cert_file: server.crt\n", 1, "tls_server_config", "one of key_file and key"),
    "two keys": (f"{TLS}  key: -----BEGIN X\n", 4, ".key", "only one of key_file and key"),
    "not its key": ("tls_server_config: {cert_file: server.crt, key_file: other.key}\n", 1, ".cert_file", "belong"),
    "a key as certificate": ("tls_server_config: {cert_file: ca.pem, key_file: ca.pem}\n", 1, ".cert_file", "belong"),
    "client_ca without a policy": (f"{TLS}  client_ca_file: ca.pem\n", 4, ".client_ca_file", "client_auth_type"),
    "client_ca without certificates": (
        f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: other.key\n",
        5,
        ".client_ca_file",
        "no certificates",
    ),
    "an invented policy": (f"{TLS}  client_auth_type: x\n", 4, ".client_auth_type", "none of the possible values"),
    "an unverified policy": (f"{TLS}  client_auth_type: RequireAnyClientCert\n", 4, ".client_auth_type", "verified"),
    "names of unverified clients": (f"{TLS}  client_allowed_sans: [one]\n", 4, ".client_allowed_sans", "verified"),
    "an invented cipher": (f"{TLS}  cipher_suites: [TLS_X_SHA2048]\n", 4, ".cipher_suites[0]", "unknown or insecure"),
    "fixed ciphers alone": (f"{TLS}  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", 4, ".cipher_suites", "TLS 1.2"),
    "an invented curve": (f"{TLS}  curve_preferences: [CurveP257]\n", 4, ".curve_preferences[0]", "CurveP256 or"),
    "several curves": (f"{TLS}  curve_preferences: [X25519, CurveP256]\n", 4, ".curve_preferences", "one curve only"),
    "an invented version": (f"{TLS}  min_version: TLS111\n", 4, ".min_version", "write TLS12 or TLS13"),
    "an old version": (f"{TLS}  min_version: TLS10\n", 4, ".min_version", "not served here"),
    "versions crossed": (f"{TLS}  min_version: TLS13\n  max_version: TLS12\n", 5, ".max_version", "below min_version"),
    "http2": ("http_server_config:\n  http2: true\n", 2, "http_server_config.http2", "HTTP/2 is not served"),
    "an odd header": ("http_server_config:\n  headers:\n    Content-Type: foo\n", 3, ".headers", "unknown key; known"),
    "frame options": (
        "http_server_config:\n  headers:\n    X-Frame-Options: foo\n",
        3,
        ".X-Frame-Options",
        "deny or s",
    ),
    "content type options": (
        "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n",
        3,
        "http_server_config.headers.X-Content-Type-Options",
        "write nosniff",
    ),
    "a header of two lines": (
        'http_server_config:\n  headers:\n    X-XSS-Protection: "1\\r\\nSet-Cookie: a"\n',
        3,
        "http_server_config.headers.X-XSS-Protection",
        "printable",
    ),
    "a header twice": (
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Frame-Options: deny\n",
        4,
        "http_server_config.headers.X-Frame-Options",
        "already written in line 3",
    ),
    "a header without a value": (
        "http_server_config:\n  headers:\n    X-Frame-Options:\n",
        3,
        "http_server_config.headers.X-Frame-Options",
        "nothing is written here",
    ),
    "a header of several values": (
        "http_server_config:\n  headers:\n    Strict-Transport-Security: [a]\n",
        3,
        "http_server_config.headers.Strict-Transport-Security",
        "not a list",
    ),
    "a header in lower case": (
        "http_server_config:\n  headers:\n    x-frame-options: deny\n",
        3,
        "http_server_config.headers",
        "did you mean X-Frame-Options?",
    ),
    "a header misspelt": (
        "http_server_config:\n  headers:\n    Strict_Transport_Securty: a\n",
        3,
        "http_server_config.headers",
        "did you mean Strict-Transport-Security?",
    ),
    "a header in the wrong place": (f"{TLS}  X-Frame-Options: deny\n", 4, ".X-Frame-Options", "unknown key; known"),
    "no users": ("basic_auth_users:\n", 1, "basic_auth_users", "nothing is written here; write a value or remove"),
    "an empty group of users": ("basic_auth_users: {}\n", 1, "basic_auth_users", "everybody would be let in"),
    "no suites": (f"{TLS}  cipher_suites: []\n", 4, ".cipher_suites", "the list is empty"),
    "no curves": (f"{TLS}  curve_preferences: []\n", 4, ".curve_preferences", "the list is empty"),
    "no names": (
        f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: []\n",
        5,
        ".client_allowed_sans",
        "the list is empty",
    ),
    "an empty name": (
        f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: ['']\n",
        5,
        ".client_allowed_sans[0]",
        "write a name",
    ),
    "no hash": ("basic_auth_users:\n  john: doe\n", 2, "basic_auth_users.john", "hash-password"),
    "a hash that costs days": (f"basic_auth_users:\n  john: {ALICE.replace('$04', '$31')}\n", 2, ".john", "cost"),
    "a user that cannot be": (f'basic_auth_users:\n  "a:b": {ALICE}\n', 2, "basic_auth_users", "without a colon"),
    "a user twice": (f"{USERS}  alice: {ALICE}\n", 3, "basic_auth_users.alice", "already written in line 2"),
    "users in a list": (f"basic_auth_users: [{ALICE}]\n", 1, "basic_auth_users", "keys with values"),
    "no burst": ("rate_limit:\n  interval: 1s\n", 1, "rate_limit.burst", "the key is missing"),
    "a negative burst": ("rate_limit:\n  interval: 1s\n  burst: -1\n", 3, "rate_limit.burst", "whole number"),
    "a burst that is too large": (
        "rate_limit:\n  interval: 1s\n  burst: 12345678\n",
        3,
        "rate_limit.burst",
        "seven digits",
    ),
    "an interval without unit": ("rate_limit:\n  interval: 5\n  burst: 1\n", 2, "rate_limit.interval", "no duration"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a certificate, its key and CA, and another key."""
    authority = Authority(tmp_path)
    _, key = authority.write(tmp_path)
    key.rename(tmp_path / "other.key")
    authority.write(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("content", "line", "path", "words"), BAD.values(), ids=BAD)
def test_every_mistake_is_named(folder: Path, content: str, line: int, path: str, words: str) -> None:
    """If the file has a mistake, then one error tells its line and key and what would be right."""
    with pytest.raises(ConfigError) as caught:
        web_config.load(written(folder, content))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(folder / "web.yaml"), line)
    assert problem.path.endswith(path)
    assert words in problem.text


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    """If there are several mistakes, then each is told, in the order of the file."""
    content = f"{TLS}  min_version: TLS1\nbasic_auth_users:\n  bob: {SECRET}\nrate_limit: {{burst: x}}\nhttp2: false\n"
    with pytest.raises(ConfigError) as caught:
        web_config.load(written(folder, content))
    assert [(problem.line, problem.path) for problem in caught.value.problems] == [
        (4, "tls_server_config.min_version"),
        (6, "basic_auth_users.bob"),
        (7, "rate_limit.burst"),
        (7, "rate_limit.interval"),
        (8, "http2"),
    ]


def test_no_error_shows_a_secret(folder: Path) -> None:
    """If secrets stand in wrong places, then no error shows one, nor does what is loaded."""
    content = f"""
tls_server_config: {{cert: "{SECRET}", key: "-----BEGIN {SECRET}", client_auth_type: {SECRET}}}
basic_auth_users: {{alice: {SECRET}, "{SECRET}": {ALICE}, bob: "$2y$10${SECRET}"}}
http_server_config: {{headers: {{{SECRET}: {SECRET}}}}}
{SECRET}: {SECRET}
"""
    with pytest.raises(ConfigError) as caught:
        web_config.load(written(folder, content))
    assert_secret(told_by(caught.value), SECRET, ALICE)
    assert_secret(repr(web_config.load(written(folder, USERS))), ALICE)


def test_a_key_that_openssl_refuses_is_named(folder: Path) -> None:
    """If certificate and key belong together but OpenSSL takes no such ones, then its reason is given, and no other."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what is refused
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "short")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, LONG_AGO, LONG_AFTER).sign(key, hashes.SHA256())
    (folder / "server.crt").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "server.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigError) as caught:
        web_config.load(written(folder, TLS))
    (problem,) = caught.value.problems
    assert problem.path == "tls_server_config.cert_file"
    assert problem.text == (
        "OpenSSL takes no such certificate or key here (ee key too small); "
        "make others, of 2048 bits or more and with SHA-256"
    )


def test_a_key_in_the_file_shows_nowhere(folder: Path) -> None:
    """If a key in the file does not fit, then the error does not show it."""
    key = (folder / "other.key").read_text()
    indented = key.replace("\n", "\n    ")
    with pytest.raises(ConfigError, match="belong to each other") as caught:
        web_config.load(written(folder, f"tls_server_config:\n  cert_file: server.crt\n  key: |\n    {indented}\n"))
    assert_secret(told_by(caught.value), *key.splitlines()[1:-1])


async def test_check_tells_the_mistakes_of_both_files(tmp_path: Path) -> None:
    """If `check` is given both files, then it tells what is wrong with each and exits with 1."""
    config = config_file(tmp_path, "http://127.0.0.1:1", {"a": {"token": "x"}}, interval="5")
    web = written(tmp_path, "basic_auth_users:\n  john: doe\n")
    checked = await run(*EXPORTER, "check", f"--config.file={config}", f"--web.config.file={web}")
    assert checked.code == 1
    assert re.findall(r"(?:config|web)\.yaml:\d+: [\w.]+", checked.err) == [
        "config.yaml:1: interval",
        "web.yaml:2: basic_auth_users.john",
    ]


async def test_a_bad_file_ends_the_start(tmp_path: Path) -> None:
    """If the file is bad or missing at the start, then it tells why and nothing else, and exits with 1."""
    config = config_file(tmp_path, "http://127.0.0.1:1", {"a": {"token": "x"}})
    web = written(tmp_path, "basic_auth_users:\n  john: doe\n")
    flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
    started = await run(*EXPORTER, *flags, f"--web.config.file={web}")
    hint = "this is no bcrypt hash; make one with: wolkvox-exporter hash-password"
    assert started == Finished(1, "", f"{web}:2: basic_auth_users.john: {hint}\n")
    missing = await run(*EXPORTER, *flags, f"--web.config.file={tmp_path}/nowhere.yaml")
    reason = "the file cannot be read (No such file or directory); give the path of a readable file"
    assert missing == Finished(1, "", f"{tmp_path}/nowhere.yaml:1: {reason}\n")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.__name__)
def test_every_key_is_documented(model: type[Keys]) -> None:
    """If a key can be written, then docs/web-config.md has a row for it, in the words of the model."""
    rows = (ROOT / "docs" / "web-config.md").read_text(encoding="utf-8").splitlines()
    for name, field in model.model_fields.items():
        assert any(row.startswith(f"| `{field.alias or name}` | {field.description}") for row in rows), name


def test_the_example_is_good(folder: Path) -> None:
    """If one copies the example, from docs/web-config.md or the file beside it, then it is accepted."""
    document = (ROOT / "docs" / "web-config.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    example = (ROOT / "docs" / "web-config.example.yaml").read_text(encoding="utf-8")
    assert example.partition("\n")[2] == shown
    config = web_config.load(written(folder, example))
    assert config.tls is not None
    assert list(config.settings.basic_auth_users) == ["prometheus"]
