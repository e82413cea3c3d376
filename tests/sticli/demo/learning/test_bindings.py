"""Which name a token belongs to: that of its line, or of its question."""

import random

import pytest

from sticli.demo.learning import bindings, vocabulary
from sticli.demo.learning.packing import make_batch
from sticli.demo.learning.roles import ROLES
from sticli.demo.world.question import Question

TIME, NAME, VALUE, SIZE = (ROLES.index(one) for one in ("time", "name", "value", "size"))


def test_every_field_after_the_name_belongs_to_it() -> None:
    parts = [TIME, 0, NAME, NAME, 0, VALUE, VALUE, 0, SIZE, 0, TIME]
    for seed in range(9):
        (value, *names), size, time = bindings.in_line(parts, random.Random(seed))
        assert value in (5, 6)
        assert (names, size, time) == ([[2, 3]], (8, [2, 3]), (10, [2, 3]))


@pytest.mark.parametrize("parts", [[], [0, 0], [VALUE, 0], [VALUE, 0, NAME], [TIME, NAME]])
def test_nothing_belongs_to_no_name_or_one_that_comes_later(parts: list[int]) -> None:
    assert bindings.in_line(parts, random.Random(1)) == []


@pytest.mark.parametrize(
    ("kind", "text", "named"),
    [
        ("last_value", "last price of ACME?", "ACME"),
        ("unknown_last_value", "last price of ACME?", "ACME"),
        ("is_up", "has ACME gone up?", "ACME"),
        ("has_failed", "has fai failed?", "fai"),
        ("last_name", "which symbol came last?", ""),
        ("mine", "what is ACME?", ""),
    ],
)
def test_an_answer_belongs_to_the_name_in_its_question(kind: str, text: str, named: str) -> None:
    tail = vocabulary.tail_ids(text)
    bound = bindings.in_answer(Question(kind, text, "1.5"), tail, 3)
    assert [at for at, _ in bound] == ([len(tail) - 1 + step for step in range(3)] if named else [])
    for _, name in bound:
        assert vocabulary.decode([tail[at] for at in name]).strip() == named


@pytest.mark.parametrize("held_out", [False, True])
def test_in_a_batch_the_names_stand_before_what_belongs_to_them(held_out: bool) -> None:
    batch = make_batch(random.Random(6), 4, 256, 256, held_out=held_out)
    rows, places, feed = batch.bound.rows, batch.bound.places, batch.layout.feed
    assert bool((rows[:, 0].diff() >= 0).all())  # sorted by feed, as the attention is worked out
    asked = 0
    for (index, at), name in zip(rows.tolist(), places.tolist(), strict=True):
        tokens = [one for one in name if one >= 0]
        assert max(tokens) < at
        assert (min(tokens) >= feed) == (at >= feed)
        spelled = vocabulary.decode([int(batch.ids[index, one]) for one in tokens]).strip()
        assert spelled
        assert " " not in spelled
        asked += at >= feed
    assert 20 < asked < len(rows) - 20
