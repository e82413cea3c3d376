"""How many guesses pay, as texts prove worth guessing from or not."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.worker.lookup import LONGEST, SHORTEST
from sticli.daemon.worker.pace import FORCED, RETRY, Pace

LENGTHS = st.integers(SHORTEST, FORCED)


@given(LENGTHS, st.integers(0, 16), st.floats(0, 2))
def test_never_more_than_the_most(length: int, most: int, price: float) -> None:
    assert 0 <= Pace().worth(length, most, price) <= most


def test_longer_matches_are_trusted_more() -> None:
    found = [Pace().worth(length, 16, 0.2) for length in (SHORTEST, 4, LONGEST, FORCED)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_right_guesses_make_more_of_them() -> None:
    pace = Pace()
    before = pace.worth(3, 16, 0.2)
    for _ in range(10):
        pace.observe(3, 4, 4)
    assert pace.worth(3, 16, 0.2) > before


@given(LENGTHS, st.integers(1, 8))
def test_wrong_guesses_end_them_but_for_rare_retries(length: int, drafted: int) -> None:
    pace = Pace()
    for _ in range(40):
        pace.observe(length, drafted, 0)
    found = [pace.worth(length, 16, 0.1) for _ in range(2 * RETRY + 2)]
    assert (sum(found), max(found)) == (2, 1)


def test_what_was_useless_is_found_useful_again() -> None:
    pace = Pace()
    for _ in range(40):
        pace.observe(4, 2, 0)
    passes = 0
    while (count := pace.worth(4, 16, 0.2)) < 4:
        passes += 1
        if count:
            pace.observe(4, count, count)
    assert passes < RETRY + 40


def test_cheap_guesses_are_made_and_dear_ones_none() -> None:
    assert Pace().worth(LONGEST, 16, 0.0) > 8
    assert Pace().worth(4, 16, 1.0) == 0
