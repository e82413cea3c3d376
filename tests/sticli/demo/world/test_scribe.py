"""A scribe keeps fields apart, and names them once."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world.scribe import Scribe

RECORD = [("time", "10:02:11"), ("path", "/cart")]
SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.booleans())
def test_a_time_is_one_field(seed: int, held_out: bool) -> None:
    scribe = Scribe(random.Random(seed), held_out=held_out)
    assert scribe.dialect.gap != "," or "," not in scribe.tick()


@given(SEEDS, st.booleans())
def test_columns_are_named_once_and_only_in_csv(seed: int, held_out: bool) -> None:
    scribe = Scribe(random.Random(seed), held_out=held_out)
    header = scribe.header(RECORD)
    assert bool(header) == scribe.headed == (scribe.dialect.form == "csv" and scribe.dialect.headed)
    assert not scribe.header(RECORD)


@given(SEEDS, st.booleans())
def test_fields_that_change_places_are_all_written(seed: int, held_out: bool) -> None:
    scribe = Scribe(random.Random(seed), held_out=held_out)
    record = [
        ("time", scribe.tick()), ("symbol", "ACME"), ("side", "BUY"), ("price", "131.25"),
        ("size", "42"),
    ]  # fmt: skip
    for _ in range(2):
        line = scribe.write(record)
        told = {span.role: line[span.start : span.stop] for span in scribe.spans}
        assert dict(record).items() <= told.items()
        assert line.count("\n") == 0


def test_held_out_feeds_have_their_fields_in_the_order_that_they_are_told() -> None:
    record = [("time", "x"), ("symbol", "ACME"), ("price", "1.5"), ("size", "42")]
    for seed in range(200):
        assert Scribe(random.Random(seed), held_out=True)._filled(record) == record
