"""What is kept in a folder, and what goes on from it after a restart."""

import hashlib
import stat
from pathlib import Path

import pytest

from support.clock import ManualClock
from support.operations import TOKEN, operation, restarted
from support.outcomes import LAST_SUCCESS, START, call_centre, times
from wolkvox_exporter.config import AmdMode, EnvironmentToken, FileToken, Operation, TokenSource
from wolkvox_exporter.simulator import Fault

MINUTE, HOUR, DAY = 60, 3600, 86400
RECORDS, DIALED = "wolkvox_campaign_records", "wolkvox_campaign_dialed_total"


async def lived(folder: Path, wanted: Operation, clock: ManualClock, seconds: float = 1) -> None:
    """Run an exporter for some time, and end it."""
    async with restarted(folder, wanted, clock):
        await clock.advance(seconds)


def with_token(url: str, token: TokenSource) -> Operation:
    """Return an operation with its token from there."""
    return operation(url, amd=AmdMode.OFF).model_copy(update={"token": token})


async def test_a_restart_shows_what_was_shown_and_waits_for_the_interval(tmp_path: Path) -> None:
    """If the exporter is back after 4 minutes, then the data are there at once, and the next poll is at minute 5."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        await lived(tmp_path, operation(url), clock)
        await clock.advance(4 * MINUTE)
        async with restarted(tmp_path, operation(url), clock) as exporter:
            samples = await exporter.samples()
            assert samples.values(RECORDS) == [100]
            assert samples.values("wolkvox_up") == [1, 1]
            assert samples.values(LAST_SUCCESS) == [START, START]
            assert (await exporter.get("/-/ready"))[0] == 200
            await clock.advance(2 * MINUTE)
    assert times(simulator) == times(simulator, "amd") == [0, pytest.approx(5 * MINUTE)]


async def test_old_data_are_not_served_again_and_counts_go_on(tmp_path: Path) -> None:
    """If the exporter is back after an hour, then data are gone until the first poll, and counters have kept theirs."""
    clock = ManualClock()
    simulator = call_centre(clock)
    row = simulator.operations[0].campaigns[0]
    async with simulator.serving() as url:
        async with restarted(tmp_path, operation(url), clock) as exporter:
            await clock.advance(1)
            row.dial += 30
            await clock.advance(5 * MINUTE)
            assert (await exporter.samples()).values(DIALED) == [30]
        await clock.advance(HOUR)
        async with restarted(tmp_path, operation(url), clock) as exporter:
            samples = await exporter.samples()
            assert samples.values(RECORDS) == samples.values(DIALED) == []
            assert samples.values("wolkvox_polls_total") == [2, 2]
            row.dial += 5
            await clock.advance(1)
            assert (await exporter.samples()).values(DIALED) == [35]


async def test_data_grow_old_while_the_exporter_is_down(tmp_path: Path) -> None:
    """If data were 4 minutes old at the restart, then they are gone 15 minutes after their poll."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        await lived(tmp_path, operation(url), clock)
        simulator.inject(Fault.SERVER_ERROR)
        await clock.advance(4 * MINUTE)
        async with restarted(tmp_path, operation(url), clock) as exporter:
            await clock.advance(10.9 * MINUTE)
            assert (await exporter.samples()).values(RECORDS) == [100]
            await clock.advance(0.2 * MINUTE)
            assert (await exporter.samples()).values(RECORDS) == []


async def test_a_clock_that_was_set_back_neither_hurries_nor_stops_anything(tmp_path: Path) -> None:
    """If the wall clock is a day behind after the restart, then no age is negative and the poll is in an interval."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        await lived(tmp_path, operation(url), clock, seconds=MINUTE)
        simulator.inject(Fault.SERVER_ERROR)
        clock.step_wall_clock(-DAY)
        async with restarted(tmp_path, operation(url), clock) as exporter:
            samples = await exporter.samples()
            assert samples.values(RECORDS) == [100]
            assert samples.values(LAST_SUCCESS) == [clock.time()] * 2
            await clock.advance(20 * MINUTE)
            assert (await exporter.samples()).values(RECORDS) == []
    second = times(simulator)[1]
    assert 5 * MINUTE <= second <= 6 * MINUTE


@pytest.mark.parametrize("step", [-DAY, -4 * MINUTE, HOUR, DAY])
async def test_a_clock_that_was_set_right_while_the_machine_ran_changes_nothing(tmp_path: Path, step: float) -> None:
    """If only the exporter is restarted, then neither due times nor ages depend on what the wall clock was set to."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        async with restarted(tmp_path, operation(url), clock, rebooted=False):
            await clock.advance(2 * MINUTE)
        clock.step_wall_clock(step)
        async with restarted(tmp_path, operation(url), clock, rebooted=False) as exporter:
            await clock.advance(MINUTE)
            assert (await exporter.samples()).values(RECORDS) == [100]
            simulator.inject(Fault.SERVER_ERROR)
            await clock.advance(11.9 * MINUTE)
            assert (await exporter.samples()).values(RECORDS) == [100]
            await clock.advance(0.2 * MINUTE)
            assert (await exporter.samples()).values(RECORDS) == []
    assert times(simulator) == [0, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE]


async def test_a_clock_that_was_far_ahead_puts_a_poll_off_by_one_interval_at_most(tmp_path: Path) -> None:
    """If the state was written by a clock a year ahead, then reports are asked within an interval all the same."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        clock.step_wall_clock(365 * DAY)
        await lived(tmp_path, operation(url), clock)
        clock.step_wall_clock(-365 * DAY)
        await lived(tmp_path, operation(url), clock, seconds=6 * MINUTE)
    assert times(simulator) == [0, pytest.approx(5 * MINUTE, abs=2)]


def token_file(folder: Path) -> tuple[FileToken, float]:
    """Write the refused token into a file; returns when, as the file system tells."""
    path = folder / "token"
    path.write_text(TOKEN)
    return FileToken(path), path.stat().st_ctime


async def test_a_refused_token_keeps_its_pause(tmp_path: Path) -> None:
    """If the file of a refused token has not changed, then a restart does not ask before the pause is over."""
    token, written = token_file(tmp_path)
    clock = ManualClock()
    clock.step_wall_clock(written + HOUR - START)
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    async with simulator.serving() as url:
        await lived(tmp_path / "state", with_token(url, token), clock, 16 * MINUTE)
        async with restarted(tmp_path / "state", with_token(url, token), clock) as exporter:
            await clock.advance(20 * MINUTE)
            assert (await exporter.samples()).value("wolkvox_token_valid") == 0
        await lived(tmp_path / "state", with_token(url, token), clock, 30 * MINUTE)
    assert [round(at / MINUTE) for at in times(simulator)] == [0, 5, 15, 35, 65]


async def test_a_token_written_since_is_asked_in_its_interval(tmp_path: Path) -> None:
    """If the file of a refused token is newer at each restart, as a credential is, then no restart asks at once."""
    token, written = token_file(tmp_path)
    clock = ManualClock()
    clock.step_wall_clock(written - HOUR - START)
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    async with simulator.serving() as url:
        await lived(tmp_path / "state", with_token(url, token), clock, 16 * MINUTE)
        for _ in range(3):
            await lived(tmp_path / "state", with_token(url, token), clock, 2 * MINUTE)
        await lived(tmp_path / "state", with_token(url, token), clock, 6 * MINUTE)
    assert [round(at / MINUTE) for at in times(simulator)] == [0, 5, 15, 20, 25]


async def test_a_token_of_the_environment_is_asked_in_its_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the refused token came from a variable, which only a restart can change, then the restart asks for itself."""
    monkeypatch.setenv("WOLKVOX_TOKEN", TOKEN)
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.revoke(TOKEN)
    async with simulator.serving() as url:
        wanted = with_token(url, EnvironmentToken("WOLKVOX_TOKEN"))
        await lived(tmp_path, wanted, clock, 16 * MINUTE)
        await lived(tmp_path, wanted, clock, 6 * MINUTE)
    assert [round(at / MINUTE) for at in times(simulator)] == [0, 5, 15, 20]


async def test_used_up_calls_keep_their_pause(tmp_path: Path) -> None:
    """If the day's calls were used up, then restarts do not ask before the hour is over, whatever the interval."""
    clock = ManualClock()
    simulator = call_centre(clock)
    simulator.inject(Fault.QUOTA_EXCEEDED)
    async with simulator.serving() as url:
        for minutes in (1, 40, 18.9, 2):
            await lived(tmp_path, operation(url, amd=AmdMode.OFF), clock, minutes * MINUTE)
    assert [round(at / MINUTE) for at in times(simulator)] == [0, 60]


async def test_the_files_are_private_and_know_no_token(tmp_path: Path) -> None:
    """If somebody gets hold of the files, then they hold neither the token nor anything that was made of it."""
    clock, folder = ManualClock(), tmp_path / "state"
    simulator = call_centre(clock)
    simulator.inject(Fault.TOKEN_REFUSED, report="campaigns")
    simulator.inject(Fault.ECHO_TOKEN, report="amd")
    async with simulator.serving() as url:
        await lived(folder, operation(url), clock, 11 * MINUTE)
    files = modes(folder)
    assert files.pop("lock") == 0o600
    assert list(files.values()) == [0o600, 0o600]
    assert modes(tmp_path) == {"state": 0o700}
    written = "".join(path.read_text() for path in folder.iterdir())
    assert "ventas-co" in written
    assert TOKEN not in written
    assert hashlib.sha256(TOKEN.encode()).hexdigest() not in written


def modes(folder: Path) -> dict[str, int]:
    """Return the permissions of all files in a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["ventas-co", "../../etc/passwd", "año / 2026", "..", "x" * 100, "ñ" * 100])
async def test_any_name_has_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    """If operations are called alike but for case or signs, then each has a file, and none outside the folder."""
    names = {name, name.upper(), f"{name[1:]}_"}
    clock, folder = ManualClock(), tmp_path / "state"
    async with call_centre(clock).serving() as url:
        for each in names:
            await lived(folder, operation(url, each), clock)
    assert list(modes(tmp_path)) == ["state"]
    assert len({found.casefold() for found in modes(folder)}) == 2 * len(names) + 1


async def test_another_interval_counts_from_the_last_poll(tmp_path: Path) -> None:
    """If the interval is changed with the restart, then the next poll is one new interval after the last one."""
    clock = ManualClock()
    simulator = call_centre(clock)
    async with simulator.serving() as url:
        await lived(tmp_path, operation(url, amd=AmdMode.OFF), clock)
        await lived(tmp_path, operation(url, amd=AmdMode.OFF, interval=600.0), clock, 11 * MINUTE)
    assert times(simulator) == [0, pytest.approx(10 * MINUTE)]
