"""The web configurations that exporter-toolkit publishes with its tests, and what becomes of each there and here.

They are written anew, with certificates of the tests' own; `PUBLISHED` is by the names of the files in its folder
web/testdata, `OTHERS` by what they are. `there` says whether a program with exporter-toolkit serves with it, of which
web/tls_config_test.go, web/tls_config.go and web/handler.go are the source.
"""

from dataclasses import dataclass
from typing import TypeAlias

from support.web import ALICE

Client: TypeAlias = tuple[tuple[str, ...], str]
"""Words for curl or, where the first of them is `s_client`, for openssl; and what it says of what it gets."""

TAKEN, REFUSED = True, False
SERVED, CLOSED, UNKNOWN = "healthy\n200", "000", "401 Unauthorized: give a user and a password that are right\n401"
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
IF_GIVEN = f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n"
REQUIRED = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n"
_PRESENTING = ("--cert", "client/server.crt", "--key", "client/server.key")
_BASIC = "http_server_config:\n  headers:\n"
_USERS = f"basic_auth_users:\n  alice: {ALICE}\n"
_ALL_CIPHERS = "".join(
    f"  - TLS_{name}\n"
    for name in (
        *(f"ECDHE_{key}_WITH_AES_{rest}" for key in ("ECDSA", "RSA") for rest in ("128_GCM_SHA256", "256_GCM_SHA384")),
        *(f"ECDHE_{key}_WITH_CHACHA20_POLY1305_SHA256" for key in ("ECDSA", "RSA")),
        *("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"),
        *(f"ECDHE_{key}_WITH_AES_{size}_CBC_SHA" for key in ("ECDSA", "RSA") for size in (128, 256)),
    )
)


def _tls12(*suites: str) -> tuple[str, ...]:
    return ("s_client", "-tls1_2", "-cipher", ":".join(f"ECDHE-RSA-{suite}" for suite in suites))


_GCM_128, _GCM_256 = "AES128-GCM-SHA256", "AES256-GCM-SHA384"
_TWO = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
_TWO_REVERSED = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
_ONLY_12 = "  min_version: TLS12\n  max_version: TLS12\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One file; `difference` begins the row of docs/web-config.md that says why here is not as there."""

    config: str
    there: bool
    clients: tuple[Client, ...] = ()
    """What clients get of an exporter with it."""
    difference: str = ""

    @property
    def here(self) -> bool:
        """Whether it is accepted here."""
        return self.there != bool(self.difference)


PUBLISHED = {
    "tls_config_noAuth.requireandverifyclientcert.good.yml": Row(
        f"{REQUIRED}  client_ca_file: client/ca.pem\n", TAKEN, (((), CLOSED), (_PRESENTING, SERVED))
    ),
    "tls_config_noAuth.requireanyclientcert.good.yml": Row(
        f"{TLS}  client_auth_type: RequireAnyClientCert\n",
        TAKEN,
        difference="`client_auth_type` of `RequestClientCert`",
    ),
    "tls_config_noAuth.requireanyclientcertkeyinline.good.yml": Row(
        "tls_server_config:\n  cert_file: server.crt\n  key: |\n{key}  client_auth_type: RequireAnyClientCert\n",
        TAKEN,
        difference="`client_auth_type` of `RequestClientCert`",
    ),
    "web_config_auth_clientCAs_invalid.bad.yml": Row(f"{TLS}  client_ca_file: somefile\n", REFUSED),
    # not in its tests; what is missing are CAs, in whose place the system's are taken
    "web_config_auth_clientCAs_missing.bad.yml": Row(REQUIRED, TAKEN, (((), CLOSED), (_PRESENTING, CLOSED))),
    "web_config_auth_client_san.bad.yaml": Row(
        f"{REQUIRED}  client_ca_file: client/ca.pem\n  client_allowed_sans:\n    - bad\n",
        TAKEN,
        ((_PRESENTING, CLOSED),),
    ),
    "web_config_auth_client_san.good.yaml": Row(
        f"{REQUIRED}  client_ca_file: client/ca.pem\n  client_allowed_sans:\n    - one\n    - test3\n    - two\n",
        TAKEN,
        ((_PRESENTING, SERVED), ((), CLOSED)),
    ),
    "web_config_auth_user_list_invalid.bad.yml": Row(f"{TLS}basic_auth_users:\n  john: doe\n", REFUSED),
    "web_config_empty.yml": Row("", TAKEN, ((("--plain",), SERVED),)),
    "web_config_headers.good.yml": Row(
        f"""{_BASIC}    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-XSS-Protection: 1
    Content-Security-Policy: "default-src 'self' *.test.example.net"
""",
        TAKEN,
        (
            (("--plain", "--header-of", "x-frame-options"), "deny"),
            (("--plain", "--header-of", "strict-transport-security"), "max-age=31536000; includeSubDomains"),
            (("--plain", "--header-of", "x-content-type-options"), "nosniff"),
            (("--plain", "--header-of", "x-xss-protection"), "1"),
            (("--plain", "--header-of", "content-security-policy"), "default-src 'self' *.test.example.net"),
        ),
    ),
    "web_config_headers_content_type_options.bad.yml": Row(f"{_BASIC}    X-Content-Type-Options: sniff\n", REFUSED),
    "web_config_headers_extra_header.bad.yml": Row(f"{_BASIC}    Content-Type: foo\n", REFUSED),
    "web_config_headers_frame_options.bad.yml": Row(f"{_BASIC}    X-Frame-Options: foo\n", REFUSED),
    "web_config_junk.yml": Row("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n", REFUSED),
    "web_config_junk_key.yml": Row("tls_server_config:\n  cert_filse: server.crt\n", REFUSED),
    "web_config_noAuth.bad.yml": Row(f"{TLS}  client_ca_file: /dev/null\n", REFUSED),
    "web_config_noAuth.good.blocking.yml": Row(REQUIRED, TAKEN, (((), CLOSED),)),
    "web_config_noAuth.good.yml": Row(
        IF_GIVEN,
        TAKEN,
        (((), SERVED), (("--plain",), CLOSED), (("s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), "")),
    ),
    "web_config_noAuth_allCiphers.good.yml": Row(
        f"{IF_GIVEN}  cipher_suites:\n{_ALL_CIPHERS}",
        TAKEN,
        (((), SERVED), (_tls12("AES256-SHA"), "ECDHE-RSA-AES256-SHA")),
    ),
    "web_config_noAuth_allCurves.good.yml": Row(
        f"{IF_GIVEN}  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n",
        TAKEN,
        difference="`curve_preferences` with several curves",
    ),
    "web_config_noAuth_certPath_empty.bad.yml": Row(
        "tls_server_config: {cert_file: '', key_file: server.key}\n", REFUSED
    ),
    "web_config_noAuth_certPath_invalid.bad.yml": Row(
        "tls_server_config: {cert_file: somefile, key_file: server.key}\n", REFUSED
    ),
    "web_config_noAuth_certPath_keyPath_empty.bad.yml": Row(
        "tls_server_config: {cert_file: '', key_file: '', client_auth_type: x}\n", REFUSED
    ),
    "web_config_noAuth_certPath_keyPath_invalid.bad.yml": Row(
        "tls_server_config: {cert_file: somefile, key_file: somefile}\n", REFUSED
    ),
    "web_config_noAuth_cert_empty.bad.yml": Row("tls_server_config: {cert: '', key_file: server.key}\n", REFUSED),
    "web_config_noAuth_inventedCiphers.bad.yml": Row(
        f"{IF_GIVEN}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]\n", REFUSED
    ),
    "web_config_noAuth_inventedCurves.bad.yml": Row(f"{IF_GIVEN}  curve_preferences: [CurveP257]\n", REFUSED),
    "web_config_noAuth_keyPath_empty.bad.yml": Row(
        "tls_server_config: {cert_file: server.crt, key_file: ''}\n", REFUSED
    ),
    "web_config_noAuth_keyPath_invalid.bad.yml": Row(
        "tls_server_config: {cert_file: server.cert, key_file: somefile}\n", REFUSED
    ),
    "web_config_noAuth_key_empty.bad.yml": Row("tls_server_config: {cert_file: server.crt, key: ''}\n", REFUSED),
    "web_config_noAuth_noHTTP2.good.yml": Row(
        f"{IF_GIVEN}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n"
        "http_server_config:\n  http2: false\n",
        TAKEN,
        (((), SERVED), (_tls12(_GCM_128, _GCM_256), f"ECDHE-RSA-{_GCM_256}"), (_tls12(_GCM_128), "")),
    ),
    "web_config_noAuth_noHTTP2Cipher.bad.yml": Row(
        f"{IF_GIVEN}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n",
        REFUSED,
        (((), SERVED), (_tls12(_GCM_128), "")),
        difference="`cipher_suites` that HTTP/2 could not do with",
    ),
    "web_config_noAuth_someCiphers.good.yml": Row(
        f"{IF_GIVEN}  cipher_suites: [{_TWO}]\n{_ONLY_12}",
        TAKEN,
        (
            (_tls12(_GCM_128), f"ECDHE-RSA-{_GCM_128}"),
            (_tls12("AES256-SHA"), ""),
            (_tls12(_GCM_256, _GCM_128), f"ECDHE-RSA-{_GCM_128}"),
            (("s_client", "-tls1_3"), ""),
        ),
    ),
    "web_config_noAuth_someCiphers_noOrder.good.yml": Row(
        f"{IF_GIVEN}  cipher_suites: [{_TWO_REVERSED}]\n  prefer_server_cipher_suites: false\n{_ONLY_12}",
        TAKEN,
        ((_tls12(_GCM_128, _GCM_256), f"ECDHE-RSA-{_GCM_128}"),),
    ),
    "web_config_noAuth_someCurves.good.yml": Row(
        f"{IF_GIVEN}  min_version: TLS13\n  curve_preferences: [CurveP521]\n",
        TAKEN,
        (
            (("s_client", "-groups", "P-521"), "TLS_AES_256_GCM_SHA384"),
            (("s_client", "-groups", "P-384"), ""),
            (("s_client", "-tls1_2"), ""),
        ),
    ),
    "web_config_noAuth_tlsInline.good.yml": Row(
        "tls_server_config:\n  cert: |\n{cert}  key: |\n{key}  client_auth_type: VerifyClientCertIfGiven\n",
        TAKEN,
        (((), SERVED),),
    ),
    "web_config_noAuth_wrongTLSVersion.bad.yml": Row(f"{IF_GIVEN}  min_version: TLS111\n", REFUSED),
    "web_config_rate_limiter_nonblocking.yaml": Row(
        "rate_limit:\n  interval: 0\n  burst: 0\n", TAKEN, ((("--plain",), SERVED),) * 3
    ),
    "web_config_rate_limiter_one_second.yaml": Row(
        'rate_limit:\n  interval: "1s"\n  burst: 0\n',
        TAKEN,
        ((("--plain",), "429 Too Many Requests: too many requests\n429"),),
    ),
    "web_config_users.good.yml": Row(
        f"{TLS}{_USERS}",
        TAKEN,
        (
            (("--user", "alice:canary-of-alice"), SERVED),
            (("--user", "alice:another"), UNKNOWN),
            (("--user", "bob:canary-of-alice"), UNKNOWN),
            ((), UNKNOWN),
        ),
    ),
    "web_config_users_noTLS.good.yml": Row(
        _USERS, TAKEN, ((("--plain", "--user", "alice:canary-of-alice"), SERVED), (("--plain",), UNKNOWN))
    ),
}
_EMPTY = "a key without a value"
OTHERS = {
    "TLS 1.0": Row(f"{TLS}  min_version: TLS10\n", TAKEN, difference="`min_version`, `max_version` of `TLS10`"),
    "http2": Row("http_server_config:\n  http2: true\n", TAKEN, difference="`http2: true`"),
    "suites of TLS 1.3 alone": Row(
        f"{TLS}  max_version: TLS13\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\nhttp_server_config: {{http2: false}}\n",
        TAKEN,
        difference="`cipher_suites` of TLS 1.3 alone",
    ),
    "versions crossed": Row(
        f"{TLS}  min_version: TLS13\n  max_version: TLS12\n", TAKEN, difference="`min_version` above `max_version`"
    ),
    "no users": Row("basic_auth_users:\n", TAKEN, difference=_EMPTY),
    "null users": Row("basic_auth_users: null\n", TAKEN, difference=_EMPTY),
    "an empty group of users": Row("basic_auth_users: {}\n", TAKEN, difference=_EMPTY),
    "no TLS settings": Row("tls_server_config:\n", TAKEN, difference=_EMPTY),
    "an empty file of CAs": Row(f"{TLS}  client_ca_file: ''\n", TAKEN, difference=_EMPTY),
    "an empty policy": Row(f"{TLS}  client_auth_type: ''\n", TAKEN, difference=_EMPTY),
    "no suites": Row(f"{TLS}  cipher_suites: []\n", TAKEN, difference=_EMPTY),
    "no curves": Row(f"{TLS}  curve_preferences:\n", TAKEN, difference=_EMPTY),
    # there it lets nobody in
    "no names": Row(f"{REQUIRED}  client_allowed_sans: []\n", TAKEN, difference=_EMPTY),
    "no limit": Row("rate_limit:\n", TAKEN, difference=_EMPTY),
    "TLS settings without certificate": Row(
        "tls_server_config:\n  min_version: TLS13\n", TAKEN, difference="`tls_server_config` without certificate"
    ),
    "no burst": Row("rate_limit:\n  interval: 1s\n", TAKEN, difference="`rate_limit` without `interval` or `burst`"),
    "nanoseconds": Row("rate_limit:\n  interval: 5\n  burst: 1\n", TAKEN, difference="`interval` without a unit"),
    "a hash that costs days": Row(
        f"basic_auth_users:\n  alice: {ALICE.replace('$04', '$31')}\n", TAKEN, difference="hashes with a cost above 18"
    ),
    "a user with a colon": Row(f"basic_auth_users:\n  'a:b': {ALICE}\n", TAKEN, difference="a user without a name"),
    "a certificate twice": Row(
        TLS.replace("\n", "\n  cert: |\n{cert}", 1), TAKEN, difference="`cert` beside `cert_file`"
    ),
    "CAs without certificates": Row(
        f"{REQUIRED}  client_ca_file: server.key\n",
        TAKEN,
        difference="`client_ca_file` or `client_ca` without certificates",
    ),
    "names of unverified clients": Row(
        f"{IF_GIVEN}  client_allowed_sans: [one]\n", TAKEN, difference="`client_allowed_sans` without"
    ),
    "a header of two lines": Row(
        f'{_BASIC}    X-XSS-Protection: "1\\r\\nSet-Cookie: a"\n',
        TAKEN,
        difference="a header with other than printable",
    ),
    "no header of frames": Row(
        f"{_BASIC}    X-Frame-Options: ''\n", REFUSED, ((("--plain",), SERVED),), difference='`X-Frame-Options: ""`'
    ),
    "headers without one": Row("http_server_config:\n  headers: {}\n", TAKEN, ((("--plain",), SERVED),)),
    "short words for yes and no": Row(
        f"{TLS}  prefer_server_cipher_suites: y\nhttp_server_config: {{http2: n}}\n", TAKEN
    ),
    "a key twice": Row(f"{TLS}  cert_file: server.crt\n", REFUSED),
    "a user twice": Row(f"{_USERS}  alice: {ALICE}\n", REFUSED),
    "a header in lower case": Row(f"{_BASIC}    x-frame-options: deny\n", REFUSED),
    "frames in capitals": Row(f"{_BASIC}    X-Frame-Options: DENY\n", REFUSED),
    "a negative burst": Row("rate_limit:\n  interval: 1s\n  burst: -1\n", TAKEN, difference="a negative `burst`"),
    "users in a list": Row(f"basic_auth_users: [{ALICE}]\n", REFUSED),
    "comments alone": Row("# nothing yet\n", TAKEN, ((("--plain",), SERVED),)),
    "a limit": Row("rate_limit:\n  interval: 1m30s\n  burst: 20\n", TAKEN, ((("--plain",), SERVED),)),
    "a costly hash": Row(f"basic_auth_users:\n  bob: {ALICE.replace('$04', '$18')}\n", TAKEN),
    "old names of hashes": Row(
        f"basic_auth_users:\n  a: {ALICE.replace('$2b', '$2y')}\n  b: {ALICE.replace('$2b', '$2a')}\n", TAKEN
    ),
}
