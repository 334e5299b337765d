"""Scripts that let shells complete commands, flags and their values, made from the table of them."""

import shlex
from collections.abc import Callable, Iterator, Mapping

from wolkvox_exporter.cli.command_line import Flag, Grammar, Positional
from wolkvox_exporter.cli.flags import GRAMMAR
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import say
from wolkvox_exporter.cli.usage import PROGRAM

_BASH = """\
# bash 4 or later: source <(wolkvox-exporter completion bash)
_wolkvox_exporter() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} command= word words=
    # bash takes --flag=value for three words
    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        case $word in {commands}) command=$word; break ;; esac
    done
    case $prev in
{values}
    esac
    case $command in
{flags}
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    [[ $cur == -* ]] && return
    case $command in
{arguments}
    esac
}}
complete -F _wolkvox_exporter wolkvox-exporter"""
_BASH_PATHS = {
    "FILE": 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur")',
    "DIR": 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur")',
}
_ZSH = """\
#compdef wolkvox-exporter
# source <(wolkvox-exporter completion zsh), after compinit; or put it into a folder of $fpath as _wolkvox-exporter
_wolkvox-exporter() {{
    local command word
    for word in ${{words[2,CURRENT-1]}}; do
        case $word in ({commands}) command=$word; break ;; esac
    done
    case $command in
{cases}
    esac
}}
if [[ $funcstack[1] == _wolkvox-exporter ]]; then
    _wolkvox-exporter "$@"
else
    compdef _wolkvox-exporter wolkvox-exporter
fi"""
_ZSH_PATHS = {"FILE": "_files", "DIR": "_directories"}


def completion(options: Options) -> int:
    """Print a script for a shell, which then completes what can be written."""
    say(script(options.shell, GRAMMAR))
    return 0


def script(shell: str, grammar: Grammar) -> str:
    """Return the script for a shell."""
    return _SCRIPTS[shell](grammar)


def _commands(grammar: Grammar) -> list[str]:
    return [name for name in grammar.commands if name != grammar.default]


def _bash(grammar: Grammar) -> str:
    commands = _commands(grammar)
    values = {flag.name: _bash_value(flag) for flag in grammar.flags if flag.read}
    flags = {
        "" if name == grammar.default else name: f"words='{' '.join(_bash_words(name, grammar))}'"
        for name in grammar.commands
    }
    arguments = {name: _bash_value(about.word) for name, about in grammar.commands.items() if about.word}
    return _BASH.format(
        commands="|".join(commands),
        values="\n".join(f"        {name}) {action}; return ;;" for name, action in values.items()),
        flags="\n".join(f"        '{name}') {action} ;;" for name, action in flags.items()),
        arguments="\n".join(f"        {name}) {action} ;;" for name, action in arguments.items()),
    )


def _bash_words(command: str, grammar: Grammar) -> Iterator[str]:
    if command == grammar.default:
        yield from _commands(grammar)
        yield "--version"
    yield "--help"
    yield from (flag.name for flag in grammar.taken(command))


def _bash_value(wanted: Flag | Positional) -> str:
    if wanted.choices:
        return f"""mapfile -t COMPREPLY < <(compgen -W '{" ".join(wanted.choices)}' -- "$cur")"""
    return _BASH_PATHS.get(wanted.metavar, "COMPREPLY=()")


def _zsh(grammar: Grammar) -> str:
    return _ZSH.format(
        commands="|".join(_commands(grammar)),
        cases="\n".join(f"        {_zsh_case(name, grammar)}" for name in grammar.commands),
    )


def _zsh_case(command: str, grammar: Grammar) -> str:
    pattern = "''" if command == grammar.default else command
    return f"({pattern}) _arguments {shlex.join(_zsh_specs(command, grammar))} ;;"


def _zsh_specs(command: str, grammar: Grammar) -> Iterator[str]:
    yield "(- *)--help[show this]"
    if command == grammar.default:
        yield "(- *)--version[show the version]"
        described = " ".join(f"{name}\\:{shlex.quote(grammar.commands[name].help)}" for name in _commands(grammar))
        yield f"1:command:(({described}))"
    else:
        yield f"1:command:({command})"
    for flag in grammar.taken(command):
        text = f"{'*' * flag.repeatable}{flag.name}{'=' * bool(flag.read)}[{_zsh_escaped(flag.help)}]"
        yield f"{text}:{_zsh_escaped(flag.metavar)}:{_zsh_action(flag)}" if flag.read else text
    if word := grammar.commands[command].word:
        yield f"2:{word.metavar}:{_zsh_action(word)}"


def _zsh_action(wanted: Flag | Positional) -> str:
    return f"({' '.join(wanted.choices)})" if wanted.choices else _ZSH_PATHS.get(wanted.metavar, " ")


def _zsh_escaped(text: str) -> str:
    for character in "\\[]:":
        text = text.replace(character, f"\\{character}")
    return text


def _fish(grammar: Grammar) -> str:
    return "\n".join(_fish_lines(grammar))


def _fish_lines(grammar: Grammar) -> Iterator[str]:
    complete = f"complete -c {PROGRAM}"
    none = f"not __fish_seen_subcommand_from {' '.join(_commands(grammar))}"
    yield "# wolkvox-exporter completion fish > ~/.config/fish/completions/wolkvox-exporter.fish"
    yield f"{complete} -f"
    yield f"{complete} -s h -l help -d 'show this'"
    yield f"{complete} -n '{none}' -l version -d 'show the version'"
    for name, about in grammar.commands.items():
        here = none if name == grammar.default else f"__fish_seen_subcommand_from {name}"
        if name != grammar.default:
            yield f"{complete} -n '{none}' -a {name} -d {_fish_quoted(about.help)}"
        if word := about.word:
            yield f"{complete} -n '{here}' -a {_fish_quoted(_fish_values(word))}"
        for flag in grammar.taken(name):
            wanted = f"-l {flag.name.removeprefix('--')}{_fish_value(flag)} -d {_fish_quoted(flag.help)}"
            yield f"{complete} -n '{here}' {wanted}"


def _fish_value(flag: Flag) -> str:
    if not flag.read:
        return ""
    if flag.metavar == "FILE":
        return " -r -F"
    values = _fish_values(flag)
    return f" -x -a {_fish_quoted(values)}" if values else " -x"


def _fish_values(wanted: Flag | Positional) -> str:
    return "(__fish_complete_directories)" if wanted.metavar == "DIR" else " ".join(wanted.choices)


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_SCRIPTS: Mapping[str, Callable[[Grammar], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
