"""Single keys of an operation: what they accept, what they refuse, what they warn of."""

from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from config.files import load_text, operation, problems_of
from wolkvox_exporter.config import AmdMode, Campaigns, LiteralToken, Operation

_ADDRESS = "write an address such as https://wv0042.wolkvox.com/api/v2, without user, query or fragment"
_PROXY = "write a proxy such as http://proxy:3128 or http://user:password@proxy:3128"
_SERVER = "a server has exactly four digits; write it as 0042 or wv0042"
OTHER = "this is no regular file but a folder, a pipe or a device"
_KEYS = (
    "agents, agents_interval, amd, amd_interval, amd_max_calls, base_url, ca_file, campaigns, connect_timeout, "
    "interval, labels, name, proxy_url, quota_interval, quota_reserve, server, service_level_seconds, skills, "
    "skills_interval, stale_after, time_zone, timeout, token, token_env, token_file"
)


def _with_base_url(url: str) -> str:
    return operation().replace('server: "0042"', f'base_url: "{url}"')


@pytest.mark.parametrize("written", ["0042", "wv0042", '"0042"', "'wv0042'"])
def test_servers_are_written_as_people_know_them(tmp_path: Path, written: str) -> None:
    """If a server is written with or without wv and quotes, it is the same server."""
    (only,) = load_text(tmp_path, operation().replace('"0042"', written)).operations

    assert only.base_url == "https://wv0042.wolkvox.com/api/v2"


@pytest.mark.parametrize(
    "written", ["42", "00042", "0x22", "WV0042", "wv42", "٠٠٤٢", '""', "https://wv0042.wolkvox.com"]
)
def test_other_servers_are_refused(tmp_path: Path, written: str) -> None:
    """If a server has not four digits, nothing is guessed."""
    (problem,) = problems_of(tmp_path, operation().replace('"0042"', written))

    assert (problem.line, problem.path, problem.text) == (3, "operations[0].server", _SERVER)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://host.example/api/v2/", "https://host.example/api/v2"),
        ("HTTPS://Host.example:8443", "https://host.example:8443"),
        ("http://127.0.0.2:8080/api/v2", "http://127.0.0.2:8080/api/v2"),
        ("http://localhost/", "http://localhost"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_addresses_are_normalised(tmp_path: Path, written: str, expected: str) -> None:
    """If a whole address is given, it is used without the slash at its end, and loopback needs no TLS."""
    config = load_text(tmp_path, _with_base_url(written))

    assert (config.operations[0].base_url, config.warnings) == (expected, ())


@pytest.mark.parametrize(
    "written",
    [
        "", "host.example", "//host.example", "ftp://host.example", "https://", "https:///api", "https://:443/x",
        "https://user:pass@host.example", "https://@host.example", "https://host.example?a=b", "https://host.example?",
        "https://host.example#a", "https://host.example:0", "https://host.example:70000", "https://host.example:x",
        "https://ho st", "https://host.example/a b", "https://host..example", "https://[::1", "https://[fe80::1%25eth0]",
        "https://127.1", "https://1.2.3/x", "https://999.1.1.1", "https://0x7f.1", "https://host.42", "https://2130706433",
        "https://-", "https://campañas.example", "https://host.example/\\u0000",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(tmp_path: Path, written: str) -> None:
    """If an address has no host, or more than scheme, host, port and path, it is refused."""
    (problem,) = problems_of(tmp_path, _with_base_url(written))

    assert (problem.line, problem.path, problem.text) == (3, "operations[0].base_url", _ADDRESS)


@pytest.mark.parametrize(
    "written", ["http://proxy:3128", "http://user:p%40ss@proxy:3128/", "http://[::1]", "http://10.0.0.1"]
)
def test_proxies_are_kept_secret(tmp_path: Path, written: str) -> None:
    """If a proxy is given, with or without a password, it is used as written and never shown."""
    (only,) = load_text(tmp_path, operation(f'proxy_url: "{written}"')).operations

    assert only.proxy_url is not None
    assert only.proxy_url.get_secret_value() == written
    assert written not in repr(only)


@pytest.mark.parametrize(
    "written", ["proxy", "https://proxy", "socks5://proxy", "http://proxy/x", "http://proxy?", "http://u:p@"]
)
def test_other_proxies_are_refused(tmp_path: Path, written: str) -> None:
    """If a proxy is no HTTP proxy, it is refused."""
    (problem,) = problems_of(tmp_path, operation(f'proxy_url: "{written}"'))

    assert (problem.line, problem.path, problem.text) == (5, "operations[0].proxy_url", _PROXY)


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("all", "all"),
        ("auto", "auto"),
        ("each", "each"),
        ("off", "off"),
        ("false", "off"),
        ("no", "off"),
        ("Off", "off"),
        ("FALSE", "off"),
        ('"off"', "off"),
    ],
)
def test_amd_modes_are_read_and_off_is_off_however_yaml_sees_it(tmp_path: Path, written: str, mode: str) -> None:
    """If AMD is switched off without quotes, which YAML reads as false, it is off."""
    assert load_text(tmp_path, operation(f"amd: {written}")).operations[0].amd is AmdMode(mode)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("true", "this is no AMD mode; write auto, all, each or off"),
        ("sometimes", "this is no AMD mode; write auto, all, each or off"),
    ],
)
def test_other_amd_modes_are_refused(tmp_path: Path, written: str, expected: str) -> None:
    """If an AMD mode is unknown, the known ones are named."""
    assert [problem.text for problem in problems_of(tmp_path, operation(f"amd: {written}"))] == [expected]


@pytest.mark.parametrize(
    "written", ["America", "/etc/localtime", "../UTC", "Bogota", "GMT-5:00", '""', '"a\\0"', "a" * 300]
)
def test_unknown_time_zones_are_refused(tmp_path: Path, written: str) -> None:
    """If a time zone is not in the IANA database, no other one is guessed."""
    (problem,) = problems_of(tmp_path, operation(f"time_zone: {written}"))

    assert problem.text == "this is no time zone of the IANA database; write one such as America/Bogota"


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "1001", "3m", "three", "3 intervals", "٣"])
def test_stale_after_is_a_number_of_intervals(tmp_path: Path, written: str) -> None:
    """If stale_after is no whole number from 1 on, it is refused."""
    (problem,) = problems_of(tmp_path, operation(f"stale_after: {written}"))

    assert problem.text == "write a whole number of intervals from 1 to 1000, such as 3"


@pytest.mark.parametrize("written", ['""', '"  "', '"a\\nb"', '"\\0"', '"\\ud800"', '"\\u2028"', "n" * 101])
def test_names_must_be_fit_for_a_label(tmp_path: Path, written: str) -> None:
    """If a name is blank, too long or has control characters, it is refused."""
    (problem,) = problems_of(tmp_path, operation().replace("ventas-co", written))

    assert (problem.line, problem.path) == (2, "operations[0].name")
    assert problem.text.startswith("a name has ")


@pytest.mark.parametrize("written", ["no", "4875", "n" * 100, '"Cobranza México 🙂"'])
def test_names_are_taken_as_written(tmp_path: Path, written: str) -> None:
    """If a name looks like something else to YAML, it stays the name."""
    (only,) = load_text(tmp_path, operation().replace("ventas-co", written)).operations

    assert only.name == written.strip('"')


@pytest.mark.parametrize(
    ("include", "exclude", "selected"),
    [
        (["*"], [], {"4875", "4876", "77"}),
        (["ventas*"], [], {"4875", "4876"}),
        (["487?"], ["*PRUEBA*"], {"4875"}),
        (["*"], ["*"], set()),
        (["77", "4875"], ["77"], {"4875"}),
        (["[v]entas*"], [], set()),
        (["ventas"], [], set()),
        (["STRASSE"], [], {"77"}),
    ],
)
def test_campaigns_are_selected_by_id_or_name(
    tmp_path: Path, include: list[str], exclude: list[str], selected: set[str]
) -> None:
    """If patterns are given, a campaign counts by its id or name, in any case, and exclude wins."""
    (only,) = load_text(tmp_path, operation(f"campaigns: {{include: {include}, exclude: {exclude}}}")).operations

    names = {"4875": "Ventas Julio", "4876": "VENTAS prueba", "77": "Straße"}
    assert {campaign for campaign, name in names.items() if only.campaigns.selects(campaign, name)} == selected


def test_a_company_ca_is_loaded(tmp_path: Path) -> None:
    """If a CA file is given relative to the configuration, it is found and checked."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")

    (only,) = load_text(tmp_path, operation("ca_file: ca.pem")).operations

    assert only.ca_file
    assert only.ca_file.path == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("token", "no certificates can be read from the file; it must be readable and in PEM format"),
        (".", f"{OTHER}; write the path of a PEM file with the CA's certificates"),
        ('""', f"{OTHER}; write the path of a PEM file with the CA's certificates"),
        ("absent", "there is no such file; write the path of a PEM file with the CA's certificates"),
        ('"\\0"', "there is no such file; write the path of a PEM file with the CA's certificates"),
    ],
)
def test_a_file_without_certificates_is_refused(tmp_path: Path, written: str, expected: str) -> None:
    """If the CA file cannot be used, that is said when loading and not at the first poll."""
    assert [problem.text for problem in problems_of(tmp_path, operation(f"ca_file: {written}"))] == [expected]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("timezone", "did you mean time_zone?"),
        ("time-zone", "did you mean time_zone?"),
        ("Token-File", "did you mean token_file?"),
        ("state", f"known here are {_KEYS}"),
    ],
)
def test_unknown_keys_get_the_nearest_known_one(tmp_path: Path, key: str, expected: str) -> None:
    """If a key is misspelt, the one meant is offered, or else the known ones."""
    (problem,) = problems_of(tmp_path, operation(f"{key}: x"))

    assert problem.text == f"unknown key; {expected}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("quota_interval: 15", "a duration needs its unit; write 5m or 300s"),
        ("quota_reserve: 0.1", "write a percentage from 0% to 100%, such as 10%"),
        ("quota_reserve: 101%", "write a percentage from 0% to 100%, such as 10%"),
        ("amd_max_calls: 0", "write a whole number of calls from 1 to 1000, such as 10"),
        ("amd_max_calls: many", "write a whole number of calls from 1 to 1000, such as 10"),
    ],
)
def test_what_limits_the_calls_is_read_strictly(tmp_path: Path, line: str, expected: str) -> None:
    """If a limit on the calls is written in another way than documented, the text says how to write it."""
    assert [problem.text for problem in problems_of(tmp_path, operation(line))] == [expected]


def test_the_calls_can_be_limited(tmp_path: Path) -> None:
    """If quota and AMD calls are limited in the file, these are the limits in effect."""
    lines = ("quota_interval: 0", "quota_reserve: 12.5%", "amd_max_calls: 4", "amd: each")
    (limited,) = load_text(tmp_path, operation(*lines)).operations
    assert (limited.quota_interval, limited.quota_reserve, limited.amd_max_calls) == (0.0, 0.125, 4)
    (default,) = load_text(tmp_path, operation()).operations
    assert (default.quota_interval, default.quota_reserve, default.amd_max_calls) == (900.0, 0.1, 10)


def test_address_and_token_are_given_exactly_once(tmp_path: Path) -> None:
    """If an operation has no address or token, or several, that is said beside its other errors."""
    text = (
        "operations:\n  - {name: a}\n"
        + operation("token_env: HOME", "base_url: https://host.example").split("\n", 1)[1]
    )

    tokens = "token_file, token_env and token"
    assert [f"{problem.line} {problem.path}: {problem.text}" for problem in problems_of(tmp_path, text)] == [
        "2 operations[0]: exactly one of server and base_url must be written; write one",
        f"2 operations[0]: exactly one of {tokens} must be written; write one",
        f"6 operations[1].token_env: only one of {tokens} may be written; remove this or token_file",
        "7 operations[1].base_url: only one of server and base_url may be written; remove this or server",
    ]


def test_unencrypted_addresses_are_warned_of(tmp_path: Path) -> None:
    """If the token would travel in the clear, there is a warning, and it works."""
    (warning,) = load_text(tmp_path, _with_base_url("http://host.example")).warnings

    assert str(warning) == (
        f"{tmp_path}/config.yaml:3: operations[0].base_url: the token travels unencrypted; write https://"
    )


def test_operations_can_be_built_in_code() -> None:
    """If a program builds an operation itself, typed values are taken as they are."""
    built = Operation(
        name="a",
        base_url="http://127.0.0.1:1/api/v2",
        token=LiteralToken(SecretStr("t")),
        interval=0.01,
        campaigns=Campaigns(exclude=("b*",)),
    )

    assert (built.interval, built.timeout, built.token.read()) == (0.01, 65.0, "t")
    assert not built.campaigns.selects("1", "Beta")
