"""Events and answers in words."""

import msgspec
import pytest

from sticli.protocol import Answer, At, Event
from sticli.watch.words import about, detail, remarks, told

EVENTS = [
    ("session", "s", {"state": "live", "tokens": 12, "note": "restored"},
     "s: live, 12 tokens, restored"),
    ("session", "s", {"state": "live", "tokens": 0, "note": "new"}, "s: live"),
    ("answer", "s", {"id": "q1", "answer": "a", "previous": None}, "s/q1: a"),
    ("answer", "s", {"id": "q1", "answer": "b", "previous": "a"}, "s/q1: a → b"),
    ("answer", "s", {"id": "q1", "answer": "b", "previous": "a", "fresh": False},
     "s/q1: a → b (not fresh)"),
    ("worker", "", {"state": "ready", "error": ""}, "the worker is ready"),
    ("worker", "", {"state": "ready", "error": "it died"}, "the worker is ready"),
    ("worker", "", {"state": "backoff", "error": "it died"}, "it died; it is started again"),
    ("worker", "", {"state": "backoff"}, "the worker died; it is started again"),
    ("worker", "", {"state": "stopped", "error": "it died"}, "the worker is stopped: it died"),
    ("worker", "", {"state": "odd", "error": "why"}, "the worker is odd: why"),
    ("full", "s", {"lines": 3, "tokens": 8000, "limit": 8192}, "s: full at 8,000 of 8,192 tokens"),
    ("moved", "s", {"place": "disk", "tokens": 5, "reason": ""}, "s: moved to disk"),
    ("moved", "s", {"place": "mars", "tokens": 5, "reason": "r"}, "s: moved to mars, r"),
    ("dropped", "s", {"first": 1000, "count": 2},
     "s: 2 lines from 1,000 on dropped unread: too much was pending"),
    ("stale", "", {"reason": "cut off"}, "events were missed: cut off"),
    ("unheard", "s", {"a": 1, "b": "x"}, "s: a 1, b x"),
    ("answer", "s", {"id": "\x1b[1m", "answer": "\x07\n\t", "previous": "\u202e"},
     "s/: � → ␇⏎ "),
    ("full", "s", {"tokens": "many"}, "s: full at 0 of 0 tokens"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "session", "data", "text"), EVENTS)
def test_an_event_in_words(kind: str, session: str, data: dict[str, object], text: str) -> None:
    assert told(Event(1, kind, session, 0.0, data)) == text


def test_all_of_an_event() -> None:
    data: dict[str, object] = {"id": "q", "answer": "a\nb", "form": {"number": True}, "exec": None}
    assert about(Event(1, "answer", "s", 0.0, data)).split("\n") == [
        "✱ s/q: a⏎b", "", "id: q", "answer: a", "b", 'form: {"number":true}', "exec: null",
    ]  # fmt: skip


def answer(**facts: object) -> Answer:
    usual: dict[str, object] = {
        "session": "s", "question": "?", "answer": "a", "source": "live", "fresh": True,
        "version": 7, "lines": 9, "window_from": 3, "pending": 0, "confidence": None,
        "cached_tokens": 1200, "new_tokens": 9, "completion_tokens": 1, "ttft_ms": 1.26,
        "total_ms": 3.0, "finish_reason": "stop",
    }  # fmt: skip
    return msgspec.convert(usual | facts, Answer)


def test_how_an_answer_came_to_be() -> None:
    assert detail(answer()) == (
        "live, fresh, version 7, window from line 3, 1,200 cached + 9 new tokens, "
        "first token 1.3 ms, total 3.0 ms, stop"
    )
    drafted = detail(answer(source="flash", fresh=False, drafted=4, accepted=3))
    assert drafted.startswith("flash, not fresh, ")
    assert ", 3 of 4 drafted tokens right, " in drafted


def test_what_may_be_missed() -> None:
    late = answer(pending=2, finish_reason="length")
    assert [*remarks(late, None)] == [
        "answered at version 7; 2 newer lines still to be read; --wait waits for that",
        "the answer was cut at 1 token; see --max-tokens",
    ]
    assert [*remarks(answer(pending=2), At(version=7))] == []
