"""The wire to a worker: what is heard, when it ends, and how much is sent ahead."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from sticli.daemon.frames import read_frames
from sticli.daemon.messages import (
    AddFlash,
    Outbound,
    Piece,
    Stop,
    Stopped,
    decode_inbound,
    frame,
)
from sticli.daemon.wire import Wire
from tests.daemon.conftest import SLOW


class Line:
    """A wire, the worker's socket, and what was heard."""

    def __init__(self) -> None:
        self.heard: list[Outbound] = []
        self.wire = Wire(self.hear)
        ours, self.worker = socket.socketpair()
        self.opening = self.wire.open(ours)

    def hear(self, message: Outbound) -> None:
        if isinstance(message, Stopped):
            raise LookupError("nobody knows why")
        self.heard.append(message)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    one = Line()
    await one.opening
    yield one
    one.wire.close()
    one.worker.close()


async def test_all_is_heard_until_the_worker_is_gone(line: Line) -> None:
    said = [Piece(n, "x" * n) for n in range(5)]
    data = b"".join(map(frame, said))
    line.worker.sendall(data[:50])
    await asyncio.sleep(0)
    line.worker.sendall(data[50:])
    line.worker.close()
    await asyncio.wait_for(line.wire.end(), SLOW)
    assert line.heard == said
    line.wire.send(Stop())  # nothing happens


async def test_who_fails_to_hear_ends_the_wire(line: Line) -> None:
    line.worker.sendall(frame(Stopped()) + frame(Piece(1, "too late")))
    with pytest.raises(LookupError):
        await asyncio.wait_for(line.wire.end(), SLOW)
    assert not line.heard


async def test_a_closed_wire_hears_no_more(line: Line) -> None:
    line.wire.close()
    line.worker.sendall(frame(Piece(1, "too late")))
    await asyncio.wait_for(line.wire.end(), SLOW)
    await asyncio.sleep(0.01)
    assert not line.heard


async def test_the_front_waits_for_a_worker_that_does_not_read(line: Line) -> None:
    long = AddFlash("s", "q", "x" * (1 << 20), 1, 0)
    line.wire.send(long)
    waiting = asyncio.create_task(line.wire.drain())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    body = await asyncio.to_thread(lambda: next(read_frames(line.worker)))
    assert decode_inbound(body) == long
    await asyncio.wait_for(waiting, SLOW)
