"""Phrasings: each is recognised as what it asks, and the held-out ones are not trained."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world import access, board, logs, phrasing
from sticli.demo.world.phrasing import Words
from sticli.demo.world.question import (
    WORDS,
    Asked,
    draw,
    is_held_out,
    phrase,
    phrasings,
    recognise,
)

MARKET = (*board.SHARES, "last_size", "last_side")
SENSORS = tuple(kind for kind in board.SHARES if kind != "moved_most")
FEEDS: list[tuple[Words, tuple[str, ...]]] = [
    (phrasing.TICKS, MARKET),
    (phrasing.CANDLES, MARKET),
    (phrasing.ORDERS, MARKET),
    (phrasing.SENSORS, SENSORS),
    (phrasing.LOGS, tuple(logs.SHARES)),
    (phrasing.ACCESS, tuple(access.SHARES)),
]
EACH = [(words, kinds, kind) for words, kinds in FEEDS for kind in kinds]
NAMES = st.sampled_from(["ACME", "BTC-USD", "VOD.L", "db-2", "/api/users", "last", "now"])


@given(st.sampled_from(EACH), NAMES, st.booleans(), st.integers(0, 2**32))
def test_every_text_is_recognised(
    feed: tuple[Words, tuple[str, ...], str], name: str, held_out: bool, seed: int
) -> None:
    words, kinds, kind = feed
    template = draw(random.Random(seed), kind, words, held_out=held_out)
    asked = Asked(
        kind,
        name if "{name}" in template else "",
        7 if "{k}" in template else 0,
        "12.5" if "{value}" in template else "",
    )
    assert is_held_out(template) == held_out
    assert recognise(phrase(random.Random(seed), asked, words, held_out=held_out), kinds) == asked


@pytest.mark.parametrize(
    ("words", "kinds"),
    [feed for feed in FEEDS if feed[0] not in (phrasing.CANDLES, phrasing.ORDERS)],
)
def test_held_out_phrasings_use_only_trained_words(words: Words, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        known = set(phrasings(kind, words))
        assert not [text for text in known if "  " in text or text != text.strip()]
        trained = {text for text in known if not is_held_out(text)}
        heard = {word for text in trained for word in text.split()}
        assert len(known) >= 80
        assert 0.14 < 1 - len(trained) / len(known) < 0.26
        assert {word for text in known - trained for word in text.split()} <= heard
        assert {*re.findall(r"(?<!\{)\b[A-Za-z]+\b(?!\})", " ".join(heard))} <= {*WORDS}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("last price of X?", Asked("last_value", "X")),
        ("which symbol traded last?", Asked("last_name")),
        ("last error?", Asked("last_error")),
        ("which service failed last?", Asked("error_service")),
        ("state of auth?", Asked("service_state", "auth")),
    ],
)
def test_the_canonical_phrasings_are_trained(text: str, asked: Asked) -> None:
    assert recognise(text) == asked
    template = text.rstrip("?")
    assert not is_held_out(template.replace(asked.name, "{name}") if asked.name else template)


@pytest.mark.parametrize("text", ["", "?", "is it raining?", "price"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="can answer"):
        recognise(text, MARKET)
