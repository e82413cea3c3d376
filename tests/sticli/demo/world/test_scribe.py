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
