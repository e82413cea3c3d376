"""What is written goes out in as few pieces as possible, and nothing is lost; whose it is."""

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sticli.daemon.http.peer import MAX_HEAD, Joined, _uid, is_ours
from sticli.exchange import peer_uid
from tests.daemon.conftest import SLOW, Daemon


class Transport:
    """Notes what happens to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def write(self, data: bytes) -> None:
        assert not self.is_closing()  # as uvloop's transports mind
        self.done.append(data)

    def close(self) -> None:
        self.done.append("close")

    def is_closing(self) -> bool:
        return "close" in self.done


async def test_head_and_body_go_out_as_one() -> None:
    transport = Transport()
    joined = Joined(transport)  # type: ignore[arg-type]
    joined.write(b"head")
    assert not transport.done
    joined.write(b"body")
    assert transport.done == [b"headbody"]
    await asyncio.sleep(0)
    assert transport.done == [b"headbody"]


async def test_what_stands_alone_does_not_wait_for_more() -> None:
    transport = Transport()
    joined = Joined(transport)  # type: ignore[arg-type]
    joined.write(b"a piece")
    await asyncio.sleep(0)
    assert transport.done == [b"a piece"]
    joined.write(b"the last one")
    joined.close()
    await asyncio.sleep(0)
    assert transport.done == [b"a piece", b"the last one", "close"]
    assert joined.is_closing()


async def test_what_nobody_reads_any_more_is_forgotten() -> None:
    transport = Transport()
    joined = Joined(transport)  # type: ignore[arg-type]
    joined.write(b"head")
    transport.close()
    joined.write(b"body")
    await asyncio.sleep(0)
    assert transport.done == ["close"]


async def test_what_is_held_when_the_reader_leaves_is_forgotten() -> None:
    transport = Transport()
    joined = Joined(transport)  # type: ignore[arg-type]
    joined.write(b"a piece")
    transport.close()
    joined.close()
    await asyncio.sleep(0)
    assert b"a piece" not in transport.done


async def test_a_head_without_end_is_refused(daemon: Daemon) -> None:
    reader, writer = await asyncio.open_unix_connection(str(daemon.http.path))
    reply = asyncio.create_task(reader.readline())
    writer.write(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n")
    async with asyncio.timeout(SLOW):
        while not reply.done():  # a busy daemon reads several pieces at once
            await asyncio.wait([reply], timeout=0.05)
            writer.write(b"x-1: " + b"y" * (MAX_HEAD // 2) + b"\r\n")
    assert b" 400 " in await reply
    writer.close()


async def test_a_large_head_that_ends_is_served_and_so_is_the_next(daemon: Daemon) -> None:
    reader, writer = await asyncio.open_unix_connection(str(daemon.http.path))
    for _ in range(3):
        writer.write(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"x-1: " + b"y" * (MAX_HEAD // 2) + b"\r\n\r\n")
        async with asyncio.timeout(SLOW):
            assert b" 200 " in await reader.readline()
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().splitlines() if b"content-length" in line)
            await reader.readexactly(int(length.split()[1]))
    writer.close()


@contextlib.contextmanager
def no_descriptors() -> Iterator[None]:
    """No file can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.open("/", os.O_RDONLY)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_only_the_same_user_is_ours() -> None:
    one, other = socket.socketpair()
    transport: Any = SimpleNamespace(get_extra_info=lambda name: one)
    with one, other:
        assert peer_uid(one) == os.geteuid()
        with no_descriptors():
            assert _uid(transport) == os.geteuid()
        assert one.fileno() >= 0  # it is the transport's, and stays open
    assert is_ours(os.geteuid())
    assert not is_ours(os.geteuid() + 1)
