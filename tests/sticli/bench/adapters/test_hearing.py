"""When an answer began, ended and halted is told from its pieces."""

import json

import pytest

from sticli.bench.adapters.hearing import Hearing
from sticli.errors import SticliError


def heard(*events: tuple[float, object]) -> Hearing:
    hearing = Hearing()
    for now, event in events:
        hearing.hear(json.dumps(event).encode(), now)
    hearing.hear(b"[DONE]", 99.0)
    return hearing


def text(said: str, reason: str | None = None) -> dict[str, object]:
    return {"choices": [{"text": said, "finish_reason": reason, "logprobs": None}]}


def delta(said: str | None, reason: str | None = None) -> dict[str, object]:
    return {"choices": [{"delta": {"content": said}, "finish_reason": reason}], "object": "x"}


def test_an_answer_lasts_until_the_server_knows_that_it_is_over() -> None:
    found = heard((1.0, text("a")), (1.5, text("b")), (4.5, text("c")), (5.0, text("", "stop")))
    assert ("".join(found.pieces), found.first, found.last, found.stall) == ("abc", 1.0, 5.0, 3.0)


def test_a_chat_begins_with_its_first_text() -> None:
    found = heard((1.0, delta("")), (2.0, delta("a")), (2.5, delta(None, "length")))
    assert (found.pieces, found.first, found.last, found.stall) == (["a"], 2.0, 2.5, 0.5)


def test_an_empty_answer_is_there_when_it_ends() -> None:
    found = heard((1.0, delta("")), (3.0, delta("", "stop")))
    assert (found.pieces, found.first, found.last, found.stall) == ([], 3.0, 3.0, 0.0)


def test_usage_comes_last_and_tells_what_was_cached_or_not() -> None:
    told = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": None}
    for details, cached in ((None, None), ({}, None), ({"cached_tokens": 4, "audio": 0}, 4)):
        usage = {**told, "prompt_tokens_details": details}
        found = heard((1.0, text("a", "length")), (2.0, {"choices": [], "usage": usage}))
        assert found.last == 1.0
        assert found.usage is not None
        assert (found.usage.prompt_tokens, found.usage.cached) == (9, cached)


@pytest.mark.parametrize("data", [b'{"error":{"message":"no"}}', b"{", b'{"choices":3}'])
def test_an_error_or_what_nobody_understands_is_told(data: bytes) -> None:
    with pytest.raises(SticliError) as refusal:
        Hearing().hear(data, 1.0)
    assert refusal.value.code == "bad_request"
