"""Tokens: where they come from, and that they never show."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from config.files import TOKEN, load_text, operation, problems_of
from wolkvox_exporter.config import (
    ConfigError,
    EnvironmentToken,
    FileToken,
    LiteralToken,
    TokenSource,
    TokenUnreadable,
    load,
)
from wolkvox_exporter.config.models import Campaigns, WrittenFile, WrittenOperation

_VARIABLE = "WOLKVOX_EXPORTER_TEST_TOKEN"
OTHER = "this is no regular file but a folder, a pipe or a device"


def _with_token(line: str) -> str:
    return operation().replace("token_file: token", line)


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    """If the token in the file is renewed, the next reading has it."""
    (only,) = load_text(tmp_path, operation()).operations
    assert only.token.read() == TOKEN

    (tmp_path / "token").write_bytes(b"\r\n renewed \n")

    assert only.token.read() == "renewed"
    assert only.token.describe() == f"file {tmp_path}/token"


def test_a_token_can_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the token is in an environment variable, it is taken from there."""
    monkeypatch.setenv(_VARIABLE, f"{TOKEN}\n")

    config = load_text(tmp_path, _with_token(f"token_env: {_VARIABLE}"))

    assert config.operations[0].token.read() == TOKEN
    assert config.operations[0].token.describe() == f"environment variable {_VARIABLE}"
    assert config.warnings == ()


def test_a_token_in_the_configuration_works_with_a_warning(tmp_path: Path) -> None:
    """If the token stands in the configuration, it works, and better places are named."""
    config = load_text(tmp_path, _with_token(f"token: {TOKEN}"))

    assert config.operations[0].token.read() == TOKEN
    assert config.operations[0].token.describe() == "configuration file"
    text = "the token stands in the configuration file itself; token_file or token_env keeps it secret"
    assert [str(warning) for warning in config.warnings] == [f"{tmp_path}/config.yaml:4: operations[0].token: {text}"]
    assert TOKEN not in repr(config) + str(config) + repr(config.operations[0].model_dump())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b" \n", "the token file is empty; it must hold the token"),
        (b"two words", "the token file holds white space inside the token or characters beyond ASCII"),
        ("contraseña".encode(), "the token file holds white space inside the token or characters beyond ASCII"),
        (b"t" * 1025, "the token file holds more than 1024 characters; it must hold the token and nothing else"),
        (b"t" * 100_000, "the token file holds more than 1024 characters; it must hold the token and nothing else"),
    ],
)
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    """If the token file holds anything but a token, that is said when loading."""
    (tmp_path / "other").write_bytes(content)

    (problem,) = problems_of(tmp_path, _with_token("token_file: other"))

    assert (problem.line, problem.path) == (4, "operations[0].token_file")
    assert problem.text.startswith(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("token_file: absent", "there is no such file; it must exist and hold the token"),
        ("token_file: .", f"{OTHER}; name the file that holds the token"),
        ("token_file: /dev/null", f"{OTHER}; name the file that holds the token"),
        ('token_file: "\\0"', "there is no such file; it must exist and hold the token"),
        (f"token_file: {'f' * 300}", "the token file cannot be read (File name too long)"),
        ("token_env: WOLKVOX_EXPORTER_TEST_UNSET", "the environment variable is not set"),
        ("token_env: NOT-A-NAME", "this is no name of an environment variable; write one such as WOLKVOX_TOKEN"),
        ('token: ""', "the value is empty; it must hold the token"),
        ("token: two words", "the value holds white space inside the token"),
    ],
)
def test_a_token_that_is_not_there_is_refused(tmp_path: Path, line: str, expected: str) -> None:
    """If there is no token where one should be, the remedy is named when loading."""
    (problem,) = problems_of(tmp_path, _with_token(line))

    assert problem.line == 4
    assert problem.text.startswith(expected)


def test_a_token_that_vanishes_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a token is gone while the exporter runs, reading it explains and shows no secret."""
    monkeypatch.setenv(_VARIABLE, "")

    with pytest.raises(TokenUnreadable, match="there is no such file"):
        FileToken(tmp_path / "gone").read()
    with pytest.raises(TokenUnreadable, match="the environment variable is empty"):
        EnvironmentToken(_VARIABLE).read()


_RESTART = "systemd copies credentials at the start only: write it where LoadCredential= takes it from, then restart"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (FileToken(Path("/run/secrets/co")), "it is read again within seconds, without a restart"),
        (FileToken(Path("/run/credentials-of-mine/co")), "it is read again within seconds, without a restart"),
        (FileToken(Path("/run/credentials/wolkvox-exporter.service/tokens_co")), _RESTART),
        (FileToken(Path("/run/user/1000/credentials/wolkvox.service/co")), _RESTART),
        (EnvironmentToken("WOLKVOX_TOKEN"), "the environment is read at the start only: restart the exporter"),
        (LiteralToken(SecretStr("a")), "it stands in the configuration file: reload once it is changed there"),
    ],
)
def test_how_a_token_is_renewed_depends_on_its_place(
    monkeypatch: pytest.MonkeyPatch, source: TokenSource, expected: str
) -> None:
    """If a token is kept where nothing is read again, as under systemd, then people are told to restart."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/user/1000/credentials/wolkvox.service")
    assert source.renewal.startswith(expected)


def test_sources_compare_by_what_they_are(tmp_path: Path) -> None:
    """If a reload brings the same source again, it is recognised as unchanged."""
    assert FileToken(tmp_path) == FileToken(tmp_path)
    assert LiteralToken(SecretStr("a")) == LiteralToken(SecretStr("a"))
    assert LiteralToken(SecretStr("a")) != LiteralToken(SecretStr("b"))


_WRONG_PLACES = [
    *(f"{key}: {TOKEN}\n" + operation() for key in WrittenFile.model_fields),
    *(f"{key}: [{TOKEN}]\n" + operation() for key in WrittenFile.model_fields),
    *(f"operations:\n  - {{{key}: {TOKEN}}}\n" for key in WrittenOperation.model_fields),
    *(f"operations:\n  - {{{key}: [{{{TOKEN}: {TOKEN}}}]}}\n" for key in WrittenOperation.model_fields),
    *(operation(f"campaigns: {{{key}: {TOKEN}}}") for key in Campaigns.model_fields),
    *(operation(f"campaigns: {{{key}: [[{TOKEN}]]}}") for key in Campaigns.model_fields),
    operation("proxy_url: http://user:" + TOKEN + "@proxy:port"),
    operation("proxy_url: socks5://user:" + TOKEN + "@proxy"),
    operation().replace('server: "0042"', f"base_url: https://user:{TOKEN}@host"),
    f"{TOKEN}\n",
    f"- {TOKEN}\n",
    f"{TOKEN}: x\n{TOKEN}: x\n" + operation(),
    f"{TOKEN}: {{{TOKEN}: {TOKEN}}}\n" + operation(),
    f"{TOKEN}:\n" + operation(),
    operation(f"{TOKEN}: {TOKEN}"),
    operation(f"{TOKEN}: {TOKEN}", f"{TOKEN}: {TOKEN}"),
    operation(f"campaigns: {{{TOKEN}: {TOKEN}}}"),
    operation(f"? [{TOKEN}]\n    : {TOKEN}"),
    operation(f"<<: {TOKEN}"),
    operation(f"token = {TOKEN}"),
    operation(f"token {TOKEN}"),
    operation(f"token: {TOKEN}: x"),
    operation(f"interval: *{TOKEN}"),
    operation(f"interval: &{TOKEN} 5m", f"timeout: &{TOKEN} 5m"),
    operation(f"interval: !{TOKEN} 5m"),
    operation(f"interval: !{TOKEN}!x 5m"),
    operation(f"interval: !<{TOKEN} 5m"),
    operation(f'interval: "{TOKEN}'),
    operation(f"interval: '{TOKEN}"),
    operation(f'interval: "\\{TOKEN}"'),
    operation(f"interval: @{TOKEN}"),
    operation(f"interval: `{TOKEN}"),
    operation(f"interval: |{TOKEN}"),
    operation(f"interval: [{TOKEN}"),
    operation(f"\t{TOKEN}"),
    f"%{TOKEN} x\n---\n" + operation(),
    f"%YAML {TOKEN}\n---\n" + operation(),
    f"%TAG {TOKEN}\n---\n" + operation(),
    operation() + f"---\n{TOKEN}\n",
    operation() + f"...\n{TOKEN}\n",
]


@pytest.mark.parametrize("text", _WRONG_PLACES, ids=range(len(_WRONG_PLACES)))
def test_a_token_in_a_wrong_place_is_never_shown(tmp_path: Path, text: str) -> None:
    """If somebody pastes a token where it does not belong, no problem, warning or traceback repeats it."""
    try:
        config = load_text(tmp_path, text)
    except ConfigError as error:
        shown = str(error) + repr(error) + repr(error.problems) + repr(error.__cause__) + repr(error.__context__)
    else:
        shown = repr(config.warnings)

    assert TOKEN not in shown
    assert TOKEN[:8] not in shown


def test_a_token_in_a_file_of_another_encoding_is_never_shown(tmp_path: Path) -> None:
    """If the file cannot even be decoded, its content is not repeated either."""
    path = tmp_path / "config.yaml"
    path.write_bytes(f"token: {TOKEN}\n# campaña\n".encode("latin-1"))

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert TOKEN not in str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
