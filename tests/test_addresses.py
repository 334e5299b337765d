"""The flags that say where to answer: read to the last character, or refused."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.web.toolkit.address import Address, in_url, parse_address, parse_path, shown

UNDERSTOOD = {
    ":10842": (None, 10842),
    "[::]:10842": (None, 10842),
    "[::0]:10842": (None, 10842),
    "[0:0:0:0:0:0:0:0]:1": (None, 1),
    "0.0.0.0:10842": ("0.0.0.0", 10842),  # noqa: S104 - it is what is written
    "127.0.0.1:0": ("127.0.0.1", 0),
    "[::1]:9000": ("::1", 9000),
    "[0:0::1]:9000": ("::1", 9000),
    "[2001:DB8::A]:9000": ("2001:db8::a", 9000),
    "[fe80::1%eth0]:1": ("fe80::1%eth0", 1),
    "[fe80::1%enp0s3.7]:1": ("fe80::1%enp0s3.7", 1),
    "localhost:65535": ("localhost", 65535),
    "LOCALHOST:1": ("LOCALHOST", 1),
    "localhost.:1": ("localhost.", 1),
    "exporter-1.example.com:1": ("exporter-1.example.com", 1),
    "xn--bcher-kva.example:1": ("xn--bcher-kva.example", 1),
    "my_service:1": ("my_service", 1),
    "1e3.example:1": ("1e3.example", 1),
    "a:1": ("a", 1),
}
IPV6 = "an IPv6 address stands in brackets, as in [::1]:10842"
BRACKETS = "brackets are for IPv6 addresses, as in [::1]:10842"
PORT = "a port is a number up to 65535"
IPV4 = "an IPv4 address has four numbers up to 255, as in 127.0.0.1"
HOST = "a host is an IP address or a name of ASCII letters, digits, dots and hyphens"
ZONE = "a link-local IPv6 address, and no other, names its interface: [fe80::1%eth0]:10842"
FORM = "write host:port, or :port for every address of the machine"
# by what is said besides the form
REFUSED = {
    "": ["", "10842", "localhost", "[::1]", "[::1]x:1", "x[::1]:1", "[::1:1", "[[::1]]:1", "[::1]:1:2", "[a]b]:1"],
    IPV6: ["::1:18512", "::", "::1", "fe80::1:80", "1.2.3.4:1:2", ":1:", "::ffff:127.0.0.1:80"],
    BRACKETS: [
        "[127.0.0.1]:1",
        "[localhost]:1",
        "[]:1",
        "[ ::1]:1",
        "[::1 ]:1",
        "[::1/128]:1",
        "[::g]:1",
        "[\u0661::]:1",
    ],
    PORT: [
        ":",
        "host:",
        ":+1",
        ":-1",
        ":1.5",
        ":99999",
        ":65536",
        ":\u0661",
        ":\uff11",
        ": 1",
        ":1 ",
        ":1\n",
        ":0x50",
        ":http",
        ":080",
        ":00",
        ":1_0",
        "host:port",
        "[::1]:",
        "[::1]:http",
        ":" + "9" * 5_000,
        ":1\0",
        "[::1]:1\n",
        ":1e3",
    ],
    IPV4: [
        "x@127.0.0.1:1",
        "127.1:1",
        "0:1",
        "2130706433:1",
        "0x7f.1:1",
        "0X7F000001:1",
        "127.0.0.1.:1",
        "01.2.3.4:1",
        "1.2.3.256:1",
        "1.2.3.4.5:1",
        "a.1:1",
        "1.2.3.:1",
        "0x:1",
        "\uff11\uff12\uff17.0.0.1:1",
    ],
    HOST: [
        " :1",
        "*:1",
        "127.0.0.1/8:1",
        "a b:1",
        "a\n:1",
        "\0:1",
        "a\0:1",
        "é:1",
        "bücher.example:1",
        "-1:1",
        "-a:1",
        "a-:1",
        ".:1",
        "a..b:1",
        ".a:1",
        "a%eth0:1",
        "user@host:1",
        "x" * 64 + ":1",
        "x." * 127 + "abc:1",
        "//host:1",
        "host/path:1",
        "host?:1",
        "host#:1",
        "a,b:1",
        "$HOST:1",
        "${HOST}:1",
        "{{host}}:1",
        "\u202ea:1",
    ],
    ZONE: [
        "[fe80::1]:1",
        "[fe80::1%]:1",
        "[fe80::1%a/b]:1",
        "[fe80::1%eth0%eth1]:1",
        "[::1%lo]:1",
        "[::%lo]:1",
        "[2001:db8::1%eth0]:1",
        "[fe80::1%25 eth0]:1",
        "[fe80::1%" + "e" * 16 + "]:1",
    ],
    "an IPv4 address is written as such, as in 127.0.0.1:10842": ["[::ffff:127.0.0.1]:1", "[::ffff:7f00:1]:1"],
    "nobody connects to a broadcast address": ["255.255.255.255:1"],
    "nobody connects to a multicast address": ["224.0.0.1:1", "[ff02::1]:1", "239.255.255.255:1"],
}
SCHEMES = ["http://127.0.0.1:1", "vsock://:1", "unix:/run/x.sock:1", "127.0.0.1:1,127.0.0.2:2", ":1,:2", ":1 :2"]


@pytest.mark.parametrize(("written", "address"), UNDERSTOOD.items())
def test_an_address_is_understood(written: str, address: Address) -> None:
    """If an address is one, then it is read as what it is, and shown in a way that is read as the same."""
    assert parse_address(written) == address
    assert parse_address(shown(address)) == address


@pytest.mark.parametrize(
    ("written", "hint"), [(written, hint) for hint, all_written in REFUSED.items() for written in all_written]
)
def test_an_address_that_is_not_understood_is_refused(written: str, hint: str) -> None:
    """If a character of an address is not understood, then it is refused, and what would be right is said."""
    with pytest.raises(ValueError, match=FORM) as refused:
        parse_address(written)
    assert str(refused.value) == (f"{FORM}; {hint}" if hint else FORM)


@pytest.mark.parametrize("written", SCHEMES)
def test_more_than_an_address_is_refused(written: str) -> None:
    """If a scheme or a second address stands in one flag, then it is refused."""
    with pytest.raises(ValueError, match=FORM):
        parse_address(written)


PIECES = [*"[]:.%/@,+- \n\0aA0127fé\uff11", "::1", "127.0.0.1", "[fe80::1%eth0]:", ":80", "localhost"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_nothing_is_half_understood(written: str) -> None:
    """If anything is taken, then all of it is in what is shown again, but for other spellings of IPv6 addresses."""
    try:
        address = parse_address(written)
    except ValueError:
        return
    host, _, port = written.rpartition(":")
    if host.startswith("["):
        literal = ipaddress.IPv6Address(host[1:-1])
        assert address == (None if literal == ipaddress.IPv6Address("::") else str(literal), int(port))
    else:
        assert shown(address) == written


@pytest.mark.parametrize(
    ("host", "written"),
    [
        (None, "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - it is what is written
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("fe80::1%eth0", "[fe80::1%25eth0]"),
    ],
)
def test_a_host_is_shown_as_it_stands_in_a_url(host: str | None, written: str) -> None:
    """If a command prints where it answers, then that can be copied into a browser, IPv6 and every address too."""
    assert in_url(host) == written


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/a/b", "/probe.txt", "/-metrics", "/~me/metrics_1", "/..a", "/a-/b"]
)
def test_a_path_is_understood(path: str) -> None:
    """If a path can be asked for as it is written, then it is taken."""
    assert parse_path(path) == path


@pytest.mark.parametrize(
    ("path", "words"),
    [
        *(
            (path, "a path begins with /")
            for path in ("", "metrics", "//", "/metrics/", "//metrics", "/a//b", "/a/../b")
        ),
        *(
            (path, "a path begins with /")
            for path in ("/.", "/..", "/./a", "/a/.", "/a%20b", "/%", "/%2e%2e/a", "/%6d")
        ),
        *(
            (path, "a path begins with /")
            for path in ("/métricas", "/a b", "/a\n", "/a\0", "/a?b", "/a#b", "/{name}", "/*")
        ),
        *(
            (path, "a path begins with /")
            for path in ("/a;b", "/a\\b", "/a:b", "/a+b", "http://x/metrics", "/a@b", "/a'")
        ),
        *((path, "paths under /-/ are taken") for path in ("/-", "/-/healthy", "/-/ready", "/-/reload", "/-/metrics")),
    ],
)
def test_an_odd_path_is_refused(path: str, words: str) -> None:
    """If a path would never be found as it is written, or is taken, then it is refused."""
    with pytest.raises(ValueError, match=words):
        parse_path(path)
