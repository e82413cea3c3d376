"""The dashboard from outside: as a process on a terminal, and as a picture."""

import os
import pty
import re
import select
import signal
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sticli.errors import SticliError
from sticli.tui.app import picture
from sticli.watch.news import Lost, News
from tests.sticli.conftest import start
from tests.sticli.scripted import Script
from tests.sticli.tui.said import NOON, Said
from tests.sticli.tui.world import news

BEGUN, RESTORED = b"\x1b[?1049h", b"\x1b[?1049l"  # another screen is taken, and given back


@dataclass
class Again(Said):
    """Says the same at every look."""

    always: list[News] = field(default_factory=list)

    def take(self) -> list[News]:
        return list(self.always)


def test_a_picture_holds_all_and_fetches_nothing(tmp_path: Path) -> None:
    file = tmp_path / "watch.svg"
    picture(Again(always=news()), (100, 30), file, "ticks")
    text = file.read_text("utf-8")
    words = "".join(ElementTree.fromstring(text).itertext()).replace("\xa0", " ")
    for word in ("sticli watch", "archive", "132.40", "12:00:11 ACME 132.75"):
        assert word in words
    assert not re.findall(r"font-face|@import|https|href|url\((?!#)", text)


def test_a_picture_of_no_daemon_is_an_error(tmp_path: Path) -> None:
    gone = SticliError("unreachable", "no daemon answers", "start it")
    with pytest.raises(SticliError) as error:
        picture(Again(always=[Lost(NOON, gone)]), (80, 24), tmp_path / "none.svg")
    assert error.value is gone
    assert list(tmp_path.iterdir()) == []


def test_a_signal_ends_it_and_gives_the_terminal_back(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.sessions = {"ticks": ["one"]}
    master, slave = pty.openpty()
    monkeypatch.setenv("TERM", "xterm-256color")
    process = start("watch", stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = read_until(master, b"ticks")
    assert BEGUN in seen
    process.send_signal(signal.SIGTERM)
    rest = read_until(master, RESTORED)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert b"Traceback" not in rest
    os.close(master)


def read_until(terminal: int, word: bytes) -> bytes:
    """What comes, up to and with this word."""
    found = b""
    while word not in found:
        select.select([terminal], [], [])
        found += os.read(terminal, 1 << 16)
    return found
