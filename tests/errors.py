"""Every error of the program, read off its source: code, message, hint, and where it is raised.

`python -m tests.errors` puts them, and other tables of the program, into the man pages.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.source import ROOT, Call, Function, Module, Scope, calls, modules
from tests.wording import texts

PAGES = sorted((ROOT / "man").iterdir())
DEEP = 5  # functions that hand an argument on to the one that raises


@dataclass(frozen=True, order=True)
class Problem:
    """One error, with ‹holes›; the code is empty where another's error is told in other words."""

    code: str
    message: str
    hint: str
    file: str


def sites() -> set[str]:
    """The files that make errors."""
    return {call.module.file for call in calls()["SticliError"]}


def problems() -> list[Problem]:
    """Every error that the program makes, the same words of one file once."""
    found = {
        problem
        for call in calls()["SticliError"]
        for scope in _scopes(Scope(call.module, call.function), call.node, DEEP)
        for problem in _read(call.node, scope)
    }
    return sorted(found)


def _read(call: ast.Call, scope: Scope) -> Iterator[Problem]:
    given = [*call.args, *(word.value for word in call.keywords)]
    said = [texts(one, scope) for one in given[:3]]
    for code, message, hint in product(*said, *[[""]] * (3 - len(said))):
        yield Problem("" if "‹" in code else code, message, hint, scope.module.file)


def _scopes(scope: Scope, call: ast.Call, depth: int) -> list[Scope]:
    """A scope for each call of the function around, where its arguments are words of the error."""
    function = scope.function
    if not function or scope.module.functions.get(function.name) is not function or not depth:
        return [scope]
    names = [one.arg for one in function.args.args]
    if not (_names(call) | _assigned(function)) & set(names):
        return [scope]
    return [
        Scope(scope.module, function, {name: (value, outer) for name, value in given})
        for caller in _callers(scope.module, function.name)
        for outer in _scopes(Scope(caller.module, caller.function), caller.node, depth - 1)
        for given in [list(zip(names, caller.node.args, strict=False))]
    ] or [scope]


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _assigned(function: Function) -> set[str]:
    """The names that the words assigned in a function are made of."""
    found = [one.value for one in ast.walk(function) if isinstance(one, ast.Assign)]
    return set().union(*map(_names, found))


def _callers(home: Module, name: str) -> Iterator[Call]:
    """The calls of a function of a file, there and wherever it is imported."""
    for call in calls().get(name, []):
        base = getattr(getattr(call.node.func, "value", None), "id", name)
        path = [part for part in call.module.imports.get(base, ()) if part != name]
        if modules().get(".".join(path)) is home or (call.module is home and base == name):
            yield call


if __name__ == "__main__":
    from tests.page import filled

    for page in PAGES:
        page.write_text(filled(page.read_text("utf-8"), problems()), "utf-8")
