"""Users of the web configuration file: who comes in, what that costs, and what never shows."""

import asyncio
import signal
from pathlib import Path

import pytest
from pydantic import SecretStr

from support.canary import assert_secret, debug_log
from support.clock import ManualClock
from support.processes import config_file, serving
from support.web import ALICE, PASSWORD, USERS, basic, guarded, said, status, written
from wolkvox_exporter.cli.values import LOG_FORMATS
from wolkvox_exporter.web.toolkit import passwords, users
from wolkvox_exporter.web.toolkit.users import Users, Verdict
from wolkvox_exporter.web.toolkit.watcher import LOOK_EVERY

GET = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n"
HASHES = {"alice": SecretStr(ALICE)}
EVERYTHING = ("/", "/metrics", "/-/healthy", "/-/ready", "/nowhere", "/-/reload")
NO_ENTRY = {
    "nothing": None,
    "empty": "",
    "no credentials": "Basic",
    "no base64": "Basic !!!",
    "cut base64": "Basic YWxpY2U",
    "no colon": "Basic YWxpY2U=",
    "another scheme": "Bearer abc",
    "wrong password": basic("alice", "wrong"),
    "unknown user": basic("mallory", PASSWORD),
    "no user": basic("", PASSWORD),
    "no password": basic("alice", ""),
    "the hash itself": basic("alice", ALICE),
    "upper-cased user": basic("Alice", PASSWORD),
    "too long": basic("alice", PASSWORD * 100),
    "NUL in the password": basic("alice", f"{PASSWORD}\0"),
    "broken UTF-8": basic(b"\xff", b"\xfe"),
    "two headers in one": f"{basic('alice', 'wrong')}, {basic('alice', PASSWORD)}",
}


class Comparisons:
    """Compares as bcrypt does, and writes down with what it did."""

    def __init__(self) -> None:
        self.hashes: list[str] = []

    def __call__(self, password: bytes, password_hash: str) -> bool:
        """Compare."""
        self.hashes.append(password_hash)
        return passwords.matches(password, password_hash)


@pytest.mark.parametrize("authorization", NO_ENTRY.values(), ids=NO_ENTRY)
async def test_nobody_comes_in_without_the_right_password(tmp_path: Path, authorization: str | None) -> None:
    """If user or password are missing, malformed or wrong, then the answer is 401 and asks for them."""
    async with guarded(tmp_path, USERS) as port:
        header = f"Authorization: {authorization}\r\n" if authorization is not None else ""
        answer = await said(port, f"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'\r\nWWW-Authenticate: Basic realm="wolkvox-exporter", charset="UTF-8"\r\n' in answer
    assert b"wolkvox_exporter_build_info" not in answer


async def test_everything_is_behind_the_password(tmp_path: Path) -> None:
    """If users are configured, then every path wants a password, also those that do not exist."""
    async with guarded(tmp_path, USERS) as port:
        assert [await status(port, None, path) for path in EVERYTHING] == [401] * len(EVERYTHING)
        assert [await status(port, basic("alice", PASSWORD), path) for path in EVERYTHING] == [200] * 4 + [404, 405]


@pytest.mark.parametrize("expectation", ["magic", "100-continue", "100-continue\r\nExpect: magic"])
@pytest.mark.parametrize("path", ["/metrics", "/nowhere"])
async def test_an_expectation_opens_nothing(tmp_path: Path, path: str, expectation: str) -> None:
    """If a client expects something before the answer, then it gets 401 as the others do, and 429 from the limit on."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: {expectation}\r\n\r\n".encode()
    limit = 'rate_limit: {interval: "1s", burst: 1}\n'
    async with guarded(tmp_path, USERS + limit, ManualClock()) as port:
        assert (await said(port, request)).startswith(b"HTTP/1.1 401 ")
        assert (await said(port, request)).startswith(b"HTTP/1.1 429 ")


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
async def test_a_right_password_opens(tmp_path: Path, scheme: str) -> None:
    """If user and password are right, then the answer comes, however the scheme is written."""
    async with guarded(tmp_path, USERS) as port:
        assert await status(port, basic("alice", PASSWORD).replace("Basic", scheme)) == 200


@pytest.mark.parametrize("password", ["ñandú:con:colones", "x" * 72, " ", "\u2603"])
async def test_any_password_that_bcrypt_sees_works(tmp_path: Path, password: str) -> None:
    """If a password has colons, blanks, other letters or 72 bytes, then it works, and a longer one does not."""
    file = f"basic_auth_users:\n  usuario-ñ: {passwords.hashed(password.encode(), cost=4)}\n"
    async with guarded(tmp_path, file) as port:
        assert await status(port, basic("usuario-ñ", password)) == 200
        assert await status(port, basic("usuario-ñ", f"{password}x")) == 401


COSTS = {"low": 4, "middle": 5, "also middle": 5, "high": 7}
MIXED = {user: SecretStr(passwords.hashed(PASSWORD.encode(), cost)) for user, cost in COSTS.items()}


@pytest.mark.parametrize("password", ["wrong", "x" * 100, "", "\0", PASSWORD])
async def test_an_unknown_user_costs_as_much_as_a_known_one(password: str) -> None:
    """If costs differ, then bcrypt's rounds are the same for each user and for none, so that time shows nothing."""
    costs = []
    for user in ("mallory", "", *MIXED):
        judge = Users(comparisons := Comparisons())
        admitted = user in MIXED and password == PASSWORD
        assert await judge.verdict(basic(user, password), MIXED) is (Verdict.ADMITTED if admitted else Verdict.REFUSED)
        costs.append([compared[:7] for compared in comparisons.hashes])
    assert costs == [["$2b$04$", "$2b$05$", "$2b$07$"]] * 6


async def test_the_costs_of_others_open_nothing() -> None:
    """If a password is that of another user, of the same cost or another, then it opens nothing."""
    judge = Users()
    other = MIXED | {"low": SecretStr(passwords.hashed(b"another", 4))}
    assert await judge.verdict(basic("low", PASSWORD), other) is Verdict.REFUSED
    assert await judge.verdict(basic("high", PASSWORD), other) is Verdict.ADMITTED
    assert await judge.verdict(basic("low", "another"), other) is Verdict.ADMITTED


async def test_nobody_is_who_has_the_stand_ins_password() -> None:
    """If somebody knew a password of the stand-in, then that would open nothing."""
    judge = Users(lambda *_: True)
    assert await judge.verdict(basic("mallory", "x"), HASHES) is Verdict.REFUSED
    assert await judge.verdict(basic("mallory", "x"), HASHES) is Verdict.REFUSED


async def test_a_right_password_is_compared_once() -> None:
    """If the same user comes again, then bcrypt has nothing to do; a wrong password is compared every time."""
    comparisons = Comparisons()
    judge = Users(comparisons)
    for _ in range(3):
        assert await judge.verdict(basic("alice", PASSWORD), HASHES) is Verdict.ADMITTED
    assert len(comparisons.hashes) == 1
    for _ in range(3):
        assert await judge.verdict(basic("alice", "wrong"), HASHES) is Verdict.REFUSED
    assert len(comparisons.hashes) == 4


async def test_what_is_remembered_cannot_be_confused() -> None:
    """If parts of user, hash and password change places, then none passes for what was right (CVE-2022-46146)."""
    comparisons = Comparisons()
    judge = Users(comparisons)
    assert await judge.verdict(basic("alice", PASSWORD), HASHES) is Verdict.ADMITTED
    moved = {f"alice{ALICE[:6]}": SecretStr(passwords.stand_in(4)), "alic": HASHES["alice"], "": HASHES["alice"]}
    for user, password in ((f"alice{ALICE}", PASSWORD), ("alic", f"e{PASSWORD}"), ("", f"alice{ALICE}{PASSWORD}")):
        assert await judge.verdict(basic(user, password), moved | HASHES) is Verdict.REFUSED
    # another hash of the same user is another secret
    assert await judge.verdict(basic("alice", PASSWORD), {"alice": SecretStr(passwords.stand_in(4))}) is (
        Verdict.REFUSED
    )


async def test_the_same_letters_in_other_places_are_another_password() -> None:
    """If user, hash and password in a row make the same text as what was right, then that opens nothing."""
    judge = Users(lambda password, password_hash: (password.decode(), password_hash) == (PASSWORD, ALICE))
    shifted = {"alice": SecretStr(ALICE), "alic": SecretStr(f"e{ALICE}")}
    assert await judge.verdict(basic("alice", PASSWORD), shifted) is Verdict.ADMITTED
    assert await judge.verdict(basic("alic", PASSWORD), shifted) is Verdict.REFUSED


async def test_memory_of_passwords_is_bounded() -> None:
    """If more users come than are remembered, then the one who was not seen for longest is compared again."""
    comparisons = Comparisons()
    many = {f"u{number}": HASHES["alice"] for number in range(101)}
    judge = Users(comparisons)
    for user in many:
        assert await judge.verdict(basic(user, PASSWORD), many) is Verdict.ADMITTED
    assert await judge.verdict(basic("u100", PASSWORD), many) is Verdict.ADMITTED
    assert len(comparisons.hashes) == 101
    assert await judge.verdict(basic("u0", PASSWORD), many) is Verdict.ADMITTED
    assert len(comparisons.hashes) == 102


async def test_a_flood_of_wrong_passwords_keeps_nobody_out_who_is_known() -> None:
    """If more passwords come than can be compared, then the rest is told to come again, and who was in gets in."""
    comparisons = Comparisons()
    judge = Users(comparisons)
    assert await judge.verdict(basic("alice", PASSWORD), HASHES) is Verdict.ADMITTED
    flood = [asyncio.create_task(judge.verdict(basic("alice", f"{n}"), HASHES)) for n in range(40)]
    await asyncio.sleep(0)
    assert await judge.verdict(basic("alice", PASSWORD), HASHES) is Verdict.ADMITTED
    verdicts = await asyncio.gather(*flood)
    assert set(verdicts) == {Verdict.REFUSED, Verdict.BUSY}
    assert len(comparisons.hashes) == 1 + verdicts.count(Verdict.REFUSED) == 1 + users.MOST_WAITING + 1


async def test_it_ends_although_a_password_is_compared(tmp_path: Path) -> None:
    """If a comparison of many seconds is under way, then a signal ends the process in time all the same."""
    web = written(tmp_path, f"basic_auth_users:\n  bob: {passwords.stand_in(18)}\n")
    config = config_file(tmp_path, "http://127.0.0.1:1", {"a": {"token": "x"}})
    async with serving(config, flags=(f"--web.config.file={web}",)) as (exporter, url):
        asking = asyncio.create_task(said(int(url.rpartition(":")[2]), GET % basic("bob", "x").encode()))
        await exporter.works(0.5)
        assert not asking.done()
        assert await exporter.end(signal.SIGTERM) == 0
        assert await asking == b""
    assert "Traceback" not in exporter.text


async def test_a_flood_is_stopped_before_the_passwords(tmp_path: Path) -> None:
    """If more requests come than the rate limit allows, then they get 429, right password or not, until time passes."""
    clock = ManualClock()
    limit = "rate_limit: {interval: 1s, burst: 3}\n"
    async with guarded(tmp_path, USERS + limit, clock) as port:
        assert [await status(port, basic("alice", "wrong")) for _ in range(3)] == [401] * 3
        assert [await status(port, basic("alice", PASSWORD)) for _ in range(5)] == [429] * 5
        clock.jump(1)
        assert [await status(port, basic("alice", PASSWORD)) for _ in range(2)] == [200, 429]
        clock.jump(3600)
        assert [await status(port, basic("alice", PASSWORD)) for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("limit", "statuses"),
    [
        ("{interval: 0, burst: 0}", [200] * 5),
        ('{interval: "1s", burst: 0}', [429] * 5),
        ("{interval: 1m30s, burst: 2}", [200, 200, 429, 429, 429]),
        ("{interval: 500ms, burst: 4}", [200, 200, 200, 200, 429]),
    ],
)
async def test_the_rate_limit_is_that_of_the_format(tmp_path: Path, limit: str, statuses: list[int]) -> None:
    """If interval and burst are as the format documents them, then so many requests pass: none for a burst of 0."""
    async with guarded(tmp_path, f"rate_limit: {limit}\n", ManualClock()) as port:
        assert [await status(port) for _ in range(5)] == statuses


async def test_users_change_without_a_restart(tmp_path: Path) -> None:
    """If a password is changed in the file, then a request a second later needs the new one."""
    async with guarded(tmp_path, USERS, clock := ManualClock()) as port:
        assert await status(port, basic("alice", PASSWORD)) == 200
        written(tmp_path, f"basic_auth_users:\n  alice: {passwords.hashed(b'new', cost=4)}\n")
        clock.jump(LOOK_EVERY)
        assert await status(port, basic("alice", PASSWORD)) == 401
        assert await status(port, basic("alice", "new")) == 200


BAD_LATER = {
    "emptied": "",
    "cut": "basic_auth_users:\n  alice: $2b$04$Zb",
    "users gone": "rate_limit: {interval: 0, burst: 1}\n",
    "no users": "basic_auth_users: {}\n",
    "junk": "hWkNKCp3fvIx3jKnsaBI\n",
    "a typing error": USERS + "basic_auth_user: {}\n",
}


@pytest.mark.parametrize("content", BAD_LATER.values(), ids=BAD_LATER)
async def test_a_file_that_turns_bad_opens_no_door(
    tmp_path: Path, content: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """If the file is emptied, cut or broken while it runs, then every answer is 500 until it is repaired."""
    with debug_log("logfmt"):
        async with guarded(tmp_path, USERS, clock := ManualClock()) as port:
            written(tmp_path, content)
            clock.jump(LOOK_EVERY)
            for authorization in (None, basic("alice", PASSWORD), basic("alice", "wrong")):
                assert await status(port, authorization, "/metrics") == 500
            clock.jump(5)
            assert await status(port) == 500
            written(tmp_path, USERS)
            clock.jump(LOOK_EVERY)
            assert await status(port) == 401
            assert await status(port, basic("alice", PASSWORD)) == 200
    lines = [line for line in capfd.readouterr().err.splitlines() if "no one is let in" in line]
    assert len(lines) == 1
    assert f"at={tmp_path}/web.yaml:" in lines[0]
    assert_secret(lines[0], PASSWORD, ALICE)


async def test_a_file_that_vanishes_opens_no_door(tmp_path: Path) -> None:
    """If the file is removed while it runs, then every answer is 500."""
    async with guarded(tmp_path, USERS, clock := ManualClock()) as port:
        (tmp_path / "web.yaml").unlink()
        clock.jump(LOOK_EVERY)
        assert await status(port, basic("alice", PASSWORD)) == 500


@pytest.mark.parametrize("log_format", LOG_FORMATS)
async def test_no_password_is_in_the_log(tmp_path: Path, log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    """If passwords come, right, wrong or in a request that is no HTTP, then neither they nor hashes are logged."""
    header = basic("alice", PASSWORD)
    broken = f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {header}\r\nAuthorization {PASSWORD}\x01\r\n\r\n"
    with debug_log(log_format):
        async with guarded(tmp_path, USERS, clock := ManualClock()) as port:
            for authorization in (header, basic("alice", f"{PASSWORD}x"), basic("bob", PASSWORD), f"Bearer {PASSWORD}"):
                await status(port, authorization)
            assert b" 400 Bad Request\r\n" in await said(port, broken.encode())
            written(tmp_path, f"{USERS}  {PASSWORD}: {ALICE}x\n  bob: {PASSWORD}\n{PASSWORD}: {PASSWORD}\n")
            clock.jump(LOOK_EVERY)
            await status(port, header)
    logged = capfd.readouterr().err
    assert "not HTTP" in logged
    assert "no bcrypt hash" in logged
    assert_secret(logged, PASSWORD, ALICE, header.removeprefix("Basic "))
