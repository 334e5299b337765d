"""The chart's README: what is written by hand in readme.md here, and a table of all values."""

import json
from pathlib import Path

from chart.values import Value, values

_WRITTEN = Path(__file__).parent / "readme.md"
_NOTE = "<!-- Made by `make generate` from dev/chart/readme.md and values.yaml; change these instead. -->\n"


def readme() -> str:
    """Return the file."""
    every = values()
    around = {each.path[:-1] for each in every}
    rows = "\n".join(_row(each, shown=each.path not in around) for each in every if each.about)
    table = f"| value | what it says | default |\n| --- | --- | --- |\n{rows}\n"
    return _NOTE + _WRITTEN.read_text(encoding="utf-8").replace("<!-- values -->\n", table)


def _row(value: Value, *, shown: bool) -> str:
    """Return a row; the default of a value is shown where it has no parts with rows of their own."""
    default = f"`{_cell(json.dumps(value.default, ensure_ascii=False))}`" if shown and value.default != "" else ""
    return f"| `{value.name}` | {_cell(value.about)} | {default} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
