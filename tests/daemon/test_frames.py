"""Frames survive whatever way the socket cuts them."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon.frames import FRAME_LIMIT, HEADER, Frames, pack, read_frames


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 60))
def test_any_pieces_give_the_same_bodies(bodies: list[bytes], size: int) -> None:
    data = b"".join(map(pack, bodies))
    frames = Frames()
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    assert [body for chunk in chunks for body in frames.take(chunk)] == bodies


def test_a_body_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        list(Frames().take(HEADER.pack(FRAME_LIMIT + 1)))


def test_a_socket_is_read_until_the_peer_is_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(pack(b"one") + pack(b"") + pack(b"cut short")[:-1])
        theirs.shutdown(socket.SHUT_WR)
        assert list(read_frames(ours)) == [b"one", b""]
