"""Models of a person's own, of every kind of memory: the same answers however the feed came."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Person
from tests.tiny import CHATML, write_model, write_recurrent

FEED = [f"{n:02} tick {n * 37 % 101}" for n in range(24)]
MODELS: dict[str, Callable[[Path], Path]] = {
    "chat": lambda path: write_model(path, seed=2, template=CHATML),
    "sliding window": lambda path: write_model(path, seed=2, architecture="gemma2", window=32),
    "recurrent": lambda path: write_recurrent(path, seed=2),
}


def answer(person: Person, session: str) -> str:
    asked = person.json("ask", session, "which?", "--live", "--max-tokens", "12")
    assert asked["lines"] == len(FEED)
    return str(asked["answer"])


@pytest.mark.parametrize("kind", MODELS)
def test_pieces_a_fork_and_a_restart_change_no_answer(
    person: Person, tmp_path: Path, kind: str
) -> None:
    model = ("--model", str(MODELS[kind](tmp_path / "model.gguf")))
    person.run("daemon", "start", *model)
    person.run("append", "whole", feed="\n".join(FEED))
    for at in range(0, len(FEED), 5):
        person.run("append", "pieces", feed="\n".join(FEED[at : at + 5]))
    expected = answer(person, "whole")
    assert expected
    assert [answer(person, name) for name in ("whole", "pieces")] == [expected] * 2
    person.run("flash", "add", "pieces", "which?", "--id", "f", "--max-tokens", "12")
    person.run("flash", "get", "pieces", "f", "--wait")
    assert person.json("ask", "pieces", "@f")["answer"] == expected
    person.run("daemon", "restart", *model)
    assert [answer(person, name) for name in ("whole", "pieces")] == [expected] * 2
