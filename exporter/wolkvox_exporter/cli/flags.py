"""Every command and every flag, once: read, shown by --help, completed by shells, and documented.

Flags are named as Prometheus' own programs name theirs.
"""

from wolkvox_exporter import assets
from wolkvox_exporter.app import LOOK_INTERVAL
from wolkvox_exporter.cli import PORT, values
from wolkvox_exporter.cli.command_line import Command, Flag, Grammar, Positional, one_of
from wolkvox_exporter.config import database, durations
from wolkvox_exporter.web.toolkit import MAX_REQUESTS
from wolkvox_exporter.web.toolkit.address import parse_address, parse_path

SERVE = "serve"
"""The command that is not written."""
_CHECK, _ONCE, _DEMO, _SIMULATE, _ASSETS = "check", "once", "demo", "simulate", "assets"
_DATABASE_SCHEMA = "database-schema"
_LOGGING = (SERVE, _ONCE, _DEMO, _SIMULATE)
_SHELL = Positional("shell", "SHELL", "the shell", one_of(values.SHELLS), values.SHELLS)
_NEW_FOLDER = Positional("folder", "DIR", "where to write; made if it is missing", values.path)

GRAMMAR = Grammar(
    default=SERVE,
    commands={
        SERVE: Command("poll and answer until told to stop"),
        _CHECK: Command("say what is wrong with the configuration; exit code 1 if anything is"),
        _ONCE: Command("ask each report once, print the exposition; exit code 1 if one failed"),
        _DEMO: Command("run a simulated contact centre and an exporter that polls it"),
        _SIMULATE: Command("run the simulated contact centre alone"),
        _ASSETS: Command("write dashboards, rules, alerts, examples and documents into a folder", _NEW_FOLDER),
        _DATABASE_SCHEMA: Command(
            "print the SQL by which an administrator makes the tables that replicas share, and gives a role the rights",
            Positional("role", "ROLE", "the role that the exporters connect as", database.role),
        ),
        "completion": Command("print what lets a shell complete commands and flags", _SHELL),
        "hash-password": Command("read a password from the terminal or a pipe, print its bcrypt hash"),
    },
    flags=(
        Flag(
            "--config.file",
            "config_file",
            (SERVE, _CHECK, _ONCE),
            "the configuration",
            values.path,
            "FILE",
            default="config.yaml",
        ),
        Flag(
            "--config.enable-auto-reload",
            "enable_auto_reload",
            (SERVE,),
            "reload the configuration by itself when what is in its files changes",
        ),
        Flag(
            "--config.auto-reload-interval",
            "auto_reload_interval",
            (SERVE,),
            "how often to look whether it has, from 1s to 1d",
            durations.bounded,
            "DURATION",
            default=durations.written(LOOK_INTERVAL),
        ),
        Flag(
            "--web.listen-address",
            "listen_addresses",
            (SERVE, _DEMO, _SIMULATE),
            f"where to answer; may be repeated; demo 127.0.0.1:{PORT}, simulate 127.0.0.1 and a free port",
            parse_address,
            "[HOST]:PORT",
            default=f":{PORT}",
            repeatable=True,
        ),
        Flag(
            "--web.config.file", "web_config_file", (SERVE, _CHECK), "TLS, users and a rate limit", values.path, "FILE"
        ),
        Flag(
            "--web.telemetry-path",
            "telemetry_path",
            (SERVE,),
            "where the metrics are; / replaces the page for people",
            parse_path,
            "PATH",
            default="/metrics",
        ),
        Flag(
            "--web.enable-lifecycle",
            "enable_lifecycle",
            (SERVE,),
            "let POST /-/reload read the configuration anew, as SIGHUP always does",
        ),
        Flag(
            "--web.max-requests",
            "max_requests",
            (SERVE,),
            "requests that are answered at a time, more get 503; 0 is any number",
            values.number,
            "N",
            default=f"{MAX_REQUESTS}",
        ),
        Flag(
            "--output",
            "output",
            (_CHECK,),
            "how it is said: to people, as one JSON object, or as annotations of a GitHub workflow",
            one_of(values.OUTPUTS),
            "FORMAT",
            default="text",
            choices=values.OUTPUTS,
        ),
        Flag(
            "--log.level",
            "log_level",
            _LOGGING,
            "lowest level that is logged",
            one_of(values.LOG_LEVELS),
            "LEVEL",
            default="info",
            choices=values.LOG_LEVELS,
        ),
        Flag(
            "--log.format",
            "log_format",
            _LOGGING,
            "format of the log lines",
            one_of(values.LOG_FORMATS),
            "FORMAT",
            default="logfmt",
            choices=values.LOG_FORMATS,
        ),
        Flag(
            "--save-replies",
            "save_replies",
            (_ONCE,),
            "keep the replies in this folder, with names replaced and digits kept, for reporting a surprise",
            values.path,
            "DIR",
        ),
        Flag("--speed", "speed", (_DEMO, _SIMULATE), "simulated seconds in a second", values.speed, "N", default="60"),
        Flag(
            "--seed",
            "seed",
            (_DEMO, _SIMULATE),
            "makes the simulated figures repeatable",
            values.seed,
            "N",
            default="2024",
        ),
        Flag(
            "--fault",
            "faults",
            (_SIMULATE,),
            "fail in this way; may be repeated",
            values.fault,
            "NAME",
            choices=values.FAULTS,
            repeatable=True,
        ),
        Flag(
            "--grafana-url",
            "grafana_url",
            (_ASSETS,),
            "where Grafana is",
            values.url,
            "URL",
            default=assets.GRAFANA_URL,
        ),
        Flag(
            "--runbook-url",
            "runbook_url",
            (_ASSETS,),
            "where your people find docs/runbooks",
            values.url,
            "URL",
            default=assets.RUNBOOK_URL,
        ),
        Flag(
            "--settings.file",
            "settings_file",
            (_ASSETS,),
            "thresholds of alerts, for all operations and for single ones, from which rules are made",
            values.path,
            "FILE",
        ),
        Flag("--job", "job", (_ASSETS,), "the job of the scrape configuration", values.job, "NAME", default=assets.JOB),
        Flag(
            "--language",
            "language",
            (_ASSETS,),
            "of dashboards, alerts and what is translated of the runbooks",
            one_of(assets.LANGUAGES),
            "LANGUAGE",
            default="en",
            choices=assets.LANGUAGES,
        ),
        Flag("--force", "force", (_ASSETS,), "overwrite files that differ"),
        Flag(
            "--schema",
            "schema",
            (_DATABASE_SCHEMA,),
            "the schema, as state_schema names it",
            database.schema,
            "NAME",
            default=database.SCHEMA,
        ),
    ),
)
