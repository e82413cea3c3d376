"""What the last word of a command line may become, by the words before it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import typer

from sticli.catalogue import COMMANDS
from sticli.cli import build, outline
from sticli.completion import naming
from sticli.completion.naming import Candidate
from sticli.completion.shells import SCRIPTS
from sticli.words import OPTIONAL, first

FILES: Candidate = ("", "file")  # the shell knows them best
ALONE = {name for options in OPTIONAL.values() for name in options}  # no value of theirs follows
HELP = [("--help", "Show this message and exit.")]


class Parameter(Protocol):
    """What is needed to know of an argument or option."""

    name: str | None
    opts: list[str]
    secondary_opts: list[str]
    metavar: str | None
    param_type_name: str
    nargs: int
    multiple: bool


# what stands for a value in a help → what it may be, by the arguments before it
VALUES: dict[str, Callable[[list[str]], Iterable[Candidate]]] = {
    "SESSION": lambda places: naming.sessions(),
    "SESSION...": naming.sessions,
    "SESSION[@MOMENT]": lambda places: naming.sessions(),
    "ID": lambda places: naming.questions(places[0]),
    "QUESTION...": lambda places: [(f"@{key}", what) for key, what in naming.questions(places[0])],
    "SETTING": lambda places: naming.settings(),
    "VALUE": lambda places: naming.values(places[0]),
    "MODEL": lambda places: [*naming.models(), FILES],
    **dict.fromkeys(("FILE", "DIR", "PROGRAM", "A", "B"), lambda places: [FILES]),
    "SHELL": lambda places: [(name, "") for name in SCRIPTS],
    "METHOD": lambda places: [(name, "") for name in ("GET", "POST", "PUT", "DELETE")],
}


def candidates(words: list[str]) -> list[Candidate]:
    """What the last of the words may become; `FILES` where the name of a file may stand."""
    *before, last = words
    asks_help = before[:1] == ["help"]
    root = typer.main.get_command(_loaded(before := before[asks_help:]))
    command, places = _walk(root, before)
    found = _children(command) if asks_help else _offers(root, command, before, places, last)
    return [one for one in found if one == FILES or one[0].startswith(last)]


def _loaded(before: list[str]) -> typer.Typer:
    named = first(before)
    return build([named]) if named in COMMANDS else outline()


def _walk(root: object, before: list[str]) -> tuple[object, list[str]]:
    """The command that the words name, and the arguments that follow it."""
    command, places = root, list[str]()
    words, plain = iter(before), False
    for word in words:
        commands = getattr(command, "commands", {})
        if word.startswith("-") and not plain:
            plain = word == "--"
            if _option(command, word):
                next(words, None)
        elif word in commands:
            command = commands[word]
        else:
            places.append(word)
    return command, places


def _offers(
    root: object, command: object, before: list[str], places: list[str], last: str
) -> Iterable[Candidate]:
    plain = "--" in before
    if not plain and before and (option := _option(command, before[-1])):
        return _values(option, places)
    name, equals, _ = last.partition("=")
    if not plain and equals and (option := _option(command, name)):
        return [
            one if one == FILES else (f"{name}={one[0]}", one[1]) for one in _values(option, places)
        ]
    if not plain and last.startswith("-"):
        return [*_options(command, before), *_options(root, before), *HELP]
    return _argument(command, places) if places else _children(command) or _argument(command, [])


def _children(command: object) -> list[Candidate]:
    """The commands of a group."""
    commands = getattr(command, "commands", {})
    return [(name, one.get_short_help_str(200)) for name, one in commands.items() if not one.hidden]


def _argument(command: object, places: list[str]) -> Iterable[Candidate]:
    """What the next argument may be."""
    found = [one for one in _parameters(command) if one.param_type_name == "argument"]
    if not found or (len(places) >= len(found) and found[-1].nargs != -1):
        return []
    return _values(found[min(len(places), len(found) - 1)], places)


def _values(parameter: Parameter, places: list[str]) -> Iterable[Candidate]:
    metavar = parameter.metavar or ""
    option = parameter.param_type_name == "option"
    if option and metavar == "ID":  # one to be given, not one that is there
        return []
    if option and parameter.name == "model":
        return VALUES["MODEL"](places)
    if metavar in VALUES:
        return VALUES[metavar](places)
    return [(choice, "") for choice in metavar.split("|")] if "|" in metavar else []


def _options(command: object, before: list[str]) -> Iterator[Candidate]:
    """Options that are not there yet, or may be repeated."""
    for one in _parameters(command):
        names = [*one.opts, *one.secondary_opts]
        if one.param_type_name == "option" and (one.multiple or not {*names} & {*before}):
            told = (getattr(one, "help", None) or "").splitlines()
            yield from ((name, told[0] if told else "") for name in names if name[:2] == "--")


def _option(command: object, name: str) -> Parameter | None:
    """The option of this name that takes a value."""
    for one in _parameters(command):
        if name in {*one.opts} - ALONE and not getattr(one, "is_flag", True):
            return one
    return None


def _parameters(command: object) -> list[Parameter]:
    return list(getattr(command, "params", []))
