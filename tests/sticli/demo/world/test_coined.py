"""What training's dialects have besides the listed stays apart from what is kept, and readable."""

import json
import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world import coined, dialect
from sticli.demo.world.coined import coin
from sticli.demo.world.dialect import BINDS, FORMS, GAPS, WRAPS, Dialect
from sticli.demo.world.lexicon import KEYS

SEEDS = st.integers(0, 2**32)
RECORD = [("time", "10:02:11"), ("service", "auth"), ("level", "ERROR"), ("message", "disk full")]


@pytest.fixture(autouse=True)
def always() -> None:
    """Every part of every dialect is made up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coined, "SHARE", 1.0)
        patch.setattr(coined, "TIMED", 1.0)
        yield


def made(rng: random.Random, form: str) -> Dialect:
    return coin(rng, dialect.draw(rng, held_out=False, forms=(form,)))


@pytest.mark.parametrize("form", FORMS)
def test_nothing_kept_is_made_up(form: str) -> None:
    rng = random.Random(form)
    marks = {kept.strip() for kept in GAPS[form][1]} - {""}
    binds = {kept.strip() for kept in BINDS.get(form, ((), ()))[1]}
    for _ in range(1500):
        drawn = made(rng, form)
        assert drawn.time != "third"
        assert not any(gap in drawn.gap for gap in GAPS[form][1] if not gap.strip())
        assert not any(gap in drawn.gap for gap in GAPS[form][1] if form == "json")
        assert not any(bind in drawn.bind for bind in BINDS["json"][1] if form == "json")
        assert form == "json" or drawn.gap.strip() not in marks
        assert form != "keyed" or drawn.bind.strip() not in binds
        for role, (_, kept) in WRAPS.items():
            assert (
                not drawn.wraps[role].format("x").startswith(tuple(one.format("x") for one in kept))
            )
        assert all(key not in KEYS[role][2] for role, key in drawn.keys.items())


@given(SEEDS)
def test_fields_and_what_they_are_called_stay_apart(seed: int) -> None:
    drawn = made(random.Random(seed), "keyed")
    assert drawn.gap.strip() != drawn.bind.strip()
    assert not {drawn.gap, drawn.bind} & {*coined.INNER}  # times and paths have them inside
    assert len(set(drawn.keys.values())) == len(drawn.keys) == len(KEYS)


@given(SEEDS)
def test_json_stays_json(seed: int) -> None:
    line = made(random.Random(seed), "json").write(RECORD)
    assert sorted(json.loads(line).values()) == sorted(text for _, text in RECORD)


@given(SEEDS, st.sampled_from(FORMS))
def test_every_text_is_written(seed: int, form: str) -> None:
    line = made(random.Random(seed), form).write(RECORD)
    assert all(text in line for _, text in RECORD)
    assert "\n" not in line
    assert "\0" not in line


def test_fields_that_are_named_come_in_any_order_but_that_kept() -> None:
    rng, kept = random.Random(7), coined.KEPT_ORDER
    drawn = [coined.ranks(rng) for _ in range(600)]
    found = {tuple(sorted(kept, key=one.__getitem__)) for one in drawn if one}
    assert found == {*permutations(kept)} - {kept}
    assert not all(drawn)
