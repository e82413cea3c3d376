"""The index of a session's tokens against a search that looks everywhere."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.worker.lookup import LONGEST, NONE, SHORTEST, Lookup, Match

TOKENS = st.lists(st.integers(0, 3), max_size=14)


def search(tokens: list[int], text: list[int]) -> Match:
    """The longest match of the end of `text`, the newest of equals, found the slow way."""
    best = NONE
    for at in reversed(range(len(tokens) - 1)):
        length = 0
        while length < min(LONGEST, len(text), at + 1):
            if tokens[at - length] != text[-1 - length]:
                break
            length += 1
        if length >= SHORTEST and length > best.length:
            best = Match(length, at + 1)
    return best


@given(TOKENS, TOKENS)
def test_finds_what_a_search_finds(tokens: list[int], text: list[int]) -> None:
    lookup = Lookup(tokens, len(tokens))
    lookup.read(99)
    assert lookup.find(text) == search(tokens, text)


@given(st.lists(TOKENS, max_size=4), st.integers(1, 5))
def test_grows_with_its_tokens(parts: list[list[int]], most: int) -> None:
    tokens = array("i")
    lookup = Lookup(tokens, 1)
    for part in parts:
        tokens.extend(part)
        for _ in range(len(part)):
            lookup.read(most)
        assert lookup.of(tokens)
        assert lookup.find(tokens) == search(tokens.tolist(), tokens.tolist())


def test_unread_tokens_are_not_found_yet() -> None:
    tokens = [1, 2, 3] * 4
    lookup = Lookup(tokens, len(tokens))
    assert lookup.find([1, 2]) == NONE
    lookup.read(5)
    assert lookup.find([1, 2]) == Match(2, 5)
    lookup.read(99)
    assert lookup.find([1, 2]) == Match(2, 11)


@given(st.lists(st.integers(0, 150_000), min_size=2, max_size=300))
def test_large_vocabularies_collide_without_harm(tokens: list[int]) -> None:
    lookup = Lookup(tokens, 1)  # the smallest table there is
    lookup.read(len(tokens))
    found = lookup.find(tokens[:-1])
    assert (
        found.length == 0
        or tokens[found.after - found.length : found.after] == (tokens[:-1][-found.length :])
    )


def test_common_pairs_cost_a_bounded_search() -> None:
    tokens = [7] * 5000
    lookup = Lookup(tokens, len(tokens))
    lookup.read(len(tokens))
    assert lookup.find([7, 7]) == Match(2, 4999)
    assert lookup.find([1, 7, 7]).length == 2


def test_knows_tokens_that_were_replaced() -> None:
    tokens = array("i", [1, 2, 3])
    lookup = Lookup(tokens, 3)
    lookup.read(3)
    assert lookup.of(tokens)
    assert not lookup.of(tokens[:])
    del tokens[1:]
    assert not lookup.of(tokens)
