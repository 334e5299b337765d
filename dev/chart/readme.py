"""The chart's README: what is written by hand in readme.md here, and a table of all values."""

import json
from pathlib import Path

from chart.values import Value, values

_WRITTEN = Path(__file__).parent / "readme.md"
_NOTE = "<!-- Made by `make generate` from dev/chart/readme.md and values.yaml; change these instead. -->\n"


def readme() -> str:
    """Return the file."""
    rows = "\n".join(map(_row, (each for each in values() if each.about)))
    table = f"| value | what it says | default |\n| --- | --- | --- |\n{rows}\n"
    return _NOTE + _WRITTEN.read_text(encoding="utf-8").replace("<!-- values -->\n", table)


def _row(value: Value) -> str:
    default = "" if value.default in ("", None) else f"`{_cell(json.dumps(value.default, ensure_ascii=False))}`"
    return f"| `{value.name}` | {_cell(value.about)} | {default} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
