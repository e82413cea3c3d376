"""The embedded model gives a person the same greedy answers on both engines."""

import string

import pytest

from sticli.client import Client
from sticli.demo.world.market import Market
from sticli.form import Form
from sticli.paths import resolve
from sticli.protocol import Ask, At
from tests.e2e.conftest import SLOW, Person

LETTERS = list(string.ascii_uppercase)
LAST = "which symbol traded last?"


def answers(person: Person, texts: list[str]) -> list[str]:
    """What a session says, asked freely, in a form, and as it was; and what a fork of it says."""
    plain = [("ticks", Ask(text, live=True)) for text in texts]
    past = [("ticks", Ask(text, at=At(version=1))) for text in texts[:2]]
    client = Client(resolve().socket, SLOW)
    found = [client.ask(name, ask).answer for name, ask in plain + past]
    form = Form(choices=LETTERS)
    found.append(client.ask("ticks", Ask(LAST, live=True, form=form)).answer)
    client.close()
    return [*found, person.run("ask", "fork", LAST, "--live").stdout.strip()]


def test_both_engines_answer_alike(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Market(seed=12, symbols=5, held_out=True)
    texts: list[str] = []
    found = {}
    for engine in ("llama.cpp", "gpu"):
        monkeypatch.setenv("STICLI_ENGINE", engine)
        person.run("daemon", "restart")
        assert person.json("daemon", "status")["model"]["engine"] == engine
        if not found:
            for count in (20, 30):
                lines = "\n".join(feed.line() for _ in range(count))
                person.run("append", "ticks", feed=lines)
            person.run("fork", "ticks", "fork")
            person.run("append", "fork", feed="10:00:00 ACME 99.00")
            texts = [question.text for question in feed.questions()]  # worded anew each time
        found[engine] = answers(person, texts)
    assert found["gpu"] == found["llama.cpp"]
    assert len({*found["gpu"]}) > 5
