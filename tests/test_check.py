"""`check`, for people, programs and workflows."""

import json
from pathlib import Path

import pytest

from support.canned import answering
from support.clock import ManualClock
from support.operations import operation, restarted
from support.processes import EXPORTER, run
from wolkvox_exporter.cli.commands import main
from wolkvox_exporter.config import load
from wolkvox_exporter.config.cost import calls_a_day
from wolkvox_exporter.polling.reports import enabled

OPERATIONS = """\
amd_interval: 15m
operations:
  - {name: uno, server: "0042", token_file: token}
  - {name: ñ, server: "0043", token_file: token, amd: each, amd_max_calls: 7, quota_interval: 0, interval: 1m}
  - {name: tres, server: "0044", token_file: token, amd: off, quota_interval: 7m, interval: 2h}
  - {name: todo, server: "0045", token_file: token, skills: all, agents: by_status, agents_interval: 10m}
"""
# a day has 1,440 minutes
UNO, DOS, TRES, TODO = 288 + 96 + 96, 1440 + 7 * 96, 12 + 206, 288 + 288 + 144 + 96 + 96


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration of four operations that is good, but for a warning in its fourth line."""
    token = tmp_path / "token"
    token.write_text("a-token")
    token.chmod(0o600)
    file = tmp_path / "c,o:n%fig.yaml"
    file.write_text(OPERATIONS, encoding="utf-8")
    return file


def test_people_read_what_is_polled_and_what_it_costs(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a configuration is good, then each operation has its reports, its calls a day, and the licences for them."""
    assert main(["check", f"--config.file={config}"]) == 0
    first, uno, dos, tres, todo, rule = capsys.readouterr().out.splitlines()
    assert first == f"{config} is good: 4 operations, 3,722 calls a day"
    assert uno == (
        "  uno: campaigns every 5m (288), amd every 15m (96), quota every 15m (96): 480 calls a day, "
        "within the quota of 1 licence"
    )
    assert dos == (
        "  ñ: campaigns every 1m (1,440), amd every 15m (672): 2,112 calls a day, within the quota of 3 licences"
    )
    assert tres == (
        "  tres: campaigns every 2h (12), quota every 7m (206): 218 calls a day, within the quota of 1 licence"
    )
    assert todo == (
        "  todo: campaigns every 5m (288), skills every 5m (288), agents every 10m (144), amd every 15m (96), "
        "quota every 15m (96): 912 calls a day, within the quota of 1 licence"
    )
    assert rule == "An account has licences × 1,000 calls a day, which all its integrations share."  # noqa: RUF001 - as it is printed


def test_programs_read_all_of_it(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a program asks, then one JSON object on standard output has all of it, and standard error has nothing."""
    assert main(["check", f"--config.file={config}", "--output=json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    (problem,) = found.pop("problems")
    assert (err, out.isascii()) == ("", True)
    assert problem.pop("text").startswith("polling more often than every 5m costs this operation 2112 calls a day")
    assert problem == {"file": str(config), "line": 4, "path": "operations[1].interval", "severity": "warning"}
    reports = [
        {"campaigns": (300, 288), "amd": (900, 96), "quota": (900, 96)},
        {"campaigns": (60, 1440), "amd": (900, 672)},
        {"campaigns": (7200, 12), "quota": (420, 206)},
        {"campaigns": (300, 288), "skills": (300, 288), "agents": (600, 144), "amd": (900, 96), "quota": (900, 96)},
    ]
    assert found == {
        "file": str(config),
        "good": True,
        "operations": [
            {
                "name": name,
                "reports": {
                    report: {"interval_seconds": seconds, "calls_a_day": calls}
                    for report, (seconds, calls) in each.items()
                },
                "calls_a_day": total,
                "limit_last_seen": None,
            }
            for name, each, total in zip(("uno", "ñ", "tres", "todo"), reports, (UNO, DOS, TRES, TODO), strict=True)
        ],
        "calls_a_day": UNO + DOS + TRES + TODO,
    }


def test_programs_read_every_error(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If files are bad, then the object has each error of both with its place, and the exit code is 1."""
    config.write_text(OPERATIONS.replace('"0043"', '"43"').replace("7m", "7"), encoding="utf-8")
    web = config.parent / "web.yml"
    web.write_text("http_server_config: {http3: true}\n")
    assert main(["check", f"--config.file={config}", f"--web.config.file={web}", "--output=json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    places = [(each["file"], each["line"], each["path"], each["severity"]) for each in found["problems"]]
    assert err == ""
    assert places == [
        (str(config), 4, "operations[1].server", "error"),
        (str(config), 5, "operations[2].quota_interval", "error"),
        (str(web), 1, "http_server_config", "error"),
    ]
    assert all(each["text"] for each in found["problems"])
    assert (found["good"], found["operations"], found["calls_a_day"]) == (False, None, None)


def test_a_workflow_reads_annotations(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a workflow asks, then each problem is a command of its own, with what would end it early escaped."""
    assert main(["check", f"--config.file={config}", "--output=github"]) == 0
    warning, summary, *_ = capsys.readouterr().out.splitlines()
    place = str(config).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert warning.startswith(f"::warning file={place},line=4::operations[1].interval: polling more often than ")
    assert summary.endswith(" is good: 4 operations, 3,722 calls a day")
    config.write_text(OPERATIONS.replace('"0043"', '"43"'), encoding="utf-8")
    assert main(["check", f"--config.file={config}", "--output=github"]) == 1
    (error,) = capsys.readouterr().out.splitlines()
    assert error.startswith(f"::error file={place},line=4::operations[1].server: ")


QUOTA = {"token_limit": "1,000", "all_token_today": "12", "token_use_today": "1"}
BEYOND = (
    "its reports take {calls} calls a day, but wolkvox allowed 1,000 when it was last asked, of which quota_reserve "
    "leaves {left} to others; lengthen intervals, or switch reports off"
)


@pytest.mark.parametrize(
    ("keys", "calls", "left"),
    [
        ({}, "672", ""),
        ({"skills": "all"}, "960", "10%"),
        ({"skills": "all", "quota_reserve": "4%"}, "960", ""),
        ({"skills": "all", "agents": "by_status", "quota_reserve": "0%"}, "1,248", "0%"),
    ],
)
async def test_a_configuration_beyond_the_limit_last_seen_is_warned_of(
    tmp_path: Path, keys: dict[str, str], calls: str, left: str
) -> None:
    """If the state knows how many calls wolkvox allows, then they are told, and what does not fit is warned of."""
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "token").chmod(0o600)
    async with answering({"token_info": [QUOTA], "campaign_6": []}) as canned:
        polled, clock = operation(canned.url, "uno", quota_interval=900.0), ManualClock()
        async with restarted(tmp_path / "state", polled, clock):
            await clock.advance(1)
        file, lines = tmp_path / "config.yaml", [f"{key}: {value}" for key, value in keys.items()]
        one = f"{{name: uno, base_url: {canned.url}, token_file: token}}"
        file.write_text("\n".join([*lines, "state: state", "operations:", f"  - {one}", ""]))
        before = sorted((path.name, path.read_bytes()) for path in (tmp_path / "state").iterdir())
        ended = await run(*EXPORTER, "check", f"--config.file={file}")
    assert ended.code == 0
    licences = "2 licences" if calls == "1,248" else "1 licence"
    assert ended.out.splitlines()[1].endswith(
        f": {calls} calls a day, within the quota of {licences}; wolkvox last allowed 1,000"
    )
    told = f"{file}:{len(lines) + 3}: operations[0]: {BEYOND.format(calls=calls, left=left)} (a warning)\n"
    assert ended.err == (told if left else "")
    assert before == sorted((path.name, path.read_bytes()) for path in (tmp_path / "state").iterdir())


def test_every_report_that_is_asked_has_its_cost(config: Path) -> None:
    """If an operation is polled for a report, then its calls are counted, and no others are."""
    for each in load(config).operations:
        assert list(calls_a_day(each)) == [str(name) for name in enabled(each)]


@pytest.mark.parametrize("form", ["text", "json", "github"])
async def test_the_exit_code_is_the_same_in_every_form(config: Path, form: str) -> None:
    """If a file is missing, then the exit code is 1 and its name is told, in whatever form."""
    missing = config.with_name("missing.yaml")
    ended = await run(*EXPORTER, "check", f"--config.file={missing}", f"--output={form}")
    assert ended.code == 1
    told = ended.err if form == "text" else ended.out
    assert str(missing) in told
    assert ended.out + ended.err == told
