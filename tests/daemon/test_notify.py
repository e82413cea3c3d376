"""What a service manager hears."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from sticli.daemon.notify import Notify, manager
from sticli.errors import SticliError
from tests.daemon.conftest import SLOW


def listening(address: str) -> socket.socket:
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    plug.bind(address)
    plug.settimeout(SLOW)
    return plug


def test_it_is_said_by_datagram_in_the_file_system_and_out_of_it(home: Path) -> None:
    path = str(home / "n")
    with listening(path) as plug:
        Notify(path).say(READY=1, STATUS="worker ready")
        assert plug.recv(100) == b"READY=1\nSTATUS=worker ready"
    name = f"sticli-{os.getpid()}"
    with listening(f"\0{name}") as plug:
        Notify(f"@{name}").say(STOPPING=1)
        assert plug.recv(100) == b"STOPPING=1"


def test_nobody_who_listens_is_no_failure(home: Path) -> None:
    Notify(str(home / "nobody")).say(READY=1)
    assert not Notify()


def test_the_environment_is_read_once_and_cleared() -> None:
    environ = {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": f"{os.getpid()}"}
    found = manager(environ)
    assert (bool(found), found.watchdog_s, environ) == (True, 5.0, {})
    other = {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}
    assert manager(other).watchdog_s == 0.0  # a parent's
    assert not manager({"WATCHDOG_USEC": "soon"})


async def test_it_says_that_it_is_alive_only_while_what_it_checks_gets_on(home: Path) -> None:
    path = str(home / "n")
    gate = asyncio.Event()
    gate.set()
    checks = 0

    async def check() -> None:
        nonlocal checks
        checks += 1
        await gate.wait()
        if checks == 2:
            raise SticliError("storage", "the disk is full")  # which is an answer

    with listening(path) as plug:
        plug.setblocking(False)
        loop = asyncio.get_running_loop()
        alive = asyncio.create_task(Notify(path, 0.02).keep_alive(check))
        for _ in range(3):
            assert await asyncio.wait_for(loop.sock_recv(plug, 100), SLOW) == b"WATCHDOG=1"
        gate.clear()
        await asyncio.sleep(0.05)
        while True:  # what was said before it stood still
            try:
                plug.recv(100)
            except BlockingIOError:
                break
        await asyncio.sleep(0.1)
        with pytest.raises(BlockingIOError):
            plug.recv(100)
        alive.cancel()


async def test_without_a_watchdog_there_is_nothing_to_do(home: Path) -> None:
    async def check() -> None:
        raise AssertionError("nobody asked")

    await Notify(str(home / "n"), 0.0).keep_alive(check)
