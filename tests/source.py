"""The program as it is written: its files, their functions, constants and imports."""

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = {"sticli": "sticli", "sticli.daemon": "daemon", "sticli.kernels": "kernels"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A file, and what its names stand for."""

    path: Path
    tree: ast.Module
    functions: dict[str, Function]
    constants: dict[str, ast.expr]
    imports: dict[str, tuple[str, str]]  # name here → module, name there

    @property
    def file(self) -> str:
        return str(self.path.relative_to(ROOT))

    def constant(self, name: str) -> "tuple[ast.expr | None, Module]":
        """What a constant of this file, or one that it imports, is; and where it is written."""
        module, there = self.imports.get(name, ("", name))
        home = modules().get(module, self)
        return home.constants.get(there), home

    def imported(self, name: str) -> "Module":
        """The module that a name stands for; this one where it stands for none."""
        return modules().get(".".join(self.imports.get(name, ())), self)


@dataclass(frozen=True)
class Scope:
    """Where an expression stands, and what the arguments of its function are."""

    module: Module
    function: Function | None = None
    arguments: dict[str, tuple[ast.expr, "Scope"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A call, and the outermost function around it."""

    node: ast.Call
    module: Module
    function: Function | None


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
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            constants[node.target.id] = node.value
    for other in ast.walk(tree):
        if isinstance(other, ast.ImportFrom) and other.module:
            imports |= {one.asname or one.name: (other.module, one.name) for one in other.names}
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    return Module(path, tree, functions, constants, imports)


@cache
def calls() -> dict[str, list[Call]]:
    """The calls of each name, whatever stands before its point."""
    found: dict[str, list[Call]] = {}

    def look(node: ast.AST, module: Module, function: Function | None) -> None:
        if isinstance(node, ast.Call):
            found.setdefault(_named(node), []).append(Call(node, module, function))
        inside = function or (node if isinstance(node, Function) else None)
        for child in ast.iter_child_nodes(node):
            look(child, module, inside)

    for module in modules().values():
        look(module.tree, module, None)
    return found


def _named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
