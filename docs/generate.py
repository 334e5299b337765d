"""Writes the documents that are made from the code: `make generate`. The tests compare them."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from wolkvox_exporter.api.document import LONGEST_VALUE
from wolkvox_exporter.api.errors import REMEDIES
from wolkvox_exporter.api.fields import Field, Fields, ReportName
from wolkvox_exporter.api.reports import amd, campaigns, quota
from wolkvox_exporter.api.response import MOST_ROWS
from wolkvox_exporter.api.values import LONGEST_TEXT
from wolkvox_exporter.config import durations
from wolkvox_exporter.config.json_schema import schema_text
from wolkvox_exporter.config.keys import Keys
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


def documents() -> dict[Path, str]:
    """Return every generated file and what it should hold."""
    return {
        ROOT / "docs" / "metrics.md": "\n".join(_metrics()),
        ROOT / "docs" / "configuration.md": "\n".join(_configuration()),
        ROOT / "exporter" / "wolkvox_exporter" / "config" / "schema.json": schema_text(),
    }


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
                ", ".join(f"`{label}`" for label in family.labels),
                family.help,
                f"until {family.content_of} is stale" if family.content_of else "always",
            )
            for family in families
        ),
    )


def _configuration() -> Iterator[str]:
    yield f"""{_NOTE}

# Configuration

One YAML file. Durations are written as Prometheus writes them: `90s`, `5m`, `1h30m`. Scalars are read as the text
that is written, so `server: 0042` keeps its zeros and `amd: off` is no boolean. `wolkvox-exporter check` prints every
error at once, with file and line, and never a value. Editors find a JSON Schema in
`exporter/wolkvox_exporter/config/schema.json`.

## At the top, and in each operation to override
"""
    yield from _key_table(Polling, Polling.model_fields)
    yield "\n## At the top alone\n"
    yield from _key_table(WrittenFile, WrittenFile.model_fields.keys() - Polling.model_fields.keys() - {"operations"})
    yield _STATE
    yield "\n## In each of `operations`\n"
    yield from _key_table(WrittenOperation, WrittenOperation.model_fields.keys() - Polling.model_fields.keys())
    yield "\nExactly one of `server` and `base_url`, and one of `token_file`, `token_env` and `token`, is written."
    yield "`campaigns` has the keys `include` and `exclude`: lists of shell patterns on id or name, in any case.\n"
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
                ", ".join(f"`{value}`" for value in field.examples or ()),
            )
            for name, field in fields
        ),
    )


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
