"""What can only be a placeholder is refused with the key that would do; what may be meant as it is written is taken."""

import base64
from pathlib import Path
from string import ascii_letters, digits
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from config.files import TOKEN, load_text, operation, problems_of
from wolkvox_exporter.config import ConfigError, FileToken, LiteralToken
from wolkvox_exporter.config.placeholders import in_address, in_path, in_token

_FILE = "token_file: token"
_SERVER = 'server: "0042"'
_NAMED = ("${%s}", "$%s", "$(%s)", "%%%s%%", "${%s:-x}", "${%s:?missing}", "${env:%s}", "${env.%s}", "$env:%s")
_NOTATIONS = (
    *("{{ token }}", "{{wolkvox_token}}", "{{ .Values.token }}", '{{ lookup("env", "T") }}', "{% raw %}"),
    *("${{ secrets.TOKEN }}", "${vault:kv/wolkvox#token}", "$(cat /run/secrets/t)", "`pass show wolkvox`", "{token}"),
    *("{WOLKVOX_TOKEN}", "<%= token %>", "${file(token)}", "Bearer-${TOKEN}", "wv_${TOKEN}", "${TOKEN}${TOKEN}"),
    *("${!name}", "{{token}}-co", "$WOLKVOX_TOKEN_2", "$(TOKEN)x"),
)
_WORDS = (
    *("<token>", "<your token>", "<TOKEN HERE>", "<wolkvox-token>", "[token]", "[YOUR TOKEN]", "changeme", "CHANGEME"),
    *("ChangeMe", "CHANGE_ME", "change-me", "change.me", "CHANGE-ME!", "change this", "changeit", "please_change_me"),
    *("replace-me", "REPLACE_ME", "replace_this", "fill_me_in", "cámbiame".replace("á", "a"), "reemplazame"),
    *("your-token", "YOUR_TOKEN", "your_token_here", "YOUR-WOLKVOX-TOKEN", "my-token", "token", "TOKEN_HERE"),
    *("put-your-token-here", "paste_token_here", "insert-api-token-here", "su-token", "tu_token_aqui"),
    *("PEGUE_AQUI_SU_TOKEN", "paste-here-the-token"),
    *("ponga-su-token-aqui", "REPLACE_WITH_YOUR_TOKEN", "api-key", "your-api-key", "xxx", "XXXXXXXXXXXX", "xxxx-xxxx"),
    *("***", "********", "...", "----", "____", "todo", "TBD", "fixme", "placeholder", "redacted", "dummy", "none"),
    *("null", "undefined", "example", "secret"),
)
_PATHS = (
    *("${WOLKVOX_TOKEN_FILE}", "$HOME/token", "${CREDENTIALS_DIRECTORY}/tokens_co", "$CREDENTIALS_DIRECTORY/co"),
    *("/run/secrets/${OPERATION}", "/run/secrets/$OPERATION", "/run/$USER/token", "/run/secrets/$NAME.token"),
    *("/srv/co-$STAGE/token", "{{ secrets_dir }}/token", "/run/secrets/<operation>", "<path>", "/run/<name>.token"),
    *("%USERPROFILE%/token", "%APPDATA%", "/run/%OPERATION%/token", "%d/tokens_co", "%S", "%t/wolkvox", "{folder}/co"),
    *("/run/credentials/%n/tokens_co", "/var/lib/%i", "/run/%N/%i"),
    *("/run/secrets/{name}", "/run/secrets/CHANGE_ME", "changeme", "/etc/change-me/token", "$(pwd)/token"),
)
_ADDRESSES = (
    *("${WOLKVOX_URL}", "$WOLKVOX_URL", "%WOLKVOX_URL%", "https://${HOST}/api/v2", "https://$HOST/api/v2"),
    *("https://wv${SERVER}.wolkvox.com/api/v2", "https://wv$SERVER.wolkvox.com/api/v2", "https://{{ host }}/api/v2"),
    *("https://wv%SERVER%.wolkvox.com/api/v2", "https://wv{server}.wolkvox.com/api/v2", "https://<host>/api/v2"),
    *("https://wv<server>.wolkvox.com/api/v2", "<url>", "https://changeme/api/v2", "https://CHANGE-ME.wolkvox.com"),
    *("https://wvXXXX.wolkvox.com/api/v2", "https://wvxxxx.wolkvox.com:443"),
    *("https://host/${PATH}", "https://host/$BASE", "https://host/{version}", "https://host/<version>", "changeme"),
)
_PROXIES = (
    *("http://${PROXY}:3128", "http://proxy:$PORT", "http://$USER:$PASSWORD@proxy:3128", "http://u:${PASSWORD}@p:3128"),
    *("http://u:{{ password }}@proxy:3128", "http://u:%PASSWORD%@proxy:3128", "http://u:<password>@proxy:3128"),
    *("http://<user>:x@proxy:3128", "http://u:CHANGE_ME@proxy:3128", "http://u:changeme@proxy", "http://{proxy}:3128"),
    *("http://u:{password}@proxy:3128", "http://changeme:3128"),
)


def _refused(folder: Path, key: str, value: str, instead_of: str) -> str:
    """Return what is said of a value, which must be refused for itself alone."""
    (problem,) = problems_of(folder, operation().replace(instead_of, f"{key}: {yaml.safe_dump(value).splitlines()[0]}"))
    assert problem.path == f"operations[0].{key}"
    return problem.text


@pytest.mark.parametrize("form", _NAMED)
@pytest.mark.parametrize("name", ["WOLKVOX_TOKEN", "TOKEN2", "wolkvoxToken", "_T"])
def test_a_variable_in_place_of_the_token_is_told_to_be_token_env(tmp_path: Path, form: str, name: str) -> None:
    """If a variable is written where the token should be, then the key that reads it is named, and so is it."""
    said = _refused(tmp_path, "token", form % name, _FILE)
    assert said == f"nothing is replaced in this file; write token_env: {name}"
    said = _refused(tmp_path, "token_env", form % name, _FILE)
    assert said == f"nothing is replaced in this file; write the name alone: token_env: {name}"


@pytest.mark.parametrize("name", ["WOLKVOX_TOKEN", "MY_TOKEN", "TOKEN", "wolkvox_token", "SECRET"])
def test_any_name_may_be_that_of_a_variable(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a variable is not set, then that is said, also where its name would be no token."""
    monkeypatch.delenv(name, raising=False)
    said = _refused(tmp_path, "token_env", name, _FILE)
    assert said == "the environment variable is not set; set it to the token before the exporter starts"


@pytest.mark.parametrize("text", _NOTATIONS)
def test_a_template_that_nobody_filled_in_is_no_token(tmp_path: Path, text: str) -> None:
    """If what a template or a shell would replace stands in place of the token, then other keys are named."""
    said = _refused(tmp_path, "token", text, _FILE)
    assert said.startswith("nothing is replaced in this file; write token_")


@pytest.mark.parametrize("text", _WORDS)
def test_words_that_stand_for_the_token_are_none(tmp_path: Path, text: str) -> None:
    """If the token of an example was never put in, then nothing is sent to wolkvox with it, from wherever it comes."""
    said = _refused(tmp_path, "token", text, _FILE)
    assert said == "this is a placeholder; write token_file or token_env instead, or the token itself"
    (tmp_path / "words").write_text(text, encoding="utf-8")
    said = _refused(tmp_path, "token_file", "words", _FILE)
    assert said == "the token file holds a placeholder; it must hold the token itself"


@pytest.mark.parametrize("text", _PATHS)
def test_a_path_is_the_whole_path(tmp_path: Path, text: str) -> None:
    """If a path has in it what only another program would replace, then that is said, and no folder of it is made."""
    assert "; write the whole path, such as /run/credentials/" in _refused(tmp_path, "token_file", text, _FILE)
    for head in (f"state: '{text}'\n", f"ca_file: '{text}'\n"):
        key = head.partition(":")[0]
        written = operation(head=head) if key == "state" else operation(head.strip())
        (problem,) = problems_of(tmp_path, written)
        assert problem.path.endswith(key)
        assert "; write the whole path, such as /" in problem.text


@pytest.mark.parametrize("text", ["~", "~/token", "~wolkvox/token", "~/.config/x"])
def test_a_home_is_written_out(tmp_path: Path, text: str) -> None:
    """If a path begins with a shell's short form, then that is said; a folder named ~ is never meant."""
    expected = "~ is a shell's short form and nothing here; write the whole path"
    assert _refused(tmp_path, "token_file", text, _FILE) == expected
    assert [problem.text for problem in problems_of(tmp_path, operation(head=f"state: {text}\n"))] == [expected]
    assert [problem.text for problem in problems_of(tmp_path, operation(f"ca_file: {text}"))] == [expected]


def test_the_variable_of_a_path_is_told_where_to_be_written(tmp_path: Path) -> None:
    """If the variable in place of the path is that of a token, then token_env is named, too."""
    said = _refused(tmp_path, "token_file", "${WOLKVOX_TOKEN}", _FILE)
    assert said.endswith("or token_env: WOLKVOX_TOKEN if the token itself is in that variable")
    (problem,) = problems_of(tmp_path, operation(head="state: ${STATE_DIRECTORY}\n"))
    expected = "nothing is replaced in this file; write the whole path, such as /var/lib/wolkvox-exporter"
    assert (problem.line, problem.path, problem.text) == (1, "state", expected)


@pytest.mark.parametrize("text", _ADDRESSES)
def test_an_address_is_the_whole_address(tmp_path: Path, text: str) -> None:
    """If an address has in it what was to be replaced, then that is said rather than what is no address in it."""
    said = _refused(tmp_path, "base_url", text, _SERVER)
    assert said.endswith("; write the whole address, or server: with the four digits instead")


@pytest.mark.parametrize("text", _PROXIES)
def test_a_proxy_is_the_whole_address_too(tmp_path: Path, text: str) -> None:
    """If a proxy's address has in it what was to be replaced, then nobody is sent there; a real one can be written."""
    (problem,) = problems_of(tmp_path, operation(f"proxy_url: '{text}'"))
    assert problem.path == "operations[0].proxy_url"
    assert "; write the whole address; in a password that really is so, write a character" in problem.text
    assert problems_of(tmp_path, operation("proxy_url: http://u:%63hangeme@proxy:3128")) == ()


@pytest.mark.parametrize("text", ["${SERVER}", "$SERVER", "{{ server }}", "<server>", "%SERVER%", "CHANGE_ME", "xxxx"])
def test_a_server_is_four_digits(tmp_path: Path, text: str) -> None:
    """If a server is still to be put in, then what is wanted is said."""
    assert _refused(tmp_path, "server", text, _SERVER).endswith("; write the server's four digits, such as 0042")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("WOLKVOX_TOKEN=*", "holds a name before the token"),
        ("export WOLKVOX_TOKEN=*", "holds a name before the token"),
        ("WOLKVOX_TOKEN='*'", "holds a name before the token"),
        ("# of ventas\nWOLKVOX_TOKEN=*", "holds a name before the token"),
        ("token = *", "holds a name before the token"),
        ("wolkvoxToken=*", "holds a name before the token"),
        ("token: *", "holds a name before the token"),
        ("wolkvox-token: *", "holds a name before the token"),
        ("wolkvox-token:*", "holds a name before the token"),
        ("Wolkvox-Token: *\r\nAccept: x", "holds a name before the token"),
        ('-H "wolkvox-token: *"', "holds a name before the token"),
        ("Authorization: Bearer *", "holds a name before the token"),
        ("Bearer *", "holds a name before the token"),
        ('{"token": "*"}', "holds a name before the token"),
        ('{"wolkvox-token":"*"}', "holds a name before the token"),
        ('{\n  "api":"*"}', "holds a name before the token"),
        ('"*"', "holds the token in quotes"),
        ("'*'", "holds the token in quotes"),
        (' "*"\n', "holds the token in quotes"),
        ('"*\n"', "holds the token in quotes"),
        ("${WOLKVOX_TOKEN}", "holds a placeholder"),
        ("{{ token }}\n", "holds a placeholder"),
        ("<token>", "holds a placeholder"),
        ("CHANGE_ME\n", "holds a placeholder"),
    ],
)
def test_a_place_that_holds_more_than_the_token_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, expected: str
) -> None:
    """If a token comes with a name, a header or quotes, then that is said, whatever place it is in, and it is not."""
    content = content.replace("*", TOKEN)
    (tmp_path / "other").write_text(content, encoding="utf-8")
    monkeypatch.setenv("WOLKVOX_EXPORTER_TEST_TOKEN", content)
    in_file = _refused(tmp_path, "token_file", "other", _FILE)
    in_environment = _refused(tmp_path, "token_env", "WOLKVOX_EXPORTER_TEST_TOKEN", _FILE)
    assert in_file.startswith(f"the token file {expected}")
    assert in_environment.startswith(f"the environment variable {expected}")
    assert TOKEN not in in_file + in_environment


_NAMES_AND_TIMES = st.text(min_size=8, max_size=60, alphabet=ascii_letters + digits + " :-")
_VENDORS_TOKENS = _NAMES_AND_TIMES.map(lambda text: text.encode().hex())
_REAL_TOKENS = st.one_of(
    _VENDORS_TOKENS,
    st.binary(min_size=12, max_size=90).map(lambda raw: base64.b64encode(raw).decode()),
    st.binary(min_size=12, max_size=90).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")),
    st.uuids().map(str),
    st.lists(
        st.binary(min_size=20, max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()), min_size=3
    ).map(lambda parts: ".".join(part.rstrip("=") for part in parts[:3])),
    st.from_regex(r"wv_(live|test)_[A-Za-z0-9]{24}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9]{6,20}[$%&!*+-][A-Za-z0-9$%&!*+-]{6,20}[A-Za-z0-9]", fullmatch=True),
    st.sampled_from(["abc==", "a$b", "$2b$12$abcdefgh", "p%40ss", "token-of-ventas", "mytoken1", "changeme-4d1e"]),
)


@given(_REAL_TOKENS)
def test_what_may_be_a_token_is_taken(tmp_path_factory: pytest.TempPathFactory, token: str) -> None:
    """If a text looks like tokens do, with the signs of base64, addresses or money in it, then it is sent as it is."""
    assert in_token(token) is None
    file = tmp_path_factory.getbasetemp() / "real-token"
    file.write_text(f"{token}\n")
    assert FileToken(file).read() == LiteralToken(SecretStr(token)).read() == token


@given(
    st.lists(
        st.from_regex(r"(\.?[a-z0-9][a-z0-9._-]{0,12}|[A-Z]\$|a\$b|con%20espacio|[a-z]{3}~|co\+mx)", fullmatch=True)
    )
)
def test_what_may_be_a_path_is_taken(parts: list[str]) -> None:
    """If a path has dollar signs, tildes or percent-encoding where only its owner can have put them, it is used."""
    assert in_path("/" + "/".join(parts)) is None
    assert in_path("/".join(["relative", *parts])) is None


@given(user=st.text(min_size=1, max_size=20), password=st.text(min_size=1, max_size=30))
def test_a_password_that_is_encoded_is_taken(user: str, password: str) -> None:
    """If user and password are percent-encoded, then they may be anything, but for the words that mean nothing."""
    written = f"http://{quote(user, safe='')}:{quote(password, safe='')}@proxy:3128"
    if all("change" not in each.casefold() for each in (user, password)):
        assert in_address(written) is None


@pytest.mark.parametrize(
    "text",
    [
        *("http://u:p%40ss@proxy:3128", "http://u:p%aass%bb@proxy", "http://u:pa$word@proxy", "http://u:pa{b}c@proxy"),
        *("http://u:a<b>c@proxy", "http://u:100%25@proxy", "http://u:$ecret@proxy", "http://exchange-me.co:3128"),
        *("https://wv0042.wolkvox.com/api/v2", "https://host/odata/$metadata", "https://host/a%20b%20c/v2"),
        *("http://[::1]:3128", "http://127.0.0.1:9/api/v2", "https://token.example.com/api/v2", "https://null.co/todo"),
    ],
)
def test_what_may_be_an_address_is_taken(text: str) -> None:
    """If an address merely has signs of placeholders in it, then it is used as it is."""
    assert in_address(text) is None


@settings(max_examples=20)
@given(_VENDORS_TOKENS)
def test_a_token_in_the_place_of_a_name_is_never_shown(tmp_path_factory: pytest.TempPathFactory, token: str) -> None:
    """If somebody puts the token itself into the braces, or more than the token anywhere, then it is not repeated."""
    folder, shown = tmp_path_factory.mktemp("braces"), ""
    forms = ("${%s}", "$%s", "%%%s%%", "${TOKEN:-%s}", "<%s>", "{{ %s }}", "TOKEN=%s", "wolkvox-token: %s", "'%s'")
    for form in forms:
        for key in ("token", "token_env", "token_file"):
            for secret in (token, token.upper()):
                written = yaml.safe_dump(form % secret, width=9999).splitlines()[0]
                try:
                    shown += repr(load_text(folder, operation().replace(_FILE, f"{key}: {written}")).unreadable_tokens)
                except ConfigError as error:
                    shown += str(error)
    assert token[:12].casefold() not in shown.casefold()
