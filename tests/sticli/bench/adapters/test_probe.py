"""A prefix cache is proven by what a server counts, else by its clock, and never assumed."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from sticli.bench.adapters.base import Reply
from sticli.bench.adapters.probe import proof
from sticli.bench.adapters.room import Room
from sticli.bench.prompt import prompter
from sticli.bench.schedule import Question
from sticli.errors import SticliError
from tests.tiny import write_model


class Scripted:
    """Answers with these seconds and counts; every prompt must be a new one, twice."""

    name = "scripted"

    def __init__(self, replies: list[tuple[float, int | None]]) -> None:
        self._replies = iter(replies)
        self.prompts: list[tuple[str, ...]] = []
        self._lines: list[str] = []

    def open(self, session: str, standing: Sequence[Question] = ()) -> None:
        self._lines = []

    def append(self, session: str, lines: Sequence[str]) -> None:
        self._lines += lines

    def ask(self, session: str, question: Question) -> Reply:
        self.prompts.append(tuple(self._lines))
        seconds, computed = next(self._replies)
        return Reply("", 10.0, 10.0 + seconds, 11.0, 100, computed, 1, 1)

    def drop(self, session: str) -> None:
        self._lines = []


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    path = write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", seed=1)
    with prompter(path) as found, closing(Room(path, found, 256, 1, 1)) as room:
        yield room


WARMING = [(9.0, None), (9.0, None)]


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([(1.0, 100), (1.0, 16)] * 4, "on: 16 of 100 tokens are computed"),
        ([(1.0, 100), (1.0, 50)] * 4, "on: 50 of 100"),
        ([*WARMING, *[(1.0, None), (0.25, None)] * 3], "takes 0.25 of its time"),
    ],
)
def test_a_cache_that_is_on_is_found(
    room: Room, replies: list[tuple[float, int | None]], said: str
) -> None:
    adapter = Scripted(replies)
    assert said in proof(adapter, room)
    assert adapter.prompts[::2] == adapter.prompts[1::2]
    assert len(set(adapter.prompts)) == 4
    assert sum(len(room.prompter.line(line)) for line in adapter.prompts[0]) >= 0.6 * 256


@pytest.mark.parametrize(
    "replies",
    [
        [(1.0, 100), (0.01, 100)] * 4,
        [(1.0, 100), (0.01, 51)] * 4,
        [(9.0, None), (0.1, None), *[(1.0, None), (0.9, None)] * 3],
    ],
)
def test_a_cache_that_is_off_is_refused(
    room: Room, replies: list[tuple[float, int | None]]
) -> None:
    with pytest.raises(SticliError) as refusal:
        proof(Scripted(replies), room)
    assert "cache=unchecked" in refusal.value.hint
