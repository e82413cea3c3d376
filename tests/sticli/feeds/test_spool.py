"""The spool keeps order, joins small pieces, holds back a fast reader and counts what is unsafe."""

import threading

from sticli.feeds.spool import BATCH, Spool


def test_small_pieces_are_joined_and_large_ones_are_not() -> None:
    spool = Spool()
    for piece in ("a", "b"):
        spool.put([piece], 10)
    spool.put(["c"], BATCH)
    assert spool.take() == (["a", "b"], 20, "")
    assert spool.take() == (["c"], BATCH, "")


def test_joined_pieces_go_on_where_the_last_one_ends() -> None:
    spool = Spool()
    for place in ("1", "2"):
        spool.put([], 0, place)
    spool.put(["a"], BATCH, "3")
    assert spool.take() == (["a"], BATCH, "3")


def test_closed_and_empty_is_the_end() -> None:
    spool = Spool()
    spool.put(["a"], 1)
    spool.close()
    assert spool.take() == (["a"], 1, "")
    assert spool.take() is None


def test_lines_count_until_they_are_safe() -> None:
    spool = Spool()
    spool.put(["a", "b"], 4)
    spool.take()
    assert (spool.count, spool.size) == (2, 4)
    spool.done(2, 4)
    assert (spool.count, spool.size) == (0, 0)


def test_a_full_spool_holds_the_reader_until_there_is_room() -> None:
    spool = Spool(limit=10)
    spool.put(["a"], 10)
    reader = threading.Thread(target=spool.put, args=(["b"], 10))
    reader.start()
    reader.join(0.05)
    assert reader.is_alive()
    assert spool.count == 1
    spool.take()
    spool.done(1, 10)
    reader.join(60)
    assert spool.take() == (["b"], 10, "")


def test_lifting_the_limit_frees_the_reader() -> None:
    spool = Spool(limit=10)
    spool.put(["a"], 10)
    reader = threading.Thread(target=spool.put, args=(["b"], 10))
    reader.start()
    spool.lift()
    reader.join(60)
    assert spool.count == 2
