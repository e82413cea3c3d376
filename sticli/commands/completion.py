"""`sticli completion`: the scripts that shells load, and the answers that those ask for."""

import sys
from collections.abc import Iterator
from typing import Annotated, Protocol

import typer

from sticli import paths
from sticli.client import Client
from sticli.errors import SticliError

BUDGET = 0.2  # seconds that the daemon may take to name things

BASH = """\
# bash completion of sticli, as `sticli completion bash` prints it
_sticli() {
    local IFS=$'\\n'
    COMPREPLY=($(sticli _complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sticli sticli
"""
ZSH = """\
#compdef sticli
# zsh completion of sticli, as `sticli completion zsh` prints it
_sticli() {
    local -a found
    found=("${(@f)$(sticli _complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then compadd -a found; else _files; fi
}
if [[ ${funcstack[1]} == _sticli ]]; then _sticli "$@"; else compdef _sticli sticli; fi
"""
FISH = """\
# fish completion of sticli, as `sticli completion fish` prints it
function __sticli_complete
    set -l words (commandline -opc) (commandline -ct)
    sticli _complete -- $words[2..] 2>/dev/null
end
complete -c sticli -f -a '(__sticli_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


class Parameter(Protocol):
    """What is needed to know of an argument or option."""

    name: str | None
    opts: list[str]
    secondary_opts: list[str]
    metavar: str | None
    param_type_name: str
    nargs: int


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell."""
    if shell not in SCRIPTS:
        raise SticliError("bad_request", f"no completion for {shell}", "bash, zsh or fish")
    sys.stdout.write(SCRIPTS[shell])


def complete(words: list[str]) -> None:
    """Print what the last of the words may become."""
    from sticli.cli import build

    *before, prefix = words
    root = typer.main.get_command(build())
    for candidate in _candidates(root, before, prefix):
        if candidate.startswith(prefix):
            print(candidate)


def _candidates(root: object, before: list[str], prefix: str) -> Iterator[str]:
    command, places = _walk(root, before)
    awaiting = [one for one in _valued(command) if before and before[-1] in one.opts]
    if awaiting:
        choices = (awaiting[0].metavar or "").split("|")
        yield from choices if len(choices) > 1 else ()
        if awaiting[0].name == "source":
            yield from _values("session", places)
    elif prefix.startswith("-"):
        for parameter in (*_options(command), *_options(root)):
            yield from (*parameter.opts, *parameter.secondary_opts)
    elif commands := getattr(command, "commands", None):
        yield from (name for name, one in commands.items() if not one.hidden)
    else:
        arguments = [one for one in _parameters(command) if one.param_type_name == "argument"]
        if arguments and (len(places) < len(arguments) or arguments[-1].nargs == -1):
            argument = arguments[min(len(places), len(arguments) - 1)]
            yield from _values(argument.name, places)


def _walk(root: object, before: list[str]) -> tuple[object, list[str]]:
    """The command that the words name, and the arguments that follow it."""
    command, places = root, list[str]()
    words = iter(before)
    for word in words:
        commands = getattr(command, "commands", {})
        if word.startswith("-"):
            if _takes_value(command, word):
                next(words, None)
        elif word in commands:
            command = commands[word]
        else:
            places.append(word)
    return command, places


def _takes_value(command: object, word: str) -> bool:
    return any(word in option.opts for option in _valued(command))


def _valued(command: object) -> list[Parameter]:
    return [one for one in _options(command) if not getattr(one, "is_flag", False)]


def _options(command: object) -> list[Parameter]:
    return [one for one in _parameters(command) if one.param_type_name == "option"]


def _parameters(command: object) -> list[Parameter]:
    found = getattr(command, "params", [])
    return list(found)


def _values(name: str | None, places: list[str]) -> list[str]:
    if name == "shell":
        return list(SCRIPTS)
    client = Client(paths.resolve().socket, BUDGET)
    try:
        if name in ("session", "sessions"):
            return [session.name for session in client.sessions()]
        mark = {"key": "", "question": "@"}.get(name or "")
        return [] if mark is None else [f"{mark}{one.id}" for one in client.flashes(places[0])]
    except SticliError:
        return []  # a shell prompt is no place for errors
    finally:
        client.close()
