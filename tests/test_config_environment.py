"""What the environment and the time for connections may say: checked when the configuration is read."""

from pathlib import Path

import pytest

from config.files import load_text, operation, problems_of
from support.canary import assert_secret
from support.operations import TOKEN
from support.processes import direct
from wolkvox_exporter.config import ConfigError, environment, load

SERVER = "https://wv0042.wolkvox.com/api/v2"
TOO_LONG = "connect_timeout is more than half of timeout; lower it, or raise timeout"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the environment out of the way."""
    direct(monkeypatch)


def proxy(base_url: str = SERVER) -> str | None:
    """Return the proxy on the way to an address."""
    found = environment.proxy(base_url)
    return found.get_secret_value() if found else None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("HTTP://user:p%40ss@proxy:3128/", "HTTP://user:p%40ss@proxy:3128/"),
        ("proxy:3128", "http://proxy:3128"),
        ("proxy", "http://proxy"),
        ("user:pass@10.0.0.1:3128", "http://user:pass@10.0.0.1:3128"),
        ("[::1]:3128", "http://[::1]:3128"),
        (" proxy:3128\n", "http://proxy:3128"),
        ("", None),
        (" ", None),
    ],
)
def test_a_proxy_of_the_environment_is_read_as_curl_reads_it(
    monkeypatch: pytest.MonkeyPatch, written: str, meant: str | None
) -> None:
    """If HTTPS_PROXY is set with or without a scheme, then that proxy is used for https, and none for http."""
    monkeypatch.setenv("HTTPS_PROXY", written)
    assert proxy() == meant
    assert proxy("http://wv0042.wolkvox.com/api/v2") is None


@pytest.mark.parametrize("other", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "FTP_PROXY"])
def test_no_other_variable_names_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, other: str) -> None:
    """If the proxy of something else is set, then it is not used, and nothing is wrong with it."""
    monkeypatch.setenv(other, "socks5://proxy:1080")
    assert proxy() is None
    assert load_text(tmp_path, operation()).warnings == ()


def test_small_letters_stand_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a variable is set in small letters, too, then that counts, even if it is empty."""
    monkeypatch.setenv("HTTPS_PROXY", "http://large:1")
    monkeypatch.setenv("https_proxy", "http://small:1")
    assert proxy() == "http://small:1"
    monkeypatch.setenv("https_proxy", "")
    assert proxy() is None


@pytest.mark.parametrize(
    "written",
    [
        *("socks5://{}@proxy", "socks5h://{}@proxy:1080", "socks4://proxy", "https://{}@proxy:443", "ftp://{}@proxy"),
        *("http://{}@proxy:port", "{}@proxy:99999", "http://{}@proxy/path", "http://{}#@proxy"),
        *("//proxy", "a b", "http://"),
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_that_cannot_be_used_is_refused_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, written: str
) -> None:
    """If the environment names a SOCKS proxy, or nothing of the kind, then an error says what to do and no password."""
    monkeypatch.setenv(name, written.format(f"user:{TOKEN}"))
    (problem,) = problems_of(tmp_path, operation())
    assert (problem.line, problem.path) == (2, "operations[0]")
    assert problem.text.startswith(f"the environment variable {name} names a proxy that cannot be used, only HTTP")
    assert problem.text.endswith("or set proxy_url, or list the server in NO_PROXY")
    assert_secret(str(problem))


@pytest.mark.parametrize("key", ["proxy_url: http://proxy:3128", "base_url: http://127.0.0.1/api/v2", "NO_PROXY"])
def test_a_proxy_that_no_operation_uses_may_be_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    """If no call would go through the environment's proxy, then it is none of the exporter's business."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy")
    text = operation()
    if key.startswith("base_url"):
        text = text.replace('server: "0042"', key)
    elif key.startswith("proxy_url"):
        text = operation(key)
    else:
        monkeypatch.setenv(key, "wolkvox.com")
    assert len(load_text(tmp_path, text).operations) == 1


def test_one_operation_that_would_use_it_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If several operations would use a proxy that cannot be used, then it is told once, at the first of them."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy")
    (tmp_path / "token").write_text("a-token")
    names = [("a", "    proxy_url: http://proxy:3128\n"), ("b", ""), ("c", "")]
    rows = "".join(f'  - name: {name}\n    server: "0042"\n    token_file: token\n{more}' for name, more in names)
    (tmp_path / "config.yaml").write_text(f"operations:\n{rows}")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.yaml")
    assert [problem.path for problem in caught.value.problems] == ["operations[1]"]


@pytest.mark.parametrize(
    ("listed", "base_url"),
    [
        ("*", SERVER),
        ("wv0042.wolkvox.com", SERVER),
        ("WOLKVOX.COM", SERVER),
        ("localhost, .wolkvox.com", SERVER),
        ("localhost *.wolkvox.com", SERVER),
        ("wolkvox.com:443", SERVER),
        ("wolkvox.com:8443", "https://wv0042.wolkvox.com:8443"),
        ("10.1.2.3", "https://10.1.2.3"),
        ("10.1.2.3:443", "https://10.1.2.3"),
        ("10.0.0.0/8", "https://10.1.2.3"),
        ("::1", "https://[::1]"),
        ("[::1]", "https://[::1]"),
        ("fd00::/8", "https://[fd00::1]"),
    ],
)
def test_what_no_proxy_lists_is_reached_directly(monkeypatch: pytest.MonkeyPatch, listed: str, base_url: str) -> None:
    """If NO_PROXY has a server, in whatever way people write it, then its calls go through no proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert proxy(base_url) == "http://proxy:3128"
    monkeypatch.setenv("NO_PROXY", listed)
    assert proxy(base_url) is None


@pytest.mark.parametrize(
    "listed",
    [
        *("", ",", " ", "vox.com", "x.wolkvox.com", "wolkvox.com:444", "com.", "10.0.0.0/8", "/", "**"),
        *(".", "*.", ":443", "*:443", "[]", "[]:443"),
    ],
)
def test_what_no_proxy_does_not_list_goes_through_it(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    """If NO_PROXY has other hosts, or something that is none, then the proxy is used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    assert proxy() == "http://proxy:3128"


@pytest.mark.parametrize(
    ("head", "key", "line", "path"),
    [
        ("connect_timeout: 33s\n", "", 1, "connect_timeout"),
        ("timeout: 30s\nconnect_timeout: 15001ms\n", "", 2, "connect_timeout"),
        ("", "connect_timeout: 33s", 5, "operations[0].connect_timeout"),
        ("timeout: 30s\n", "connect_timeout: 16s", 6, "operations[0].connect_timeout"),
        ("connect_timeout: 20s\n", "timeout: 30s", 6, "operations[0].timeout"),
    ],
)
def test_a_connection_leaves_half_of_a_calls_time_to_the_answer(
    tmp_path: Path, head: str, key: str, line: int, path: str
) -> None:
    """If connect_timeout is more than half of timeout, written here or inherited, then both are named."""
    (problem,) = problems_of(tmp_path, operation(*[key] * bool(key), head=head))
    assert (problem.line, problem.path, problem.text) == (line, path, TOO_LONG)


@pytest.mark.parametrize(
    ("head", "key", "seconds"),
    [
        ("", "", 10.0),
        ("connect_timeout: 32500ms\n", "", 32.5),
        ("connect_timeout: 1m\ntimeout: 2m\n", "", 60.0),
        ("connect_timeout: 40s\n", "timeout: 80s", 40.0),
        ("connect_timeout: 40s\n", "connect_timeout: 5s", 5.0),
    ],
)
def test_connections_are_as_patient_as_is_written(tmp_path: Path, head: str, key: str, seconds: float) -> None:
    """If connect_timeout is at most half of timeout, then it is what is written, for all or an operation."""
    (only,) = load_text(tmp_path, operation(*[key] * bool(key), head=head)).operations
    assert only.connect_timeout == seconds


def test_a_short_time_out_needs_no_second_key(tmp_path: Path) -> None:
    """If timeout alone is shortened, then nothing is wrong: the time for a connection follows."""
    assert load_text(tmp_path, operation("timeout: 2s")).operations[0].timeout == 2.0


def test_an_unreadable_duration_is_told_once(tmp_path: Path) -> None:
    """If one of the two cannot be read, then that is the problem, and no comparison is made."""
    (problem,) = problems_of(tmp_path, operation("connect_timeout: soon", head="timeout: 5s\n"))
    assert problem.text.startswith("this is no duration")
    (problem,) = problems_of(tmp_path, operation("connect_timeout: 1h", head="timeout: soon\n"))
    assert problem.text.startswith("this is no duration")
