"""Writes the documents that are made from the code: `make generate`. The tests compare them."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any
from zoneinfo import ZoneInfo

from wolkvox_exporter.api.document import LONGEST_VALUE
from wolkvox_exporter.api.errors import REMEDIES
from wolkvox_exporter.api.fields import Field, ReportName
from wolkvox_exporter.api.reports import FIELDS
from wolkvox_exporter.api.response import MOST_ROWS, MOST_TEXT
from wolkvox_exporter.api.values import LONGEST_TEXT
from wolkvox_exporter.assets import settings, settings_rules
from wolkvox_exporter.assets.thresholds import THRESHOLDS
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
_LABELS = (
    (
        "A name has letters from a to z, digits and `_`, and no digit in front: `pais`, not `país`. A value is text as "
        f"written, so that `0042` keeps its zeros, of {LONGEST_LABEL} characters at most, none of them a line break or "
        f"control character. There are at most {MOST_LABELS} labels at the top, and as many in an operation."
    ),
    "",
    (
        "Names that metrics, targets or alerts have labels of already are refused, since a join would overwrite these: "
        f"{', '.join(f'`{name}`' for name in sorted(RESERVED))}; and so is what begins with "
        f"{' or '.join(f'`{prefix}`' for prefix in RESERVED_PREFIXES)}."
    ),
)
"""Paragraphs on what labels may be."""


def documents() -> dict[Path, str]:
    """Return every generated file and what it should hold."""
    return {
        ROOT / "docs" / "metrics.md": "\n".join(_metrics()),
        ROOT / "docs" / "command-line.md": _command_line(),
        ROOT / "docs" / "configuration.md": _configuration(),
        ROOT / "docs" / "thresholds.md": _thresholds(),
        ROOT / "exporter" / "wolkvox_exporter" / "config" / "schema.json": schema_text(),
        ROOT / "prometheus" / "settings.example.yaml": settings_rules.example(),
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
    page = _with(page, "commands", _table(("command", "what it does"), commands))
    return _with(page, "flags", _table(("flag", "who takes it", "default", "what it says"), flags))


def _thresholds() -> str:
    """Return the page with its table as the code has it."""
    page = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")
    rows = (
        (_code(each.name), each.about, settings_rules.unit(each), _code(settings.written(each, each.default)))
        for each in THRESHOLDS
    )
    return _with(page, "thresholds", _table(("name", "what it says", "in", "default"), rows))


def _with(page: str, name: str, lines: Iterable[str]) -> str:
    """Return a page with what is made of the code in the place of this name; raises ValueError if it has none."""
    begin, end = f"<!-- {name}: made by `make generate` -->\n", "<!-- end -->"
    before, rest = page.split(begin)
    _, _, after = rest.partition(end)
    return "".join([before, begin, *(f"{line}\n" for line in lines), end, after])


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
read, or is too old has no sample, never 0 and never the last value in disguise. Ratios are 1 for 100 %, not clamped.

`campaign` is the name without id and phone part; `campaign_id` is the identity, so renaming a campaign starts new
series under the same id. Record counts fall when a list is reloaded, it seems also when it is recycled: do not take a
rate of them, but of the counters `wolkvox_campaign_dialed_total`, `…_results_total` and `…_hits_total`. These count
records, not calls.
`wolkvox_campaign_list_recycles_total` counts rises of `recycled` in the same way.

`wolkvox_campaign_dialed_today`, `…_results_today` and `…_hits_today` are what these counters have risen by since
`wolkvox_day_start_timestamp_seconds`, the midnight of the operation's `time_zone`. All of them change together at
midnight, whether or not there is a poll then. What the first poll after it finds is of the new day, so that at most one
interval's records are on the wrong side, or those of the time in which there was no poll. A restart changes nothing
where a state is kept; without one they start at 0, as counters do. Under another `time_zone`, and after the clock was
set, they keep what is of the day for certain, and may say less than there was until the next midnight.

Skills and agents are published where the configuration asks for them (`skills`, `agents`). The label `skill` is the
id, the same that campaigns have, so that [both can be joined](promql.md#skills-and-agents). What skills count is of the
skill, whatever campaigns it serves, and of incoming calls as well. Nothing is published of a single agent.

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
more than {MOST_TEXT:,} characters in the names and ids of its campaigns or skills together.

With `service_level_seconds: 40`, say, `service_level_40seg` is read as the other service levels are, and is *optional*;
any other `service_level_…seg` says nothing and is passed over.
"""
    rows = (
        (report, f"`{key}`" + " (*optional*)" * field.optional, f"`{field.example}`", _published(report, key, field))
        for report, fields in FIELDS.items()
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


def _configuration() -> str:
    """Return the page with its tables, and what labels may be, as the code has them."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    shared = Polling.model_fields.keys()
    page = _with(page, "keys to override", _key_table(Polling, shared))
    page = _with(page, "labels", (fill(paragraph, width=120) for paragraph in _LABELS))
    page = _with(
        page, "keys at the top", _key_table(WrittenFile, WrittenFile.model_fields.keys() - shared - {"operations"})
    )
    return _with(
        page, "keys of an operation", _key_table(WrittenOperation, WrittenOperation.model_fields.keys() - shared)
    )


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
    if isinstance(value, list):
        return json.dumps(value)
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
