"""The last line: the keys that matter here, as many as fit.

One line that is drawn; Textual's `Footer` builds a widget a key anew at every move of the focus.
"""

from collections.abc import Iterable

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from sticli.watch.symbols import ASCII, symbols

Key = tuple[str, str, str]  # as it is shown, what it does, its name
GAP = 2


class Keys(Widget):
    """Follows the focus; a click on a key is that key."""

    DEFAULT_CSS = "Keys { height: 1; padding: 0 1; background: $panel; dock: bottom; }"

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[Key] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._renew)

    def render(self) -> Content:
        kept = fitting(self._keys, self.content_size.width)
        return Content(" " * GAP).join(
            Content.assemble((shown, "bold $text-accent"), f" {what}") for shown, what, _ in kept
        )

    def on_click(self, event: events.Click) -> None:
        place = event.x - 1
        for shown, what, name in fitting(self._keys, self.content_size.width):
            width = _width(shown, what)
            if 0 <= place < width:
                return self.app.simulate_key(name)
            place -= width + GAP

    def _renew(self, screen: Screen[object]) -> None:
        found = list(self._found(screen))
        if found != self._keys:
            self._keys = found
            self.refresh()

    def _found(self, screen: Screen[object]) -> Iterable[Key]:
        actions = set[str]()
        for name, (_, binding, enabled, _) in screen.active_bindings.items():
            if binding.show and enabled and binding.action not in actions:
                actions.add(binding.action)
                shown = self.app.get_key_display(binding)
                plain = symbols() is not ASCII or shown.isascii()
                yield shown if plain else name, binding.description, name


def fitting(keys: list[Key], width: int) -> list[Key]:
    """The first that fit, and always the last two: help and the way out."""
    first, last = keys[:-2], keys[-2:]
    while first and sum(_width(shown, what) + GAP for shown, what, _ in first + last) - GAP > width:
        first.pop()
    return first + last


def _width(shown: str, what: str) -> int:
    return Content(shown).cell_length + 1 + Content(what).cell_length
