"""An observer of the daemon in this test's home, and a state that it fills."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sticli import paths
from sticli.watch.news import News
from sticli.watch.observer import Observer
from sticli.watch.state import State
from tests.sticli.conftest import SLOW

INTERVAL = 0.02


@dataclass
class Watch:
    """Folds what it hears; `heard` is all of it."""

    source: Observer
    state: State = field(default_factory=State)
    heard: list[News] = field(default_factory=list)

    def choose(self, session: str | None) -> None:
        self.source.choose(session)
        self.state.choose(session)

    def until(self, true: Callable[[State], object]) -> State:
        """The state once this is true of it."""
        end = time.monotonic() + SLOW
        while not true(self.state):
            assert time.monotonic() < end, self.heard[-3:]
            time.sleep(0.005)
            self.take()
        return self.state

    def take(self) -> None:
        for news in self.source.take():
            self.heard.append(news)
            self.state.fold(news)


@pytest.fixture
def watch(home: Path) -> Iterator[Watch]:
    """Started by nobody yet; session `s` is chosen."""
    watch = Watch(Observer(paths.resolve(), INTERVAL, "s"))
    watch.state.choose("s")
    yield watch
    watch.source.stop()
    assert not any(thread.is_alive() for thread in watch.source._threads)
