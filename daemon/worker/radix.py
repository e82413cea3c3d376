"""A radix tree over token ids: which known sequence begins as another one does, for how long.

It knows nothing of sessions or cells; what an item costs is only counted.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]
T = TypeVar("T", bound=Hashable)


@dataclass(slots=True, eq=False)
class _Node(Generic[T]):
    """The tokens between a parent and here; below every node but the root there is an item."""

    edge: Tokens
    parent: "_Node[T] | None" = None
    children: "dict[int, _Node[T]]" = field(default_factory=dict)  # by the first of their tokens
    items: dict[T, None] = field(default_factory=dict)  # whose tokens end here, oldest first


@dataclass(frozen=True, slots=True)
class _Place(Generic[T]):
    node: _Node[T]
    cells: int


class Radix(Generic[T]):
    """Items by the tokens they stand for; the least recently used goes first."""

    def __init__(self) -> None:
        self.cells = 0  # that all items cost
        self._root: _Node[T] = _Node(np.zeros(0, np.int32))
        self._places: OrderedDict[T, _Place[T]] = OrderedDict()  # least recently used first

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, item: T) -> bool:
        return item in self._places

    def put(self, tokens: Sequence[int] | Tokens, item: T, cells: int = 0) -> None:
        """Let `item` stand for `tokens`, at a cost of `cells`; it may have stood for others."""
        self.remove(item)
        array = np.array(tokens, np.int32)
        node, depth, same = self._walk(array)
        if same < len(node.edge):
            node = _split(node, same)
        if depth < len(array):
            node.children[int(array[depth])] = node = _Node(array[depth:], node)
        node.items[item] = None
        self._places[item] = _Place(node, cells)
        self.cells += cells

    def longest(self, tokens: Sequence[int] | Tokens) -> tuple[int, T] | None:
        """How many of `tokens` the best item begins with, and that item; None: not even one."""
        node, depth, _ = self._walk(np.array(tokens, np.int32))
        if not depth:
            return None
        while not node.items:
            node = next(reversed(node.children.values()))
        return depth, next(reversed(node.items))

    def touch(self, item: T) -> None:
        """Count an item as used now."""
        self._places.move_to_end(item)

    def remove(self, item: T) -> None:
        """Forget an item, if it is known."""
        place = self._places.pop(item, None)
        if place is not None:
            self.cells -= place.cells
            del place.node.items[item]
            _prune(place.node)

    def evict(self, budget: int) -> list[T]:
        """Forget the least recently used items until the others cost `budget` cells at most."""
        gone = []
        while self.cells > budget:
            item = next(iter(self._places))
            self.remove(item)
            gone.append(item)
        return gone

    def _walk(self, tokens: Tokens) -> tuple[_Node[T], int, int]:
        """The node in or at whose edge the way along `tokens` ends, how many tokens lie on that
        way, and how many of them on that last edge."""
        node, depth, same = self._root, 0, 0
        while depth < len(tokens) and same == len(node.edge):
            child = node.children.get(int(tokens[depth]))
            if child is None:
                break
            node, same = child, _common(child.edge, tokens[depth:])
            depth += same
        return node, depth, same


def _common(one: Tokens, other: Tokens) -> int:
    """How many tokens two sequences begin with alike."""
    length = min(len(one), len(other))
    different = np.flatnonzero(one[:length] != other[:length])
    return int(different[0]) if different.size else length


def _split(node: _Node[T], at: int) -> _Node[T]:
    """A new node in the middle of a node's edge."""
    parent = node.parent
    assert parent is not None, "the root's edge is empty"
    upper = _Node(node.edge[:at], parent, {int(node.edge[at]): node})
    parent.children[int(node.edge[0])] = upper
    node.edge, node.parent = node.edge[at:], upper
    return upper


def _prune(node: _Node[T]) -> None:
    """Take away nodes that lead nowhere, and join an edge that no longer parts."""
    while node.parent is not None and not node.items and not node.children:
        del node.parent.children[int(node.edge[0])]
        node = node.parent
    if node.parent is not None and not node.items and len(node.children) == 1:
        (child,) = node.children.values()
        node.parent.children[int(node.edge[0])] = child
        child.edge, child.parent = np.concatenate([node.edge, child.edge]), node.parent
