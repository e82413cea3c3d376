"""What a text of the program may say, read off its source; ‹name› is what only the run knows."""

import ast
import re
from collections.abc import Callable
from itertools import product
from typing import Any

from tests.source import Function, Scope

DEEP = 15  # names that stand for names

Texts = list[str]
WHOLE = ast.Constant | ast.JoinedStr | ast.IfExp | ast.BinOp  # what is a text by itself


def texts(node: ast.expr, scope: Scope, depth: int = DEEP) -> Texts:
    """Everything that an expression may say."""
    read = _READ.get(type(node))
    return (depth and read and read(node, scope, depth - 1)) or [hole(node)]


def is_hole(text: str) -> bool:
    """Whether only the run knows any of it."""
    return re.fullmatch("‹[^‹›]*›", text) is not None


def _constant(node: ast.Constant, scope: Scope, depth: int) -> Texts:
    if node.value is None:
        return ["‹›"]
    return [f"{node.value:g}" if isinstance(node.value, float) else str(node.value)]


def _joined(node: ast.JoinedStr, scope: Scope, depth: int) -> Texts:
    return ["".join(words) for words in product(*(texts(one, scope, depth) for one in node.values))]


def _formatted(node: ast.FormattedValue, scope: Scope, depth: int) -> Texts:
    mark = "'" if node.conversion == ord("r") else ""
    style = "".join(texts(node.format_spec, scope, depth)) if node.format_spec else ""
    return [mark + _styled(text, style) + mark for text in texts(node.value, scope, depth)]


def _styled(text: str, style: str) -> str:
    """A number that the source knows, as it is printed."""
    if not style:
        return text
    try:
        number = float(text)
        return format(int(number) if number.is_integer() else number, style)
    except ValueError:  # no number, or not in that style
        return text


def _either(node: ast.IfExp, scope: Scope, depth: int) -> Texts:
    return texts(node.body, scope, depth) + texts(node.orelse, scope, depth)


def _or(node: ast.BoolOp, scope: Scope, depth: int) -> Texts:
    words = [text for one in node.values for text in texts(one, scope, depth)]
    return words[:1] if all(map(is_hole, words)) else [word for word in words if word]


def _arithmetic(node: ast.BinOp, scope: Scope, depth: int) -> Texts:
    """Texts one after the other, or numbers that are added up or shifted."""
    left, right = (getattr(side, "value", None) for side in (node.left, node.right))
    if isinstance(left, int) and isinstance(right, int) and isinstance(node.op, ast.LShift):
        return [f"{left << right}"]
    if not isinstance(node.op, ast.Add):
        return []
    before, after = texts(node.left, scope, depth), texts(node.right, scope, depth)
    if all(map(is_hole, before)) and not isinstance(node.right, ast.JoinedStr):
        return before
    return ["".join(pair) for pair in product(before, after)]


def _name(node: ast.Name, scope: Scope, depth: int) -> Texts:
    """An argument, what was assigned to it, or a constant."""
    name = node.id
    if name in scope.arguments:
        value, outer = scope.arguments[name]
        bare = isinstance(value, ast.Constant) and not isinstance(value.value, str)
        return _renamed(["‹›"] if bare else texts(value, outer, depth), name)
    assigned = _assigned(name, scope.function) if scope.function else []
    if assigned:
        return _renamed([text for value in assigned for text in texts(value, scope, depth)], name)
    found, home = scope.module.constant(name)
    return texts(found, Scope(home), depth) if isinstance(found, WHOLE) else []


def _attribute(node: ast.Attribute, scope: Scope, depth: int) -> Texts:
    """A constant of an imported module, as protocol.MAX_LINE."""
    base = node.value.id if isinstance(node.value, ast.Name) else ""
    found, home = scope.module.imported(base).constant(node.attr)
    known = base in scope.module.imports and isinstance(found, WHOLE)
    return texts(found, Scope(home), depth) if known and found else []


def _call(node: ast.Call, scope: Scope, depth: int) -> Texts:
    """Constants with commas between."""
    comma = getattr(getattr(node.func, "value", None), "value", None)
    if getattr(node.func, "attr", "") != "join" or not isinstance(comma, str):
        return []
    items = _items(node.args[0], scope)
    return [comma.join(items)] if items else []


def _items(node: ast.expr, scope: Scope) -> Texts:
    """The texts of a constant that is a row or a dictionary of them."""
    home = scope.module
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        home = home.imported(node.value.id)
    found, _ = home.constant(getattr(node, "attr", getattr(node, "id", "")))
    inside = getattr(found, "elts", getattr(found, "keys", None)) or []
    return [str(one.value) for one in inside if isinstance(one, ast.Constant)]


def _renamed(words: Texts, name: str) -> Texts:
    """What is nothing but a hole is called as the function around calls it."""
    mine = f"‹{name.strip('_').lower()}›"
    return list(dict.fromkeys(mine if is_hole(text) else text for text in words if text))


def _assigned(name: str, function: Function) -> list[ast.expr]:
    """The texts that a name is given in a function; none where it grows."""
    nodes = list(ast.walk(function))
    if any(isinstance(one, ast.AugAssign) and _bears(one.target, name) for one in nodes):
        return []
    found = [one for one in nodes if isinstance(one, ast.Assign) and _bears(one.targets[0], name)]
    return [one.value for one in found if isinstance(one.value, WHOLE)]


def _bears(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def hole(node: ast.expr) -> str:
    """A name for what only the run knows."""
    match node:
        case ast.Attribute(value=inner, attr="name" | "args"):
            return hole(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return f"‹{name.strip('_').lower()}›"
        case ast.Call():
            return _result(node)
        case ast.Subscript(value=inner) | ast.FormattedValue(value=inner) | ast.Await(value=inner):
            return hole(inner)
    return "‹number›"


def _result(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id="len"):
            return "‹number›"
        case ast.Name(id="quote"):
            return hole(node.args[0])
        case ast.Name(id=name):
            return f"‹{name.strip('_')}›"
        case ast.Attribute(attr="join"):
            return hole(node.args[0]) if isinstance(node.args[0], ast.Name) else "‹names›"
        case ast.Attribute(value=inner) if not isinstance(inner, ast.Constant):
            return hole(inner)
    return "‹number›"


_READ: dict[type[ast.expr], Callable[[Any, Scope, int], Texts]] = {
    ast.Constant: _constant,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.IfExp: _either,
    ast.BoolOp: _or,
    ast.BinOp: _arithmetic,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
}
