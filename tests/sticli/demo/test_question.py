"""Phrasings: each is recognised as what it asks, and the held-out ones are not trained."""

import pytest

from sticli.demo.question import HELD_OUT, TRAINED, phrasings, recognise


@pytest.mark.parametrize("kind", TRAINED)
@pytest.mark.parametrize("held_out", [False, True])
def test_every_phrasing_is_recognised(kind: str, held_out: bool) -> None:
    for phrasing in phrasings(kind, held_out=held_out):
        name = "ACME" if "{name}" in phrasing else ""
        assert recognise(phrasing.format(name=name)) == (kind, name)


def test_no_held_out_phrasing_is_trained() -> None:
    trained = {text for known in TRAINED.values() for text in known}
    assert not trained & {text for known in HELD_OUT.values() for text in known}


def test_held_out_phrasings_use_only_trained_words() -> None:
    def words(table: dict[str, tuple[str, ...]]) -> set[str]:
        return {word for known in table.values() for text in known for word in text.split()}

    assert words(HELD_OUT) - words(TRAINED) <= {"latest?"}


@pytest.mark.parametrize(
    "text",
    ["last price of X?", "which symbol traded last?", "last error?", "state of auth?"],
)
def test_the_canonical_phrasings_are_trained(text: str) -> None:
    kind, name = recognise(text)
    assert text.replace(name, "{name}") if name else text in TRAINED[kind]
