"""A batch is sent until it is stored, or the input has ended and patience as well."""

from typing import Any

import pytest

from sticli.errors import SticliError
from sticli.feeds import sender
from sticli.feeds.sender import Sender, Target
from sticli.feeds.spool import Spool
from sticli.protocol import Accepted, Append


class Daemon:
    """A client of a daemon that first refuses so often."""

    def __init__(self, code: str, refusals: int) -> None:
        self.code, self.refusals = code, refusals
        self.stored: list[str] = []

    def append(self, session: str, batch: Append) -> Accepted:
        if self.refusals:
            self.refusals -= 1
            raise SticliError(self.code, "the disk is full")
        self.stored += batch.lines
        return Accepted(3, len(self.stored), 1, 1, 0)

    def close(self) -> None: ...


def send(daemon: Any, notes: list[str]) -> Sender:
    """All of three lines."""
    spool = Spool()
    spool.put(["a", "b", "c"], 6)
    spool.close()
    one = Sender(Target("s", "p", lambda: daemon, notes.append, reconnect=True), daemon, spool)
    one.run(lambda: None)
    return one


@pytest.mark.parametrize("code", sorted(sender.PASSING))
def test_what_passes_is_waited_for_and_told(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "FIRST", 0.001)
    daemon, notes = Daemon(code, 3), list[str]()
    one = send(daemon, notes)
    assert (one.error, one.lines, daemon.stored) == (None, 3, ["a", "b", "c"])
    assert notes == [
        "the disk is full; the lines are kept and sent again",
        "the daemon takes lines again; nothing was lost",
    ]


def test_what_does_not_pass_ends_it_at_once_and_a_full_disk_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "FIRST", 0.001)
    monkeypatch.setattr(sender, "GRACE", 0.05)
    for code, tries in (("not_found", 1), ("storage", 3)):
        daemon = Daemon(code, 10**9)
        one = send(daemon, [])
        assert one.error is not None
        assert (one.error.code, one.lines) == (code, 0)
        assert 10**9 - daemon.refusals >= tries
