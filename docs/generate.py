"""Writes the documents that are made from the code: `make generate`. The tests compare them."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any
from zoneinfo import ZoneInfo

from wolkvox_exporter.api.document import LONGEST_VALUE
from wolkvox_exporter.api.errors import REMEDIES
from wolkvox_exporter.api.fields import Field, Fields, ReportName
from wolkvox_exporter.api.reports import amd, campaigns, quota
from wolkvox_exporter.api.response import MOST_ROWS
from wolkvox_exporter.api.values import LONGEST_TEXT
from wolkvox_exporter.cli import usage
from wolkvox_exporter.cli.command_line import Flag
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.config import durations
from wolkvox_exporter.config.json_schema import schema_text
from wolkvox_exporter.config.keys import Keys
from wolkvox_exporter.config.labels import LONGEST_VALUE as LONGEST_LABEL
from wolkvox_exporter.config.labels import MOST as MOST_LABELS
from wolkvox_exporter.config.labels import RESERVED, RESERVED_PREFIXES
from wolkvox_exporter.config.models import Polling, WrittenFile, WrittenOperation
from wolkvox_exporter.metrics import CATALOGUE, EXPORTER_CATALOGUE, Family
from wolkvox_exporter.metrics.builders import HELD_REASONS

ROOT = Path(__file__).parent.parent
_NOTE = "<!-- Made by `make generate`; change the code it is made from instead. -->"
_CONNECTING = """## The way to wolkvox

Each call has a connection of its own. Up to it there are the look-up of a name, TCP, a proxy that is asked for a tunnel
(CONNECT), and TLS; `connect_timeout` bounds all of them together, and an error says which of them it was. Without the
key it is 10s, or half of `timeout` where that is shorter; more than half is refused. OpenSSL's handshake alone may take
a minute at most.

The system's own means look a name up, with its hosts file and its name servers. If the first of these is dead, the
system asks the next after some seconds (5s with glibc, `options timeout:1` in resolv.conf makes it one). An answer that
took more than half of `connect_timeout` may have come too late for its call: it is kept for 15 minutes, and used if the
next look-up takes more than two seconds, or a quarter of `connect_timeout`.

Without `proxy_url`, a call to an address with https goes through the proxy of the environment, as with curl:

- `HTTPS_PROXY` names it: `http://proxy:3128`, `http://user:password@proxy:3128`, or `proxy:3128`.
- `NO_PROXY` lists what is reached without it, separated by commas or blanks: `wolkvox.com` is that host and all below
  it, as `.wolkvox.com` and `*.wolkvox.com` are; an address, or a network such as `10.0.0.0/8`; `*` is everything. A
  host or an address may have a port.
- Written in small letters, as `https_proxy` and `no_proxy`, they stand above, even if they are empty.

`HTTP_PROXY` and `ALL_PROXY` are not read: a proxy on the way of http would see the token, and calls to an address with
http go through none but `proxy_url`. A proxy that wants SOCKS or TLS is refused at the start, at a reload and by
`check`, if an operation would use it. Where there is a `proxy_url`, the environment is not looked at.
"""
_STATE = """
With `state`, a restart costs nothing, even one by `kill -9`: the last data, unless they are too old by then, and all
counters are there at the first scrape, no report is asked before its interval is over, and a refused token keeps its
pause. If its file was written since the refusal, or there is none, it is asked again within one interval of the start,
whatever it holds: only a running exporter can tell a new token from the old one, and asks that within seconds.
Without a state, counters start at 0 with each start, and every report is asked at once.

A reload needs no state: what it leaves alone goes on, and so does an operation or a report that was taken out and comes
back, with its data, counters and due times (of operations the 100 that left last). An operation with another `name` is
a new one and starts as if for the first time; so does one that moves to another `base_url`, unless it moves back.

The folder is created if need be, with a file for each operation (mode 0600) that holds what is shown at `/metrics` and
when each report was asked, and nothing of the token. A file that is damaged or of a later version is put aside as
`….damaged-…`, one of another `base_url` as `….other-…`; the operation then starts as if for the first time. So does one
whose name was changed. One exporter at a time uses a folder; `once`, `check` and `demo` do not touch it.

A disk that is slow at the start is waited for, for a minute at most; until then nothing is polled or answered. A file
that cannot be read even then is left as it is: the operation starts as if for the first time, nothing is kept of it
until the next restart, and `wolkvox_state_write_failures_total` counts. It counts, too, while the folder cannot be
written; polling goes on.

A file is written twice a poll; one of 250 campaigns has 240 kB, which takes some 3 ms in a thread. The 5,000 campaigns
of an operation that were seen last are remembered; one that comes back after that starts at 0."""
_TOKENS = """
## Tokens

A token file, or variable, holds the token and nothing else: no name (`WOLKVOX_TOKEN=…`), no header, no quotes. A token
file that is missing, or holds no token, concerns its operation alone, at the start and at a reload as well: the log
says where it is named, its reports fail with the reason `token`, and it is looked at every ten seconds and used as soon
as it is right. `check` calls it an error. An environment variable that is not set is one at the start, too: it cannot
come later.

A new token is put where the old one is kept. When it is used depends on that place:
"""
_RENEWALS = (
    ("a file (`token_file`)", "before the next poll; within ten seconds if the old one was refused or missing"),
    (
        "a secret mounted into a container",
        (
            "the same, if what is mounted follows: a folder does. A single file that was replaced, a `subPath` of "
            "Kubernetes and a secret of Docker Swarm stay as they were until the container is made anew"
        ),
    ),
    (
        "a credential of systemd",
        (
            "after `systemctl restart wolkvox-exporter`: systemd copies credentials at the start only, see "
            "[systemd.md](systemd.md)"
        ),
    ),
    ("an environment variable (`token_env`)", "after a restart with the new value; a container has to be made anew"),
    ("the configuration file (`token`)", "after a reload"),
)
_PLACEHOLDERS = """
## Nothing is replaced

Values are used as they are written: no variable (`${NAME}`, `$NAME`, `%NAME%`), no template (`{{ name }}`), no `~` for
a home. What can only be such a placeholder, or words like `<token>` and `CHANGE_ME`, is refused in `token`,
`token_file`, `token_env`, `server`, `base_url`, `proxy_url`, `ca_file` and `state`, with the key or value that would
do; so it is in what a token file or variable holds. What may be meant so is used: percent-encoding, and dollar signs
within a token or password. A password that really is such a word is written with a character of it encoded
(`%63hangeme`), a path that really begins with `~` as `./~…`.
"""

_TAKEN = fill(
    "Names that metrics, targets or alerts have labels of already are refused, since a join would overwrite these: "
    f"{', '.join(f'`{name}`' for name in sorted(RESERVED))}; and so is what begins with "
    f"{' or '.join(f'`{prefix}`' for prefix in RESERVED_PREFIXES)}.",
    width=120,
)
_LABELS = f"""
### Labels

`labels` are for grouping operations by what wolkvox does not know: a client, a country, a team. They stand in
`wolkvox_operation_info` alone, so that no other series changes with them;
[joins](promql.md#how-do-operations-compare-by-client) bring them to any metric. Labels at the top are those of all
operations; an operation's own are added, and win where both have the same name. A label of the top cannot be taken
away from one operation. A reload shows others at once, and asks wolkvox nothing.

A name has letters from a to z, digits and `_`, and no digit in front: `pais`, not `país`. A value is text as written,
so that `0042` keeps its zeros, of {LONGEST_LABEL} characters at most, none of them a line break or control character.
There are at most {MOST_LABELS} labels at the top, and as many in an operation.

{_TAKEN}"""
_PATTERNS = """
### Which campaigns are published

`campaigns` has the keys `include` (default `["*"]`) and `exclude` (default none): lists of patterns on id or name. A
campaign is published if a pattern of `include` takes its id or its name, and none of `exclude` does. The name is what
the label `campaign` shows, without id and phones.

In a pattern `*` is any text, also none, `?` is any one character, and all else stands for itself, in any case and
however its accents are encoded. So does `[`, other than in a shell: `"[MX]*"` takes the campaign `[MX] Cobranza`, and
not every one that begins with M or X. A `*` or `?` that is part of a name is taken by `?`. Quote patterns: YAML has its
own meaning for `*` and `[` at the beginning.

`check` warns of patterns that read like a regular expression (`^VENTAS.*$`, `(a|b)`, `[0-9]+`) or a character class;
they are used as written all the same. What is left out is counted in `wolkvox_campaigns_excluded` and shown on the
page; where that is every campaign, the log says so, too. Whether each single pattern takes something is not told, since
it may be there for a campaign to come."""


def documents() -> dict[Path, str]:
    """Return every generated file and what it should hold."""
    return {
        ROOT / "docs" / "metrics.md": "\n".join(_metrics()),
        ROOT / "docs" / "command-line.md": _command_line(),
        ROOT / "docs" / "configuration.md": "\n".join(_configuration()),
        ROOT / "exporter" / "wolkvox_exporter" / "config" / "schema.json": schema_text(),
    }


def _command_line() -> str:
    """Return the page with its tables as the code has them."""
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    commands = ((_command(name), about.help) for name, about in GRAMMAR.commands.items())
    flags = (
        (
            _flag(flag),
            ", ".join(map(_taker, flag.commands)),
            _code(flag.default),
            usage.explained(flag.help, choices=flag.choices),
        )
        for flag in GRAMMAR.flags
    )
    page = _with_table(page, "commands", _table(("command", "what it does"), commands))
    return _with_table(page, "flags", _table(("flag", "who takes it", "default", "what it says"), flags))


def _with_table(page: str, name: str, table: Iterable[str]) -> str:
    begin, end = f"<!-- {name}: made by `make generate` -->\n", "<!-- end -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return "".join([before, begin, *(f"{row}\n" for row in table), end, after])


def _command(name: str) -> str:
    word = GRAMMAR.commands[name].word
    return "(none)" if name == GRAMMAR.default else _code(f"{name} {word.metavar}" if word else name)


def _taker(command: str) -> str:
    return "serving" if command == GRAMMAR.default else _code(command)


def _flag(flag: Flag) -> str:
    return _code(f"{flag.name}={flag.metavar}" if flag.metavar else flag.name)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _metrics() -> Iterator[str]:
    yield f"""{_NOTE}

# Metrics

All values are cached between polls: a scrape never asks the API. Missing is absent: a value that is blank, cannot be
read, or is too old has no sample, never 0 and never the last value in disguise. Ratios are 0-1 and not clamped.

`campaign` is the name without id and phone part; `campaign_id` is the identity, so renaming a campaign starts new
series under the same id. Record counts fall when a list is recycled or reloaded: do not take a rate of them, but of
the counters `wolkvox_campaign_dialed_total`, `…_results_total` and `…_hits_total`. These count records, not calls.

"Until stale" means: until `stale_after` intervals have passed since the last good answer of that report.

## Of campaigns and operations
"""
    yield from _family_table(CATALOGUE)
    yield "\n## Of the exporter\n"
    yield from _family_table(EXPORTER_CATALOGUE)
    yield "\n`process_*` and `python_info` come from the Prometheus client library.\n"
    yield from _fields()
    yield "## Why a poll fails\n"
    yield "The values of `reason` in `wolkvox_poll_failures_total`, and what the log and the page at `/` advise:\n"
    yield from _table(("reason", "what to do"), ((f"`{reason}`", text) for reason, text in REMEDIES.items()))
    yield "\nFor `token` they add how a new one comes into effect, which depends on"
    yield "[where it is kept](configuration.md#tokens)."
    yield "\n## Why a report is held back\n"
    yield "The values of `reason` in `wolkvox_report_held`:\n"
    yield from _table(("reason", "what it means"), ((f"`{reason}`", text) for reason, text in HELD_REASONS.items()))
    yield ""


def _fields() -> Iterator[str]:
    yield f"""## Fields of the API

What is read of each report, and how the API writes it. A field marked *optional* is unknown to some servers: it may be
absent from every row of an answer. Any other absence, and any value that is not written so, is counted in
`wolkvox_unreadable_values_total`, and so are a text of more than {LONGEST_TEXT:,} characters and a number beyond 10^15.
An answer is refused with more than {MOST_ROWS:,} rows, with a row of more than {LONGEST_VALUE:,} characters, or with
more than {campaigns.MOST_TEXT:,} characters in all its campaigns and skills together.
"""
    tables: dict[ReportName, Fields] = {
        ReportName.CAMPAIGNS: {**campaigns.TEXTS, **campaigns.NUMBERS},
        ReportName.AMD: {**amd.TEXTS, **amd.NUMBERS},
        ReportName.QUOTA: quota.NUMBERS,
    }
    rows = (
        (report, f"`{key}`" + " (*optional*)" * field.optional, f"`{field.example}`", _published(report, key, field))
        for report, fields in tables.items()
        for key, field in fields.items()
    )
    yield from _table(("report", "field", "for example", "published as"), rows)
    yield ""


def _published(report: ReportName, key: str, field: Field) -> str:
    """Name the families that a field is the source of."""
    families = (family for family in CATALOGUE if family.content_of is report and key in family.source.split(", "))
    return ", ".join(["labels"] * (not field.reader) + [f"`{family.name}`" for family in families])


def _family_table(families: Iterable[Family[Any]]) -> Iterator[str]:
    yield from _table(
        ("metric", "type", "labels", "what it says", "shown"),
        (
            (
                f"`{family.name}`",
                family.kind,
                ", ".join([*(f"`{label}`" for label in family.labels), *_own_labels(family)]),
                family.help,
                f"until {family.content_of} is stale" if family.content_of else "always",
            )
            for family in families
        ),
    )


def _own_labels(family: Family[Any]) -> list[str]:
    return ["those of the key `labels`"] if family.name == "wolkvox_operation_info" else []


def _configuration() -> Iterator[str]:
    yield f"""{_NOTE}

# Configuration

One YAML file. Durations are written as Prometheus writes them: `90s`, `5m`, `1h30m`. Scalars are read as the text
that is written, so `server: 0042` keeps its zeros and `amd: off` is no boolean. `wolkvox-exporter check` prints every
error at once, with file and line, and never a value. Editors find a JSON Schema in
`exporter/wolkvox_exporter/config/schema.json`. It is read at the start, and again by a
[reload](command-line.md#reload): on SIGHUP, on request, or [by itself](command-line.md#by-itself) when it has changed.

## At the top, and in each operation to override
"""
    yield from _key_table(Polling, Polling.model_fields)
    yield _LABELS
    yield "\n## At the top alone\n"
    yield from _key_table(WrittenFile, WrittenFile.model_fields.keys() - Polling.model_fields.keys() - {"operations"})
    yield _STATE
    yield "\n## In each of `operations`\n"
    yield from _key_table(WrittenOperation, WrittenOperation.model_fields.keys() - Polling.model_fields.keys())
    yield "\nExactly one of `server` and `base_url`, and one of `token_file`, `token_env` and `token`, is written."
    yield _PATTERNS
    yield _TOKENS
    yield from _table(("the token is in", "a new one is used"), _RENEWALS)
    yield _PLACEHOLDERS
    yield _CONNECTING


def _key_table(model: type[Keys], names: Iterable[str]) -> Iterator[str]:
    wanted = set(names)
    fields = ((name, field) for name, field in model.model_fields.items() if name in wanted)
    yield from _table(
        ("key", "what it says", "default", "for example"),
        (
            (
                f"`{name}`",
                field.description or "",
                _default(field.default),
                ", ".join(f"`{_example(value)}`" for value in field.examples or ()),
            )
            for name, field in fields
        ),
    )


def _example(value: object) -> str:
    """Write a value as YAML has it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {each}" for key, each in value.items()) + "}"
    return str(value)


def _default(value: object) -> str:
    if isinstance(value, float):
        return f"`{value:.0%}`" if 0 < value < 1 else f"`{durations.written(value)}`"
    return f"`{value}`" if isinstance(value, int | str | ZoneInfo) else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main(files: Mapping[Path, str]) -> int:
    """Write the files; with `--check` say instead which of them are not up to date, and return 1 if there are any."""
    parser = argparse.ArgumentParser(description="Writes the files that are made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing, name what is not up to date")
    if not parser.parse_args().check:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return 0
    outdated = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in outdated:
        sys.stderr.write(f"{path.relative_to(ROOT)} is not up to date: make generate\n")
    return 1 if outdated else 0


if __name__ == "__main__":
    sys.exit(main(documents()))
