"""What the probes are asked is what a plain look at all numbers says."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.learning import vocabulary
from sticli.demo.learning.marks import EQUAL, GREATER, LESS, NOTHING, UNKNOWN, Heard, Mark
from sticli.demo.world.series import Told
from sticli.demo.world.simulate import make_feed

NUMBERS = st.integers(0, 9999).map(lambda number: f"{number / 100:.2f}")


def marks_of(heard: Heard, text: str, name: str = "ACME") -> list[Mark]:
    line = f"10:02:11 {name} {text}"
    return heard.line(line, vocabulary.line_ids(line), Told(name, text))


def test_the_first_number_of_a_name_is_beside_nothing() -> None:
    assert not marks_of(Heard(), "131.25")


def test_each_digit_is_compared_to_those_at_its_place_under_the_same_beginning() -> None:
    heard = Heard()
    for text in ("131.25", "135.10", "129.99"):
        marks_of(heard, text)
    found = {mark.at: mark.compared for mark in marks_of(heard, "131.40") if not mark.whole}
    line = vocabulary.line_ids("10:02:11 ACME 131.40")
    start = len(line) - 7  # the digits, the point and the newline
    assert vocabulary.decode(line[start:]) == "131.40\n"
    assert found == {
        start: (EQUAL, EQUAL, EQUAL, EQUAL),
        start + 1: (EQUAL, GREATER, EQUAL, GREATER),  # 129.99 came last
        start + 2: (EQUAL, UNKNOWN, LESS, EQUAL),  # of 131.25 and 135.10
        start + 4: (GREATER, UNKNOWN, GREATER, GREATER),
        start + 5: NOTHING,
    }


@given(st.lists(NUMBERS, min_size=2, max_size=8))
def test_a_whole_number_is_compared_by_its_value(texts: list[str]) -> None:
    heard = Heard()
    *earlier, last = texts
    for text in earlier:
        marks_of(heard, text)
    values, value = [Decimal(text) for text in earlier], Decimal(last)
    others = (values[0], values[-1], max(values), min(values))
    wanted = tuple((value > other) - (value < other) + 1 for other in others)
    *_, whole = marks_of(heard, last)
    assert whole == Mark(len(vocabulary.line_ids(f"10:02:11 ACME {last}")) - 1, wanted, whole=True)


@given(st.lists(NUMBERS, min_size=2, max_size=8))
def test_the_first_digit_that_differs_decides_between_numbers_of_one_length(
    texts: list[str],
) -> None:
    heard = Heard()
    padded = [text.zfill(5) for text in texts]
    for text in padded[:-1]:
        marks_of(heard, text)
    *digits, whole = marks_of(heard, padded[-1])
    for relation in range(4):
        told = [mark.compared[relation] for mark in digits]
        decided = [one for one in told if one not in (EQUAL, UNKNOWN)]
        if relation < 2:  # one number, which the digits follow until they part from it
            assert whole.compared[relation] == (decided or [EQUAL])[0]
        elif relation == 2:  # above the top: nowhere less, somewhere more
            assert (whole.compared[2] == GREATER) == (LESS not in told and GREATER in told)
        else:
            assert (whole.compared[3] == LESS) == (GREATER not in told and LESS in told)


def test_a_number_that_stands_twice_in_a_line_gets_no_digits_marked() -> None:
    heard = Heard()
    marks_of(heard, "7")
    line = "7 ACME 7"
    found = heard.line(line, vocabulary.line_ids(line), Told("ACME", "7"))
    assert [mark.whole for mark in found] == [True]


def test_what_feeds_have_told_stands_in_their_lines() -> None:
    told = 0
    for seed in range(60):
        feed = make_feed(random.Random(seed), held_out=bool(seed % 2))
        for _ in range(20):
            line = feed.line()
            if one := getattr(feed, "told", None):
                told += 1
                assert one.name in line
                assert one.text in line
    assert told > 300
