"""The flags of the commands, named as Prometheus' own programs name theirs."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wolkvox_exporter import __version__, assets
from wolkvox_exporter.app import config_watch
from wolkvox_exporter.cli import PORT
from wolkvox_exporter.config import durations
from wolkvox_exporter.config.values import BadValue
from wolkvox_exporter.runtime import logs
from wolkvox_exporter.simulator import Fault
from wolkvox_exporter.web.toolkit.address import Address, parse_address, parse_path
from wolkvox_exporter.web.toolkit.guard import MAX_REQUESTS

DESCRIPTION = "Prometheus exporter for outbound campaigns of the wolkvox contact-centre platform."
EPILOG = "Without a command it serves. No flag takes a secret: tokens come from files or the environment."


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; the values here are the defaults."""

    command: str = "serve"
    config_file: Path = Path("config.yaml")
    listen_addresses: Sequence[Address] = ()
    """In the order in which they are written; none is the command's own choice."""
    telemetry_path: str = "/metrics"
    log_level: str = "info"
    log_format: str = "logfmt"
    speed: float = 60.0
    seed: int = 2024
    faults: Sequence[Fault] = ()
    save_replies: Path | None = None
    folder: Path = Path()
    grafana_url: str = assets.GRAFANA_URL
    runbook_url: str = assets.RUNBOOK_URL
    job: str = assets.JOB
    force: bool = False
    enable_lifecycle: bool = False
    web_config_file: Path | None = None
    max_requests: int = MAX_REQUESTS
    enable_auto_reload: bool = False
    auto_reload_interval: float = config_watch.INTERVAL


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; ends the process with a usage message where it cannot be read."""
    # defaults stay out of the parsers: a command's would hide what was written before the command
    parser = _parser()
    given = {key: value for key, value in vars(parser.parse_args(arguments)).items() if value is not None}
    if "auto_reload_interval" in given and "enable_auto_reload" not in given:
        parser.error("--config.auto-reload-interval means nothing without --config.enable-auto-reload")
    return Options(**given)


def _parser() -> argparse.ArgumentParser:
    logging, config, listening, simulating = _logging(), _config(), _listening(), _simulating()
    protecting = _protecting()
    parser = argparse.ArgumentParser(
        prog="wolkvox-exporter",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[config, _reloading(), listening, protecting, logging],
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_path,
        metavar="PATH",
        help="where the metrics are (/metrics); / replaces the page for people",
    )
    parser.add_argument(
        "--web.enable-lifecycle",
        dest="enable_lifecycle",
        action="store_true",
        help="let POST /-/reload read the configuration anew, as SIGHUP always does",
    )
    text = f"requests that are answered at a time ({MAX_REQUESTS}); 0 is any number"
    parser.add_argument("--web.max-requests", dest="max_requests", type=_number, metavar="N", help=text)
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for name, parents, text in (
        (
            "check",
            [config, protecting, logging],
            "tell what is wrong with the configuration; exit code 1 if anything is",
        ),
        (
            "once",
            [config, _saving(), logging],
            "ask each report once, print the exposition; exit code 1 if one failed",
        ),
        ("demo", [listening, simulating, logging], "run a simulated contact centre and an exporter that polls it"),
        ("simulate", [listening, simulating, _failing(), logging], "run the simulated contact centre alone"),
        ("assets", [_fitting(), logging], "write dashboards, rules, alerts, examples and runbooks into a folder"),
        ("hash-password", [logging], "read a password from the terminal or a pipe, print its bcrypt hash"),
    ):
        commands.add_parser(name, parents=parents, help=text, description=text, allow_abbrev=False)
    return parser


def _flags() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)


def _config() -> argparse.ArgumentParser:
    flags = _flags()
    flags.add_argument(
        "--config.file", dest="config_file", type=Path, metavar="FILE", help="the configuration (config.yaml)"
    )
    return flags


def _reloading() -> argparse.ArgumentParser:
    flags = _flags()
    text = "take the configuration over by itself when what is in its files changes"
    flags.add_argument("--config.enable-auto-reload", dest="enable_auto_reload", action="store_true", help=text)
    text = f"how often to look whether it has ({durations.written(config_watch.INTERVAL)})"
    flags.add_argument(
        "--config.auto-reload-interval", dest="auto_reload_interval", type=_duration, metavar="DURATION", help=text
    )
    return flags


def _listening() -> argparse.ArgumentParser:
    flags = _flags()
    flags.add_argument(
        "--web.listen-address",
        dest="listen_addresses",
        action=_Repeated,
        type=_address,
        metavar="[HOST]:PORT",
        help=f"where to answer, may be repeated (:{PORT}; demo 127.0.0.1:{PORT}, simulate 127.0.0.1 and a free port)",
    )
    return flags


def _protecting() -> argparse.ArgumentParser:
    flags = _flags()
    flags.add_argument(
        "--web.config.file", dest="web_config_file", type=Path, metavar="FILE", help="TLS and users (none)"
    )
    return flags


def _logging() -> argparse.ArgumentParser:
    flags = _flags()
    flags.add_argument("--log.level", dest="log_level", choices=logs.LEVELS, help="lowest level that is logged (info)")
    flags.add_argument("--log.format", dest="log_format", choices=logs.FORMATS, help="form of the log lines (logfmt)")
    return flags


def _simulating() -> argparse.ArgumentParser:
    flags = _flags()
    flags.add_argument("--speed", type=_speed, help="simulated seconds in a second (60)")
    flags.add_argument("--seed", type=int, help="makes the simulated figures repeatable (2024)")
    return flags


def _saving() -> argparse.ArgumentParser:
    flags = _flags()
    text = "keep the replies in this folder, with names replaced and digits kept, for reporting a surprise"
    flags.add_argument("--save-replies", type=Path, metavar="DIR", help=text)
    return flags


def _failing() -> argparse.ArgumentParser:
    flags = _flags()
    names = ", ".join(Fault)
    flags.add_argument(
        "--fault", dest="faults", action="append", type=_fault, metavar="NAME", help=f"fail in this way: {names}"
    )
    return flags


def _fitting() -> argparse.ArgumentParser:
    flags = _flags()
    flags.add_argument("folder", type=Path, metavar="DIR", help="where to write; made if it is missing")
    flags.add_argument("--grafana-url", type=_url, metavar="URL", help=f"where Grafana is ({assets.GRAFANA_URL})")
    text = f"where your people find docs/runbooks ({assets.RUNBOOK_URL})"
    flags.add_argument("--runbook-url", type=_url, metavar="URL", help=text)
    flags.add_argument("--job", type=_job, metavar="NAME", help=f"the job of the scrape configuration ({assets.JOB})")
    flags.add_argument("--force", action="store_true", help="overwrite files that differ")
    return flags


class _Repeated(argparse.Action):
    """A flag that may be repeated, before a command as well as after it."""

    def __call__(self, _: argparse.ArgumentParser, namespace: argparse.Namespace, value: object, *__: object) -> None:
        """Add a value."""
        # the parsers of one command line share the action, while each has a namespace of its own
        self.const = (*(self.const or ()), value)
        setattr(namespace, self.dest, self.const)


def _address(written: str) -> Address:
    try:
        return parse_address(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _path(written: str) -> str:
    try:
        return parse_path(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _url(written: str) -> str:
    if not re.fullmatch(r"https?://[\w.~:/\[\]%-]+", written):
        raise argparse.ArgumentTypeError("write a URL such as https://grafana.example.com")
    return written.rstrip("/")


def _job(written: str) -> str:
    if not re.fullmatch(r"[\w./-]+", written):
        raise argparse.ArgumentTypeError("a job's name has letters, digits and . _ - / only, such as wolkvox")
    return written


def _number(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", written):
        raise argparse.ArgumentTypeError("write a whole number, such as 40")
    return int(written)


def _duration(written: str) -> float:
    try:
        return durations.bounded(written)
    except BadValue as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _speed(written: str) -> float:
    try:
        speed = float(written)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= _FASTEST:
        raise argparse.ArgumentTypeError(f"a speed is a number above 0 and up to {_FASTEST}")
    return speed


_FASTEST = 3600


def _fault(written: str) -> Fault:
    try:
        return Fault(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"no such fault; there are {', '.join(Fault)}") from None
