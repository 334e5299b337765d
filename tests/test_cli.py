import re
from pathlib import Path

import pytest

from support.processes import EXPORTER, config_file, run
from support.samples import Samples
from wolkvox_exporter import __version__
from wolkvox_exporter.cli import PORT, options
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Fault, Operation, Simulator

LISTENING = {"--web.listen-address"}
PROTECTING = {"--web.config.file", "--web.max-requests"}
LOGGING = {"--log.level", "--log.format"}
SIMULATING = {"--speed", "--seed"}
FLAGS = {
    "": {
        *("--help", "--version", "--config.file", "--web.telemetry-path", "--web.enable-lifecycle"),
        *("--config.enable-auto-reload", "--config.auto-reload-interval"),
        *LISTENING,
        *PROTECTING,
        *LOGGING,
    },
    "check": {"--help", "--config.file", "--web.config.file", "--output"},
    "once": {"--help", "--config.file", "--save-replies", *LOGGING},
    "demo": {"--help", *LISTENING, *SIMULATING, *LOGGING},
    "simulate": {"--help", "--fault", *LISTENING, *SIMULATING, *LOGGING},
    "assets": {"--help", "--grafana-url", "--runbook-url", "--settings.file", "--job", "--language", "--force"},
    "database-schema": {"--help", "--schema"},
    "completion": {"--help"},
    "hash-password": {"--help"},
}


def write(folder: Path, *lines: str) -> Path:
    """Write a configuration of one operation and its token; the lines are more keys of the operation."""
    (folder / "token").write_text("opens-nothing\n")
    config = folder / "config.yaml"
    keys = ("name: ventas-co", 'server: "0042"', "token_file: token", *lines)
    config.write_text("operations:\n  - " + "\n    ".join(keys) + "\n")
    return config


def said(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[object, str, str]:
    """Return exit code, stdout and stderr of a command line that ends while it is read."""
    with pytest.raises(SystemExit) as ended:
        options.parse(arguments)
    return ended.value.code, *capsys.readouterr()


def simulated() -> Simulator:
    """Return two operations with a campaign each."""
    campaigns = {"uno": Campaign("1", "A", records=10, answer=5), "dos": Campaign("2", "Ñandú", records=20)}
    operations = [Operation(name, (f"token-of-{name}",), [campaign]) for name, campaign in campaigns.items()]
    return Simulator(operations, SystemClock())


def polling(folder: Path, base_url: str) -> Path:
    """Write the configuration that polls both."""
    return config_file(folder, base_url, {name: {"token": f"token-of-{name}"} for name in ("uno", "dos")})


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """If asked for its version, then the program names itself and the version on stdout."""
    assert said("--version", capsys=capsys) == (0, f"wolkvox-exporter {__version__}\n", "")
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


@pytest.mark.parametrize("command", FLAGS)
def test_help_lists_the_flags_of_the_contract_and_no_other(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If asked for help, then each command lists exactly the flags that users may rely on, each with an explanation."""
    code, out, err = said(*filter(None, [command, "--help"]), capsys=capsys)
    assert (code, err) == (0, "")
    explained = re.findall(r"^  (?:-h, )?(--[a-z.-]+)(?: \S+)?\s+\S", out, re.MULTILINE)
    assert sorted(explained) == sorted(FLAGS[command])
    assert set(re.findall(r"--[a-z][a-z.-]*", out)) == FLAGS[command]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """If asked for help, then the program lists its commands and says that without one it serves."""
    _, out, _ = said("--help", capsys=capsys)
    commands = ["check", "once", "demo", "simulate", "assets", "database-schema", "completion", "hash-password"]
    assert re.findall(r"^    ([a-z-]+) ", out, re.MULTILINE) == commands
    assert "Without a command it serves." in out


def test_no_flag_takes_a_secret() -> None:
    """If somebody looks for a flag with a token or password, then there is none: it would show in the process list."""
    assert not [name for names in FLAGS.values() for name in names if re.search("token|password|secret", name)]
    with pytest.raises(SystemExit):
        options.parse(["hash-password", "a-password"])


def test_what_is_not_written_has_its_default() -> None:
    """If no flag is written, then it serves on every address at port 10842 from config.yaml, and logs from info up."""
    assert options.parse([]) == Options(
        "serve", Path("config.yaml"), (), "/metrics", log_level="info", log_format="logfmt"
    )
    assert PORT == 10842
    assert options.parse(["--config.enable-auto-reload"]) == Options(enable_auto_reload=True, auto_reload_interval=30.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--config.file=a.yaml", "check"], ["check", "--config.file=a.yaml"]),
        (["--config.file", "a.yaml", "once"], ["once", "--config.file", "a.yaml"]),
        (["--log.level=debug", "--log.format=json", "once"], ["once", "--log.level=debug", "--log.format=json"]),
        (["--web.listen-address=:0", "demo"], ["demo", "--web.listen-address=:0"]),
        (["--config.file=a.yaml", "once", "--log.level=warn"], ["--log.level=warn", "once", "--config.file=a.yaml"]),
    ],
)
def test_a_flag_means_the_same_before_and_after_a_command(before: list[str], after: list[str]) -> None:
    """If a flag is written before the command or after it, then the command takes it all the same."""
    assert options.parse(before) == options.parse(after) != options.parse([options.parse(before).command])


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (":10842", (None, 10842)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:9000", ("::1", 9000)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_is_written_as_prometheus_writes_it(written: str, address: tuple[str | None, int]) -> None:
    """If an address is written in Prometheus' way, with or without a host, then it is understood."""
    assert options.parse([f"--web.listen-address={written}"]).listen_addresses == [address]


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--web.listen-address=" + address] for address in ("", "10842", "localhost", ":", ":-1", ":65536", ":٣")),
        *(["--web.listen-address=" + address] for address in (":1.5", "[::1:80", "host:port", ":" + "9" * 5000)),
        *(["--web.max-requests=" + number] for number in ("", "-1", "4.5", "many", "1" * 7)),
        *(
            ["--config.enable-auto-reload", "--config.auto-reload-interval=" + every]
            for every in ("", "30", "0s", "2d")
        ),
        *(["--web.telemetry-path=" + path] for path in ("", "metrics", "/{name}", "/a b", "/metrics?x=1", "/#")),
        *(["demo", "--speed=" + speed] for speed in ("0", "-1", "nan", "inf", "fast", "3601", "")),
        *(["simulate", "--fault=" + fault] for fault in ("", "HTML", "no_such")),
        *(["demo", "--seed=1.5"], ["--log.level=loud"], ["--log.format=xml"], ["--config.file"]),
        *(["serve"], ["check", "again"], ["--config=a.yaml"], ["--log.lev=info"], ["check", "--speed=1"]),
        *(["demo", "--fault=html"], ["demo", "--config.file=a.yaml"], ["--config.file=a.yaml", "demo"], ["--token=x"]),
        *(["check", "--log.format=json"], ["assets"], ["assets", ""], ["assets", "a", "b"], [""], ["-"], ["-x"]),
        *(["--config.file="], ["--config.file", ""], ["--config.file", "--log.level=info"], ["--web.config.file="]),
        *(["--web.enable-lifecycle=true"], ["assets", "x", "--force="], ["--log.level= info"], ["--LOG.LEVEL=info"]),
        *(["demo", "--seed=1_0"], ["demo", "--speed= 5"], ["demo", "--speed=1_0"], ["--", "check", "--config.file=a"]),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_a_bad_flag_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """If a flag or its value cannot be used, then stderr says so in one line, then how to use it, with exit code 2."""
    code, out, err = said(*arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert re.fullmatch("wolkvox-exporter: error: .+\nusage: wolkvox-exporter .+ --help lists them\n", err)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--web.listen-address=10842"], "write host:port, or :port for every address of the machine"),
        (["--web.telemetry-path=metrics"], "a path begins with /"),
        (["demo", "--speed=0"], "a speed is a number above 0 and up to 3600"),
        (["simulate", "--fault=typo"], "no such fault; there are bad_request, missing_parameters"),
        (["--config.auto-reload-interval=5m"], "means nothing without --config.enable-auto-reload"),
        (
            ["--config.enable-auto-reload", "--config.auto-reload-interval=999ms"],
            "the duration is too short; write 1s or more",
        ),
    ],
)
def test_a_usage_error_says_what_would_be_right(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a value cannot be used, then the message says what could be."""
    assert words in said(*arguments, capsys=capsys)[2]


async def test_a_usage_error_ends_the_program_with_2() -> None:
    """If the program is called with a flag it does not have, then it ends with exit code 2 and says so on stderr."""
    ended = await run(*EXPORTER, "--token=x")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "wolkvox-exporter: error: there is no flag --token\n"
        "usage: wolkvox-exporter [COMMAND] [flags]; wolkvox-exporter --help lists them\n"
    )


async def test_check_accepts_a_good_configuration(tmp_path: Path) -> None:
    """If a configuration is good, then `check` says so, with its operations and what they cost, and exits with 0."""
    config = write(tmp_path)
    ended = await run(*EXPORTER, "check", f"--config.file={config}")
    summary = (
        f"{config} is good: 1 operation, 672 calls a day\n"
        "  ventas-co: campaigns every 5m (288), amd every 5m (288), quota every 15m (96): 672 calls a day, "
        "within the quota of 1 licence\n"
        "An account has licences × 1,000 calls a day, which all its integrations share.\n"  # noqa: RUF001 - as it is printed
    )
    assert (ended.code, ended.out, ended.err) == (0, summary, "")


async def test_check_tells_warnings_apart_from_errors(tmp_path: Path) -> None:
    """If a configuration works but is unwise, then `check` warns on stderr with file and line, and exits with 0."""
    config = write(tmp_path, "interval: 30s")
    ended = await run(*EXPORTER, f"--config.file={config}", "check")
    assert (ended.code, ended.out.splitlines()[0]) == (0, f"{config} is good: 1 operation, 3,264 calls a day")
    assert ended.err.startswith(f"{config}:5: operations[0].interval: polling more often than every 5m costs ")
    assert ended.err.endswith(" (a warning)\n")
    assert ended.err.count("\n") == 1


async def test_check_tells_every_error_of_a_bad_configuration(tmp_path: Path) -> None:
    """If a configuration is bad, then `check` tells every error on stderr, one a line, and exits with 1."""
    config = write(tmp_path, "time_zone: Mars/Olympus", "stale_after: 0", "secret: opens-everything")
    ended = await run(*EXPORTER, "check", f"--config.file={config}")
    assert (ended.code, ended.out) == (1, "")
    assert [line.removeprefix(f"{config}:").partition(": ")[0] for line in ended.err.splitlines()] == ["5", "6", "7"]
    assert "opens-everything" not in ended.err


async def test_a_missing_configuration_is_told_in_one_line(tmp_path: Path) -> None:
    """If there is no configuration file, then one line on stderr names the file that was looked for."""
    ended = await run(*EXPORTER, f"--config.file={tmp_path / 'nowhere.yaml'}")
    assert (ended.code, ended.out) == (1, "")
    assert str(tmp_path / "nowhere.yaml") in ended.err
    assert ended.err.count("\n") == 1


async def test_once_asks_each_report_once_and_prints_the_exposition(tmp_path: Path) -> None:
    """If all answers are good, then `once` asks each report once, at once, prints what a scrape finds, exits with 0."""
    simulator = simulated()
    async with simulator.serving() as base_url:
        ended = await run(*EXPORTER, "once", f"--config.file={polling(tmp_path, base_url)}", "--log.level=warn")
    assert (ended.code, ended.err) == (0, "")
    reports = [(name, report) for name in ("dos", "uno") for report in ("amd", "campaigns")]
    assert sorted((call.operation, call.report) for call in simulator.calls) == reports
    assert max(call.started for call in simulator.calls) - min(call.started for call in simulator.calls) < 5
    samples = Samples(ended.out)
    assert samples.values("wolkvox_up") == [1] * 4
    assert samples.value("wolkvox_campaign_records", campaign="Ñandú") == 20
    assert samples.value("wolkvox_campaign_records_result", operation="uno", result="answer") == 5


async def test_once_prints_the_exposition_even_if_a_report_fails(tmp_path: Path) -> None:
    """If one report of one operation fails, then `once` still prints all the others' data, and exits with 1."""
    simulator = simulated()
    simulator.inject(Fault.SERVER_ERROR, operation="uno", report="amd")
    async with simulator.serving() as base_url:
        ended = await run(*EXPORTER, "once", f"--config.file={polling(tmp_path, base_url)}")
    assert ended.code == 1
    samples = Samples(ended.out)
    assert samples.value("wolkvox_up", operation="uno", report="amd") == 0
    assert samples.value("wolkvox_poll_failures_total", operation="uno", report="amd", reason="http") == 1
    assert sum(samples.values("wolkvox_up")) == 3
    assert sorted(samples.values("wolkvox_campaign_records")) == [10, 20]
    assert len(simulator.calls) == 4
