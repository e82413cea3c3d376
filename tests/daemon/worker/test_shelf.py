"""Saved cells in host RAM."""

from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.shelf import Saved, Shelf
from sticli.daemon.worker.snapshot import Header
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.transcript import Transcript
from tests.fakes import FakeVocabulary


def session(name: str, touched: float, *, pinned: bool = False) -> Session:
    frame = Frame((1,), "", "", (), one_line=False)
    transcript = Transcript(frame.prefix, FakeVocabulary().encode)
    return Session(name, "u", 64, None, frame, transcript, 0, touched=touched, pinned=pinned)


def saved(size: int) -> Saved:
    return Saved(Header("m", "fake", {}, 0, [1, 2], [], []), bytes(size))


def test_counts_its_bytes_whatever_comes_and_goes() -> None:
    shelf = Shelf(100)
    a, b = session("a", 1), session("b", 2)
    shelf.put(a, saved(40))
    shelf.put(b, saved(60))
    assert (shelf.bytes, shelf.fits(saved(1))) == (100, False)
    shelf.put(a, saved(10))
    assert (shelf.bytes, shelf.fits(saved(30))) == (70, True)
    shelf.drop(b)
    shelf.drop(b)
    assert (shelf.bytes, shelf.get(b)) == (10, None)
    found = shelf.get(a)
    assert found is not None
    assert (found.tokens, len(found.payload)) == (2, 10)


def test_the_least_recently_used_goes_first_and_pinned_ones_last() -> None:
    shelf = Shelf(100)
    assert shelf.oldest() is None
    a, b, c = session("a", 1, pinned=True), session("b", 3), session("c", 2)
    for item in (a, b, c):
        shelf.put(item, saved(10))
        assert shelf.oldest() is not None
    order = []
    while (oldest := shelf.oldest()) is not None:
        order.append(oldest.name)
        shelf.drop(oldest)
    assert order == ["c", "b", "a"]
