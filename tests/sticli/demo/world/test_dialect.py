"""However a record is written, its texts are all there and in order; JSON is JSON."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world import dialect
from sticli.demo.world.coined import coin
from sticli.demo.world.dialect import FORMS, GAPS, Dialect, Span, found_in
from sticli.demo.world.lexicon import KEYS

SEEDS = st.integers(0, 2**32)
RECORD = [("time", "10:02:11"), ("symbol", "ACME"), ("price", "131.25"), ("note", "two words")]


@given(SEEDS, st.booleans(), st.sampled_from(FORMS))
def test_every_text_is_written_and_the_name_before_its_value(
    seed: int, held_out: bool, form: str
) -> None:
    drawn = dialect.draw(random.Random(seed), held_out=held_out, forms=(form,))
    line = drawn.write(RECORD)
    assert all(text in line for _, text in RECORD)
    assert line.index("ACME") < line.index("131.25") < line.index("two words")
    assert "\n" not in line


@given(SEEDS, st.booleans())
def test_json_is_json(seed: int, held_out: bool) -> None:
    drawn = dialect.draw(random.Random(seed), held_out=held_out, forms=("json",))
    told = json.loads(drawn.write(RECORD), parse_float=str)
    assert told == {drawn.keys[role]: text for role, text in RECORD}


@given(SEEDS, st.booleans())
def test_a_header_names_the_columns(seed: int, held_out: bool) -> None:
    drawn = dialect.draw(random.Random(seed), held_out=held_out, forms=("csv",))
    columns = drawn.header(RECORD).split(drawn.gap)
    told = dict(zip(columns, drawn.write(RECORD).split(drawn.gap), strict=True))
    assert told[drawn.keys["price"]] == "131.25"
    assert told[drawn.keys["time"]] == "10:02:11"


@given(SEEDS, st.booleans())
def test_keys_of_a_feed_differ(seed: int, held_out: bool) -> None:
    keys = dialect.draw(random.Random(seed), held_out=held_out).keys
    assert len(set(keys.values())) == len(keys) == len(KEYS)


@given(SEEDS)
def test_training_never_draws_what_is_kept(seed: int) -> None:
    drawn = dialect.draw(random.Random(seed), held_out=False)
    assert drawn.gap in GAPS[drawn.form][0]
    assert drawn.time != "third"
    assert all(key in (*KEYS[role][0], *KEYS[role][1], role) for role, key in drawn.keys.items())


def test_the_plain_words_are_plain() -> None:
    assert Dialect().write(RECORD[:3]) == "10:02:11 ACME 131.25"


@given(SEEDS, st.booleans(), st.sampled_from(FORMS))
def test_spans_say_where_each_text_stands(seed: int, held_out: bool, form: str) -> None:
    rng = random.Random(seed)
    drawn = coin(rng, dialect.draw(rng, held_out=held_out, forms=(form,)))
    line, spans = drawn.write(RECORD), drawn.spans(RECORD)
    assert {span.role: line[span.start : span.stop] for span in spans} == dict(RECORD)
    assert spans == sorted(spans, key=lambda span: span.start)


def test_a_key_may_have_the_text_of_its_value() -> None:
    keyed = Dialect("keyed", keys={"time": "at", "symbol": "sym", "state": "up"})
    record = [("time", "1"), ("symbol", "s"), ("state", "up")]
    assert keyed.write(record) == "at=1 sym=s up=up"
    assert keyed.spans(record)[1:] == [Span("symbol", 9, 10), Span("state", 14, 16)]


def test_fields_are_found_in_their_order() -> None:
    assert found_in("2 1 2 x2", [("status", "2"), ("bytes", "2"), ("pid", "2")]) == [
        Span("status", 0, 1), Span("bytes", 4, 5), Span("pid", 7, 8),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="substring"):
        found_in("1 2", [("status", "2"), ("bytes", "1")])
