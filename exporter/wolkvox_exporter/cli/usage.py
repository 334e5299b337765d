"""How a command is used, for people: the text of `--help`, and what is said of a line that cannot be read."""

import shutil
from collections.abc import Iterable, Iterator
from textwrap import fill, wrap

from wolkvox_exporter.cli.command_line import Command, Flag, Grammar, UsageError

PROGRAM = "wolkvox-exporter"
DESCRIPTION = "Prometheus exporter for outbound campaigns of the wolkvox contact-centre platform."
EPILOG = (
    "Without a command it serves. A flag means the same before and after the command. No flag takes a secret: tokens "
    "come from files or the environment."
)
_NARROWEST, _WIDEST = 60, 120
_COLUMN = 26
"""Where explanations begin."""


def error(problem: UsageError, grammar: Grammar) -> str:
    """Return what is wrong with a command line, and where to read what would be right."""
    command = problem.command or grammar.default
    program = PROGRAM if command == grammar.default else f"{PROGRAM} {command}"
    synopsis = _synopsis(command, grammar.commands[command], grammar)
    return f"{PROGRAM}: error: {problem}\nusage: {PROGRAM} {synopsis}; {program} --help lists them"


def help_of(command: str, grammar: Grammar) -> str:
    """Return the help of a command; that of the default one also has the list of the others."""
    about = grammar.commands[command]
    parts = [
        f"usage: {PROGRAM} {_synopsis(command, about, grammar)}",
        fill(DESCRIPTION if command == grammar.default else f"{about.help[0].upper()}{about.help[1:]}.", _width()),
    ]
    if command == grammar.default:
        others = ((name, each.help) for name, each in grammar.commands.items() if name != command)
        parts.append(_section("commands:", "    ", others))
    if word := about.word:
        parts.append(_section("argument:", "  ", [(word.metavar, explained(word.help, choices=word.choices))]))
    flags = [("-h, --help", "show this"), *((_name(flag), _help(flag)) for flag in grammar.taken(command))]
    if command == grammar.default:
        flags.insert(1, ("--version", "show the version"))
        parts += [_section("flags:", "  ", flags), fill(EPILOG, _width())]
    else:
        parts.append(_section("flags:", "  ", flags))
    return "\n\n".join(parts)


def _synopsis(command: str, about: Command, grammar: Grammar) -> str:
    if command == grammar.default:
        return "[COMMAND] [flags]"
    return " ".join([command, *([about.word.metavar] if about.word else []), "[flags]"])


def _name(flag: Flag) -> str:
    return f"{flag.name} {flag.metavar}" if flag.metavar else flag.name


def _help(flag: Flag) -> str:
    return explained(flag.help, flag.default, flag.choices)


def explained(text: str, default: str = "", choices: Iterable[str] = ()) -> str:
    """Return an explanation with the values that there are, and the one that holds where none is given."""
    text += f": {', '.join(choices)}" if choices else ""
    return f"{text} ({default})" if default else text


def _section(title: str, indent: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([title, *(line for name, text in rows for line in _row(f"{indent}{name}", text))])


def _row(name: str, text: str) -> Iterator[str]:
    lines = wrap(text, _width() - _COLUMN, break_long_words=False, break_on_hyphens=False)
    if len(name) > _COLUMN - 2:
        yield name
        name = ""
    for line in lines:
        yield f"{name:<{_COLUMN}}{line}"
        name = ""


def _width() -> int:
    return max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))
