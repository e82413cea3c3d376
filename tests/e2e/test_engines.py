"""The embedded model gives a person the same greedy answers on both engines."""

import pytest

from sticli.demo.market import Market
from tests.e2e.conftest import Person

LETTERS = ("--choices", ",".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def answers(person: Person, feed: Market) -> list[str]:
    """What a session says, asked freely, in a form, and as it was; and what a fork of it says."""
    plain = [("ask", "ticks", question.text, "--live") for question in feed.questions()]
    formed = [("ask", "ticks", "which symbol traded last?", "--live", *LETTERS)]
    past = [("ask", "ticks", question.text, "--at", "1") for question in feed.questions()[:2]]
    other = [("ask", "fork", "which symbol traded last?", "--live")]
    return [person.run(*words).stdout.strip() for words in plain + formed + past + other]


def test_both_engines_answer_alike(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Market(seed=12, symbols=5, held_out=True)
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
        found[engine] = answers(person, feed)
    assert found["gpu"] == found["llama.cpp"]
    assert len({*found["gpu"]}) > 5
