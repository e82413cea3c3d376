"""The help names every key of every widget, and every symbol: it cannot go stale."""

import importlib
import pkgutil

from textual.binding import Binding

import sticli.tui
from sticli.tui import flash, sessions
from sticli.tui.help import PLACES, HelpScreen, keys, meaning, owners, page, sections
from sticli.watch.symbols import LEGEND, symbols
from tests.sticli.tui.acted import stage
from tests.sticli.tui.drawn import drawn

PLAIN = ("", "name", "state", "used", "note", "id", "value", "question")  # heads that say it all

for found in pkgutil.iter_modules(sticli.tui.__path__):
    importlib.import_module(f"sticli.tui.{found.name}")


def test_every_key_is_named_with_what_it_does() -> None:
    text = page()[0]
    for node in owners():
        assert node.__name__ in PLACES, f"say in help.PLACES where {node.__name__} is"
        for binding in node.__dict__["BINDINGS"]:
            assert isinstance(binding, Binding)
            assert meaning(binding), f"{node.__name__}: {binding.key} says nothing"
            assert f"{keys(binding)} " in text
            assert meaning(binding) in text


def test_no_place_is_named_that_is_not_there() -> None:
    assert [place for place, _ in sections()] == [*PLACES.values()]


def test_every_symbol_is_explained() -> None:
    text = page()[0]
    for name, words in LEGEND:
        assert f"  {getattr(symbols(), name)} " in text
        assert words in text


def test_every_head_that_means_something_is_explained() -> None:
    text = page()[0]
    for column in (*sessions.COLUMNS, *flash.COLUMNS):
        assert f"  {column.head} " in text or not column.meaning
        assert column.meaning in text
        assert column.meaning or column.head in PLAIN, f"say what {column.head} means"


def test_keys_are_named_as_on_a_keyboard() -> None:
    assert keys(Binding("question_mark", "x")) == "?"
    assert keys(Binding("down,j", "x")) == "↓ j"
    assert keys(Binding("G,end", "x")) == "G end"
    assert keys(Binding("slash", "x", key_display="/")) == "/"


async def test_it_is_read_to_its_end_at_80x24_and_left_again() -> None:
    async with stage((80, 24)) as on:
        await on.press("question_mark")
        assert "everywhere" in drawn(on.app)
        await on.press("G")
        assert flash.COLUMNS[-2].meaning in drawn(on.app)
        await on.press("y", "question_mark")
        assert on.app.clipboard == page()[0]
        assert not isinstance(on.app.screen, HelpScreen)
