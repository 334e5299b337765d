"""Configurations as the tests write them."""

from pathlib import Path

from wolkvox_exporter.config import Config, ConfigError, Problem, load

FIXTURES = Path(__file__).parent
TOKEN = "76656e7461732d636f3a323032362d31312d3232"


def load_text(folder: Path, text: str) -> Config:
    """Load a text as `config.yaml`, with a token in the file `token` beside it."""
    (folder / "token").write_text(f"{TOKEN}\n")
    path = folder / "config.yaml"
    path.write_text(text)
    return load(path)


def problems_of(folder: Path, text: str) -> tuple[Problem, ...]:
    """Return the problems of a text, none if it is a configuration and its token files can be used."""
    try:
        return load_text(folder, text).unreadable_tokens
    except ConfigError as error:
        return error.problems


def operation(*lines: str, head: str = "") -> str:
    """Write a configuration of one operation with these lines added; the first of them is line 5 plus those of head."""
    base = ["operations:", "  - name: ventas-co", '    server: "0042"', "    token_file: token"]
    return head + "\n".join([*base, *(f"    {line}" for line in lines)]) + "\n"
