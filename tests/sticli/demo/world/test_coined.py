"""What training's dialects have besides the listed stays apart from what is kept, and readable."""

import json
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world import coined, dialect
from sticli.demo.world.coined import Extra, coin
from sticli.demo.world.dialect import BINDS, FORMS, GAPS, WRAPS, Dialect
from sticli.demo.world.lexicon import KEYS

SEEDS = st.integers(0, 2**32)
RECORD = [("time", "10:02:11"), ("service", "auth"), ("level", "ERROR"), ("message", "disk full")]


def _coined(seed: int, form: str) -> Dialect:
    rng = random.Random(seed)
    return coin(rng, dialect.draw(rng, held_out=False, forms=(form,)))


@given(SEEDS, st.sampled_from(FORMS))
def test_nothing_kept_is_made_up(seed: int, form: str) -> None:
    drawn = _coined(seed, form)
    assert drawn.time != "third"
    assert drawn.gap not in GAPS[form][1]
    assert drawn.bind not in BINDS.get(form, ((), ()))[1]
    assert all(drawn.wraps[role] not in kept for role, (_, kept) in WRAPS.items())
    assert all(key not in KEYS[role][2] for role, key in drawn.keys.items())


@given(SEEDS, st.sampled_from(FORMS))
def test_fields_stay_apart_and_keys_differ(seed: int, form: str) -> None:
    drawn = _coined(seed, form)
    assert drawn.gap.strip() != drawn.bind.strip() or form != "keyed" or not drawn.gap.strip()
    assert len(set(drawn.keys.values())) == len(drawn.keys) == len(KEYS)
    line = drawn.write(RECORD)
    assert all(text in line for _, text in RECORD)


@given(SEEDS, st.sampled_from(FORMS))
def test_the_extra_field_is_one_more_and_not_after_words(seed: int, form: str) -> None:
    drawn, rng = _coined(seed, form), random.Random(seed)
    made = [one for _ in range(9) if (one := coined.extra(rng, drawn))]
    for one in made:
        told = one.put(RECORD)
        assert [field for field in told if field[0] != "extra"] == RECORD
        assert len(told) == len(RECORD) + 1
        assert told[-1] == RECORD[-1]
        assert told[0] == RECORD[0]
        assert one.key not in drawn.keys.values()


def test_a_number_goes_on() -> None:
    one = Extra(random.Random(1), "seq", 9, (), "#", 41)
    ticks = [("time", "10:02:11"), ("symbol", "ACME"), ("price", "131.25")]
    assert [one.put(ticks)[-1] for _ in range(2)] == [("extra", "#42"), ("extra", "#43")]


@given(SEEDS)
def test_json_stays_json(seed: int) -> None:
    drawn, rng = _coined(seed, "json"), random.Random(seed)
    while not (one := coined.extra(rng, drawn)):
        pass
    drawn = replace(drawn, keys={**drawn.keys, "extra": one.key})
    assert json.loads(drawn.write(one.put(RECORD)))[drawn.keys["message"]] == "disk full"
