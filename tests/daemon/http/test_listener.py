"""Sockets that a service manager made."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sticli.daemon import lock
from sticli.daemon.http import listener
from sticli.errors import SticliError
from tests.daemon.conftest import SLOW


@pytest.fixture
def plug(home: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.bind(str(home / "s.sock"))
        plug.listen()
        yield plug


def environ(**more: str) -> dict[str, str]:
    return {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"} | more


def hand(monkeypatch: pytest.MonkeyPatch, plug: socket.socket) -> None:
    monkeypatch.setattr(listener, "HANDED", os.dup(plug.fileno()))


def test_the_socket_of_our_path_is_taken_and_no_child_hears_of_it(
    home: Path, plug: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand(monkeypatch, plug)
    found = environ(OTHER="stays")
    with listener.handed(found, home / "s.sock") as taken:  # type: ignore[union-attr]
        assert not taken.get_inheritable()
        assert not taken.getblocking()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(home / "s.sock"))
            taken.settimeout(SLOW)
            taken.accept()[0].close()
    assert found == {"OTHER": "stays"}


@pytest.mark.parametrize("found", [{}, environ(LISTEN_PID="1"), environ(LISTEN_FDS="")])
def test_what_is_for_another_process_is_left_alone(home: Path, found: dict[str, str]) -> None:
    assert listener.handed(found, home / "s.sock") is None
    assert found == {}


def test_anything_else_is_refused_with_the_reason(
    home: Path, plug: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, **more: str) -> str:
        with pytest.raises(SticliError) as caught:
            listener.handed(environ(**more), path)
        assert caught.value.hint
        return caught.value.message

    assert "2 sockets" in refused(home / "s.sock", LISTEN_FDS="2")
    hand(monkeypatch, plug)
    assert f"clients look for {home}/other" in refused(home / "other")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as web:
        hand(monkeypatch, web)
        assert "no Unix stream socket" in refused(home / "s.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(home / "deaf"))
        hand(monkeypatch, deaf)
        assert "does not listen" in refused(home / "deaf")
    with open(os.devnull) as file:
        monkeypatch.setattr(listener, "HANDED", os.dup(file.fileno()))
        assert "no socket" in refused(home / "s.sock")


def test_a_socket_that_somebody_listens_on_is_not_replaced(home: Path, plug: socket.socket) -> None:
    with pytest.raises(SticliError) as caught:
        listener.bind(home / "s.sock")
    assert caught.value.code == "exists"
    assert (home / "s.sock").is_socket()


def test_the_end_of_any_holder_is_waited_for_where_a_manager_listens(
    home: Path, plug: socket.socket
) -> None:
    held = lock.acquire(home / "lock", home / "s.sock")
    assert held is not None
    assert (home / "lock").read_text() == f"{os.getpid()}\n{home}/s.sock\n"
    assert lock.acquire(home / "lock", home / "s.sock", 0.1, alone=False) is None
    os.close(held)
    again = lock.acquire(home / "lock", home / "s.sock", 0.1, alone=False)
    assert again is not None
    os.close(again)


def test_a_file_in_the_sockets_place_is_not_removed(home: Path) -> None:
    path = home / "file"
    path.write_text("precious")
    with pytest.raises(SticliError, match="not a socket"):
        listener.bind(path)
    assert path.read_text() == "precious"
