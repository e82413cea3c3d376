"""Every error of the program, read off its source: code, message, hint, and where it is raised.

`python -m tests.errors` puts them into man/sticli-errors.7, between the marks of each group.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "man" / "sticli-errors.7"
FOLDERS = {"sticli": "sticli", "sticli.daemon": "daemon", "sticli.kernels": "kernels"}
DEEP = 5  # functions that hand an argument on to the one that raises

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Problem:
    """Holes in message and hint stand as ‹name›; code is empty where another's error goes on."""

    code: str
    message: str
    hint: str
    file: str


@dataclass(frozen=True)
class Module:
    """A file, and what its names stand for."""

    path: Path
    tree: ast.Module
    functions: dict[str, Function]
    constants: dict[str, ast.expr]
    imports: dict[str, tuple[str, str]]  # name here → module, name there; empty: the module itself

    @property
    def file(self) -> str:
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Scope:
    """Where an expression stands, and what the arguments of its function are."""

    module: Module
    function: Function | None = None
    arguments: dict[str, tuple[ast.expr, "Scope"]] = field(default_factory=dict)


@cache
def modules() -> dict[str, Module]:
    """Every file of the program, by the name it is imported by."""
    found = {}
    for name, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not any(parent.is_symlink() for parent in path.parents):
                inside = path.relative_to(ROOT / folder).with_suffix("").parts
                parts = [name, *(part for part in inside if part != "__init__")]
                found[".".join(parts)] = _module(path)
    return found


def _module(path: Path) -> Module:
    tree = ast.parse(path.read_text("utf-8"))
    constants: dict[str, ast.expr] = {}
    imports: dict[str, tuple[str, str]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = node.value
    for other in ast.walk(tree):
        if isinstance(other, ast.ImportFrom) and other.module:
            imports |= {one.asname or one.name: (other.module, one.name) for one in other.names}
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    return Module(path, tree, functions, constants, imports)


def problems() -> list[Problem]:
    """Every error that the program makes, the same words once."""
    found: dict[tuple[str, str, str], Problem] = {}
    for module in modules().values():
        for call, function in _calls(module):
            if _named(call) == "SticliError":
                for scope in _scopes(Scope(module, function), call):
                    for problem in _read(call, scope):
                        key = problem.code, problem.message, problem.hint
                        found.setdefault(key, problem)
    return sorted(found.values())


def _calls(module: Module) -> Iterator[tuple[ast.Call, Function | None]]:
    """The calls in a file, each with the outermost function or method around it."""
    for node in ast.walk(module.tree):
        bodies = [node] if isinstance(node, Function) else []
        for function in bodies:
            for inner in ast.walk(function):
                if isinstance(inner, ast.Call):
                    yield inner, function


def _named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _scopes(scope: Scope, call: ast.Call, depth: int = DEEP) -> list[Scope]:
    """A scope for each call of the function around, where its arguments are words of the error."""
    function = scope.function
    if not function or function.name not in scope.module.functions or not depth:
        return [scope]
    names = [one.arg for one in function.args.args]
    used = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)} | _through(function)
    if not used & set(names):
        return [scope]
    found = []
    for module, caller, around in _callers(scope.module, function.name):
        for outer in _scopes(Scope(module, around), caller, depth - 1):
            given = {name: (value, outer) for name, value in zip(names, caller.args, strict=False)}
            found.append(Scope(scope.module, function, given))
    return found or [scope]


def _through(function: Function) -> set[str]:
    """The names that the words assigned in a function are made of."""
    return {
        name.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for name in ast.walk(node.value)
        if isinstance(name, ast.Name)
    }


def _callers(home: Module, name: str) -> Iterator[tuple[Module, ast.Call, Function | None]]:
    there = next(key for key, module in modules().items() if module is home)
    for module in modules().values():
        known = module is home or module.imports.get(name) == (there, name)
        whole = there.rpartition(".")[2] if not known else ""
        for call, function in _calls(module):
            if _named(call) != name:
                continue
            base = getattr(call.func, "value", None)
            through = isinstance(base, ast.Name) and base.id == whole and whole in module.imports
            if (known and isinstance(call.func, ast.Name)) or through:
                yield module, call, function


def _read(call: ast.Call, scope: Scope) -> Iterator[Problem]:
    given = [*call.args, *(word.value for word in call.keywords)]
    codes = _texts(given[0], scope)
    for code, message, hint in product(
        codes, _texts(given[1], scope), _texts(given[2], scope) if given[2:] else [""]
    ):
        if hint or len(given) < 3 or not isinstance(given[2], ast.Constant):
            yield Problem("" if "‹" in code else code, message, hint, scope.module.file)


def _texts(node: ast.expr, scope: Scope, depth: int = DEEP * 3) -> list[str]:
    """What a text may be, with holes for what only the run knows."""
    if not depth:
        return [_hole(node)]
    match node:
        case ast.Constant(value=value):
            return [str(value)]
        case ast.JoinedStr(values=parts):
            each = [_texts(part, scope, depth - 1) for part in parts]
            return ["".join(words) for words in product(*each)]
        case ast.FormattedValue(value=value, conversion=conversion):
            mark = "'" if conversion == ord("r") else ""
            return [mark + text + mark for text in _texts(value, scope, depth - 1)]
        case ast.IfExp(body=body, orelse=other):
            return _texts(body, scope, depth - 1) + _texts(other, scope, depth - 1)
        case ast.BoolOp(op=ast.Or(), values=either):
            return [text for one in either for text in _texts(one, scope, depth - 1)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            pairs = product(_texts(left, scope, depth - 1), _texts(right, scope, depth - 1))
            return ["".join(pair) for pair in pairs]
        case ast.BinOp():
            return [_number(node)]
        case ast.Name(id=name):
            return _meanings(name, scope, depth - 1) or [_hole(node)]
        case ast.Attribute(value=ast.Name(id=base), attr=name):
            return _constant(base, name, scope, depth - 1) or [_hole(node)]
    return [_hole(node)]


def _meanings(name: str, scope: Scope, depth: int) -> list[str]:
    """What a name stands for: an argument, what was assigned to it, or a constant."""
    if name in scope.arguments:
        value, outer = scope.arguments[name]
        return _texts(value, outer, depth)
    assigned = _assigned(name, scope.function) if scope.function else []
    if assigned:
        return [text for value in assigned for text in _texts(value, scope, depth)]
    if name in scope.module.constants:
        return _plain(scope.module.constants[name], Scope(scope.module), depth)
    module, there = scope.module.imports.get(name, ("", ""))
    home = modules().get(module)
    found = home.constants.get(there) if home else None
    return _plain(found, Scope(home), depth) if home and found else []


def _assigned(name: str, function: Function) -> list[ast.expr]:
    """The texts that a name is given in a function."""
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id == name:
                found.append(node.value)
        elif isinstance(node, ast.AugAssign) and getattr(node.target, "id", "") == name:
            return []  # it grows: what it is then only the run knows
    kinds = ast.Constant | ast.JoinedStr | ast.IfExp | ast.BinOp
    return [value for value in found if isinstance(value, kinds)]


def _constant(base: str, name: str, scope: Scope, depth: int) -> list[str]:
    """A constant of an imported module, as protocol.MAX_LINE."""
    whole = ".".join(scope.module.imports.get(base, ("", "")))
    home = modules().get(whole)
    found = home.constants.get(name) if home else None
    return _plain(found, Scope(home), depth) if home and found else []


def _plain(node: ast.expr, scope: Scope, depth: int) -> list[str]:
    """The value of a constant that is one text or number."""
    kinds = ast.Constant | ast.JoinedStr | ast.BinOp
    return _texts(node, scope, depth) if isinstance(node, kinds) else []


def _number(node: ast.BinOp) -> str:
    """Arithmetic on plain numbers, as 64 << 10."""
    left, right = (getattr(side, "value", None) for side in (node.left, node.right))
    if isinstance(left, int) and isinstance(right, int) and isinstance(node.op, ast.LShift):
        return f"{left << right}"
    return "‹number›"


def _hole(node: ast.expr) -> str:
    """A name for what only the run knows."""
    match node:
        case ast.Name(id=name):
            return f"‹{name.strip('_').lower()}›"
        case ast.Attribute(value=value, attr="name" | "args"):
            return _hole(value)
        case ast.Attribute(attr=name):
            return f"‹{name.strip('_').lower()}›"
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return _hole(value)
        case ast.Call(func=ast.Name(id="len")):
            return "‹number›"
        case ast.Call(func=ast.Attribute(attr="join"), args=[what]):
            return _hole(what) if isinstance(what, ast.Name) else "‹names›"
        case ast.Call(func=ast.Attribute(value=value)) if not isinstance(value, ast.Constant):
            return _hole(value)
        case ast.Call(func=ast.Name(id=name)):
            return f"‹{name.strip('_')}›"
        case ast.FormattedValue(value=value) | ast.Await(value=value):
            return _hole(value)
    return "‹number›"


if __name__ == "__main__":
    from tests.page import filled

    PAGE.write_text(filled(PAGE.read_text("utf-8"), problems()), "utf-8")
