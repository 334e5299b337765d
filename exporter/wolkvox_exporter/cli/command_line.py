"""A command line read against a table of flags and commands: nothing given is dropped, and each flag counts once."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wolkvox_exporter.runtime.printing import printable

HELP, VERSION = ("-h", "--help"), "--version"
"""What is shown instead of a command being run; whoever reads a line looks for them first."""
_LONGEST_SHOWN = 60
_ALIKE = 0.7
_NUMBER = re.compile(r"-[0-9.]")


class UsageError(Exception):
    """A command line that cannot be read; `command` is the one it is about, "" where none is."""

    def __init__(self, text: str, command: str = "") -> None:
        super().__init__(text)
        self.command = command


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag; without `read`, which raises ValueError with what would be right, it is a switch."""

    name: str
    key: str
    """Where its value goes."""
    commands: tuple[str, ...]
    """Who takes it."""
    help: str
    read: Callable[[str], object] | None = None
    metavar: str = ""
    default: str = ""
    """What holds without it, for people; empty where nothing does."""
    choices: tuple[str, ...] = ()
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Positional:
    """What a command wants to be given besides flags."""

    key: str
    metavar: str
    help: str
    read: Callable[[str], object]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command."""

    help: str
    word: Positional | None = None


@dataclass(frozen=True, slots=True)
class Grammar:
    """All that may be written; `default` is the command of a line that names none."""

    flags: Sequence[Flag]
    commands: Mapping[str, Command]
    default: str

    def taken(self, command: str) -> list[Flag]:
        """Return the flags that a command takes."""
        return [flag for flag in self.flags if command in flag.commands]

    @property
    def _of_config(self) -> Sequence[str]:
        return next((flag.commands for flag in self.flags if flag.name == "--config.file"), ())

    def read(self, arguments: Sequence[str]) -> tuple[str, dict[str, object]]:
        """Return the command and the values of what is given, by key; raises `UsageError`."""
        words, given = self._split(arguments)
        command = self._command(words)
        values = dict(self._values(command, given))
        if word := self.commands[command].word:
            values[word.key] = _word(word, words[1:], command)
        elif words[1:]:
            instead = ", such as --config.file=FILE" if command in self._of_config else ""
            raise UsageError(f"{command} takes flags only, and no other word{instead}", command)
        return command, values

    def _split(self, arguments: Sequence[str]) -> tuple[list[str], dict[Flag, list[str]]]:
        words, given = list[str](), dict[Flag, list[str]]()
        rest = iter(arguments)
        for argument in rest:
            if argument == "--":
                words += rest
            elif argument.startswith("-") and argument != "-":
                name, equals, value = argument.partition("=")
                flag = self._flag(name)
                given.setdefault(flag, []).append(_written(flag, value if equals else None, rest))
            else:
                words.append(argument)
        return words, given

    def _flag(self, name: str) -> Flag:
        for flag in self.flags:
            if flag.name == name:
                return flag
        if name in (*HELP, VERSION):
            raise UsageError(f"{name} takes no value; write it alone")
        meant = self._meant(name)
        # a short flag may have a secret glued to it
        shown = name if name.startswith("--") or meant else name[:2]
        raise UsageError(f"there is no flag {_shown(shown)}{meant}")

    def _command(self, words: Sequence[str]) -> str:
        if not words:
            return self.default
        if (command := words[0]) in self.commands and command != self.default:
            return command
        if meant := self._meant(command):
            raise UsageError(f"there is no command {_shown(command)}{meant}")
        # what was meant for something else is not shown: it may be a secret
        there = listed(name for name in self.commands if name != self.default)
        raise UsageError(f"there is no such command; there are {there}, and without one it serves")

    def _meant(self, written: str) -> str:
        flags = [*(flag.name for flag in self.flags), HELP[-1], VERSION]
        return did_you_mean(written, [*flags, *(name for name in self.commands if name != self.default)])

    def _values(self, command: str, given: Mapping[Flag, list[str]]) -> Iterator[tuple[str, object]]:
        for flag, written in given.items():
            if command not in flag.commands:
                others = listed(other if other != self.default else "serving" for other in flag.commands)
                verb = "do" if flag.commands[1:] else "does"
                without = "serving" if command == self.default else command
                raise UsageError(f"{without} takes no {flag.name}; {others} {verb}", command)
            if written[1:] and not flag.repeatable:
                times = "twice" if len(written) == len("ab") else f"{len(written)} times"
                raise UsageError(f"{flag.name} is given {times}; write it once", command)
            values = [_value(flag.name, flag.read, text, command) if flag.read else True for text in written]
            yield flag.key, values if flag.repeatable else values[0]


def did_you_mean(written: str, there: Iterable[str]) -> str:
    """Return a question that names what was probably meant, or nothing."""
    # dashes in front make all flags alike
    plain = {name.lstrip("-"): name for name in there}
    meant = written[: 2 * _LONGEST_SHOWN].lower().replace("_", "-").lstrip("-")
    close = difflib.get_close_matches(meant, list(plain), n=1, cutoff=_ALIKE)
    return f"; did you mean {plain[close[0]]}?" if close else ""


def listed(names: Iterable[str], last: str = "and") -> str:
    """Return names as a sentence has them."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of one of several words."""

    def read(written: str) -> str:
        if written not in choices:
            raise ValueError(f"write {listed(choices, 'or')}{did_you_mean(written, choices)}")
        return written

    return read


def _written(flag: Flag, value: str | None, rest: Iterator[str]) -> str:
    if not flag.read:
        if value is not None:
            raise UsageError(f"{flag.name} takes no value; write it alone")
        return ""
    if value is None:
        value = next(rest, None)
        # what looks like the next flag is one
        if value is None or (value.startswith("-") and not _NUMBER.match(value)):
            raise UsageError(f"{flag.name} wants a value; write {flag.name}={flag.metavar}")
    if not value:
        raise UsageError(f"{flag.name} is empty; write {flag.name}={flag.metavar}, or leave it out")
    return value


def _word(word: Positional, words: Sequence[str], command: str) -> object:
    if len(words) != 1 or not words[0]:
        raise UsageError(f"{command} wants one {word.metavar}: {word.help}", command)
    return _value(word.metavar, word.read, words[0], command)


def _value(name: str, read: Callable[[str], object], written: str, command: str) -> object:
    try:
        return read(written)
    except ValueError as error:
        raise UsageError(f"{name}: {error}", command) from None


def _shown(name: str) -> str:
    return printable(name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…")
