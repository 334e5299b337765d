"""The command: `python -m soak --seconds 3600`."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from soak.run import PROMISE, Verdict, soak


def main() -> int:
    """Run a soak and print what was found; returns 1 if something was that must not be."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long (3600)")
    parser.add_argument("--promise", type=float, default=PROMISE, help=f"seconds that a scrape may take ({PROMISE:g})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        verdict = asyncio.run(soak(Path(folder), options.seconds, options.promise))
    if options.json:
        options.json.write_text(json.dumps(vars(verdict), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    show(verdict)
    return 1 if verdict.problems else 0


def show(verdict: Verdict) -> None:
    """Print figures and problems."""
    for name, value in verdict.figures.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for row, figure in rows:
            text = ", ".join(map(str, figure)) if isinstance(figure, list) else f"{figure}"
            print(f"{f'{name}: {row}' if row else name:44} {text}")
    print(*(f"WRONG: {problem}" for problem in verdict.problems), sep="\n")
    print("FAILED" if verdict.problems else "every check held")


if __name__ == "__main__":
    sys.exit(main())
