"""What the palette offers: every action of the screen, every session, every flash question."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from sticli.render import one_line
from sticli.tui.help import PLACES, keys, meaning, owners
from sticli.tui.messages import Chosen, Opened
from sticli.watch.state import State


class Knowing(Protocol):
    """An app that knows what is there."""

    state: State


@dataclass(frozen=True)
class Command:
    """A line of the palette, and what it does."""

    label: str
    run: Callable[[], object]


class Commands(Provider):
    """Foreign names in it are text, whatever they hold."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(Content(command.label), command.run, command.label)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score, places = matcher.fuzzy_search.match(query, command.label)
            if score > 0:
                shown = Content(command.label)
                for place in places:
                    shown = shown.stylize(matcher.match_style, place, place + 1)
                yield Hit(score, shown, command.run, command.label)

    def _commands(self) -> Iterator[Command]:
        yield from self._actions()
        state, post = cast("Knowing", self.app).state, self.app.post_message
        for name in state.sessions:
            yield Command(f"go to {one_line(name)}", partial(post, Chosen(name)))
        for flash in state.flashes.values():
            label = f"flash question {one_line(flash.id)}: {one_line(flash.question)}"
            yield Command(label, partial(post, Opened(flash.session, flash.id)))

    def _actions(self) -> Iterator[Command]:
        """What keys do in the app and in the panes that are there."""
        known = {*owners()}
        for node in (self.app, *self.screen.walk_children()):
            if type(node) in known:
                yield from self._of(node)

    def _of(self, node: DOMNode) -> Iterator[Command]:
        name = "" if node is self.app else f"{_place(node)}: "
        for binding in type(node).__dict__["BINDINGS"]:
            if isinstance(binding, Binding) and binding.action != "command_palette":
                run = partial(self.app.run_action, binding.action, node)
                yield Command(f"{name}{meaning(binding)} ({keys(binding)})", run)


def _place(node: DOMNode) -> str:
    """The pane that it is part of."""
    panes = [one.id for one in node.ancestors_with_self if one.has_class("pane") and one.id]
    return panes[0] if panes else PLACES.get(type(node).__name__, "")
