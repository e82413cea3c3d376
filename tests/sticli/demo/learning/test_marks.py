"""What the probes are asked is what a plain look at all numbers says."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.learning import vocabulary
from sticli.demo.learning.marks import EQUAL, GREATER, LESS, UNKNOWN, Heard, Mark
from sticli.demo.world.series import Told
from sticli.demo.world.simulate import make_feed

NUMBERS = st.integers(-3000, 30000).map(lambda number: f"{number / 100:.2f}")


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
def test_the_first_digit_that_differs_is_right_about_the_whole(texts: list[str]) -> None:
    heard = Heard()
    for text in texts[:-1]:
        marks_of(heard, text)
    *digits, whole = marks_of(heard, texts[-1])
    for relation in range(4):
        told = [mark.compared[relation] for mark in digits]
        decided = [one for one in told if one not in (EQUAL, UNKNOWN)]
        if relation < 2:  # one number, which the digits follow until they part from it
            assert not decided or whole.compared[relation] == decided[0]
        elif relation == 2:  # a digit less than another: there is a greater number
            assert LESS not in told or whole.compared[2] == LESS
        else:
            assert GREATER not in told or whole.compared[3] == GREATER


@given(st.lists(st.integers(100, 999), min_size=2, max_size=8), st.booleans())
def test_digits_tell_all_about_numbers_of_one_length_and_sign(
    numbers: list[int], negative: bool
) -> None:
    heard, sign = Heard(), "-" if negative else ""
    for number in numbers[:-1]:
        marks_of(heard, f"{sign}{number}")
    *digits, whole = marks_of(heard, f"{sign}{numbers[-1]}")
    told = [[mark.compared[relation] for mark in digits] for relation in range(4)]
    for relation in range(2):
        decided = [one for one in told[relation] if one not in (EQUAL, UNKNOWN)]
        assert whole.compared[relation] == (decided or [EQUAL])[0]
    assert (whole.compared[2] == GREATER) == (LESS not in told[2] and GREATER in told[2])
    assert (whole.compared[3] == LESS) == (GREATER not in told[3] and LESS in told[3])


def test_numbers_of_other_lengths_say_nothing_of_each_others_digits() -> None:
    heard = Heard()
    marks_of(heard, "99.50")
    (whole,) = marks_of(heard, "100.20")
    assert whole.compared == (GREATER,) * 4


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
