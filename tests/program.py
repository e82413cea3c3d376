"""The command line as it is, for whatever is compared with it: commands, options, settings."""

import re
from functools import cache
from typing import Any

import typer.main

from sticli.cli import build

Path = tuple[str, ...]  # the words of a command, without `sticli`


@cache
def tree() -> Any:
    """The whole program, as Typer makes it."""
    return typer.main.get_command(build())


@cache
def commands() -> dict[Path, Any]:
    """Every command and group by its words, those that are hidden left out."""
    return dict(_below((), tree()))


def _below(path: Path, command: Any) -> list[tuple[Path, Any]]:
    found = [(path, command)]
    for name, one in getattr(command, "commands", {}).items():
        if not one.hidden:
            found += _below((*path, name), one)
    return found


def options(command: Any) -> set[str]:
    """The options of one command, in every spelling."""
    return {
        name
        for parameter in command.params
        for name in [*parameter.opts, *parameter.secondary_opts]
        if name.startswith("-")
    } - {"--help", "-h"}


@cache
def every_option() -> frozenset[str]:
    """The options of all commands, and of the program."""
    return frozenset({"--help", "-h"}).union(*map(options, commands().values()))


def unknown(words: list[str]) -> list[str]:
    """What of a command line, after `sticli`, does not exist: its first word, or options.

    X and … stand for any word, the name of a command too.
    """
    command, known = tree(), options(tree()) | {"--help", "-h"}
    rest = [*words]
    while rest and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]
        known |= options(command)
    if hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] not in ("X", "…"):
            return rest[:1]
        known = set(every_option())
    given = [word.split("=")[0] for word in rest if re.match("--?[a-z]", word)]
    return [word for word in given if word not in known]


def uses(line: str) -> list[list[str]]:
    """The words after each `sticli` of a line that is typed, up to the end of that command."""
    parts = re.split(r"[|;&`]|\$\(", re.sub(r"<[^>]*>|‹[^›]*›", "X", line))
    found = [re.match(r"\s*(?:\w+=\S+ +)*sticli +([a-z…].*)", part) for part in parts]
    return [[word.rstrip(".,:") or word for word in one[1].split()] for one in found if one]
