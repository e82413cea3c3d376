"""The client against a daemon of the wire only: replies, streams, errors, lost connections."""

import os
import socket
import threading
from pathlib import Path

import pytest

from sticli.client import Client, sse
from sticli.errors import SticliError
from sticli.protocol import Append, Ask, NewFlash, NewSession
from tests.sticli.scripted import Script


@pytest.fixture
def client(home: Path, script: Script) -> Client:
    client = Client(home / "run" / "sticli.sock", 30.0)
    client.new(NewSession("s"))
    return client


def test_sessions_lines_and_questions(client: Client) -> None:
    assert client.append("s", Append(["a", "é\0"], "p", 0)).accepted_seq == 2
    assert [line.text for line in client.lines("s")] == ["a", "é\0"]
    assert [session.name for session in client.sessions()] == ["s"]
    assert client.add_flash("s", NewFlash("?", "k")).id == "k"
    assert client.flashes("s")[0].id == client.flash("s", "k").id == "k"
    client.remove_flash("s", "k")
    assert client.ask("s", Ask("?")).answer == "131.25"
    client.remove("s")
    assert client.sessions() == []
    client.close()


def test_streamed_answers(client: Client) -> None:
    for _ in range(2):
        kinds = [kind for kind, _ in client.ask_stream("s", Ask("?", stream=True))]
        assert kinds == ["piece", "piece", "answer"]
    client.close()


def test_a_streamed_answer_that_is_read_whole_leaves_the_connection(client: Client) -> None:
    client.version()
    connection = client._connection
    list(client.ask_stream("s", Ask("?", stream=True)))
    assert client._connection is connection
    assert client.version().protocol
    next(client.ask_stream("s", Ask("?", stream=True)))  # what is left would be the next reply
    assert client.version().protocol
    client.close()


def test_an_error_body_is_raised_and_the_connection_goes_on(client: Client) -> None:
    with pytest.raises(SticliError) as caught:
        client.session("nobody")
    assert (caught.value.code, caught.value.hint) == ("not_found", "a hint")
    assert client.session("s").name == "s"
    client.close()


def test_a_dropped_idle_connection_is_opened_again(script: Script, client: Client) -> None:
    script.lose_replies = 1
    batch = Append(["a"], "p", 0)
    client.version()  # the connection is in use before it is lost
    assert client.append("s", batch).lines == 1
    client.close()


def test_text_that_is_no_utf8_is_refused_and_sent_nowhere(client: Client) -> None:
    with pytest.raises(SticliError, match="no UTF-8") as caught:
        client.new(NewSession("a\udcff"))
    assert caught.value.code == "bad_request"
    with pytest.raises(SticliError, match="no session"):
        client.session("a\udcff")
    client.close()


def test_no_socket_is_unreachable(home: Path) -> None:
    with pytest.raises(SticliError) as caught:
        Client(home / "nothing.sock").version()
    assert caught.value.exit_code == 4


def answering(path: Path, reply: bytes) -> threading.Thread:
    """A listener that answers one connection with these bytes and hangs up."""
    plug = socket.socket(socket.AF_UNIX)
    plug.bind(str(path))
    plug.listen()

    def work() -> None:
        with plug, plug.accept()[0] as connection:
            connection.recv(1 << 16)
            connection.sendall(reply)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"", "unreachable"),
        (b"SSH-2.0-OpenSSH\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{}", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "version_mismatch"),
        (b"HTTP/1.1 200 OK\r\n\r\nnot json", "version_mismatch"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops", "internal"),
    ],
)
def test_broken_replies_are_errors_of_one_kind(home: Path, reply: bytes, code: str) -> None:
    thread = answering(home / "x.sock", reply)
    client = Client(home / "x.sock", 30.0)
    with pytest.raises(SticliError) as caught:
        client.version()
    client.close()
    thread.join()
    assert caught.value.code == code


def test_a_silent_daemon_is_a_timeout(home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(home / "x.sock"))
        plug.listen()
        with pytest.raises(SticliError) as caught:
            Client(home / "x.sock", 0.05).version()
    assert caught.value.exit_code == 124


def test_a_stranger_at_the_socket_is_told_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(home / "x.sock"))
        plug.listen()
        monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)  # we are somebody else
        with pytest.raises(SticliError) as caught:
            Client(home / "x.sock", 30.0).version()
        with plug.accept()[0] as connection:
            heard.append(connection.recv(1))
    assert (caught.value.exit_code, heard) == (7, [b""])


def test_server_sent_events() -> None:
    lines = [b": hello", b"id: 4", b"event: a", b"data: 1", b"data: 2", b"", b"", b"data: 3", b""]
    assert list(sse(iter(lines))) == [("a", b"1\n2"), ("message", b"3")]
