"""A log that is rotated while it is followed, and `kill -9` of who follows, of the front, of both:
every line of it once, in order.
"""

import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from sticli import paths
from sticli.client import Client
from sticli.errors import SticliError
from tests.e2e.conftest import SLOW, Person, wait_for
from tests.sticli.feeds.rig import Log
from tests.tiny import write_model

VICTIMS = ("append", "front", "both")


class Writer(threading.Thread):
    """Writes lines, some of them in two goes, and renames the log now and then."""

    def __init__(self, log: Log, seed: int) -> None:
        super().__init__()
        self.stop = threading.Event()
        self._log = log
        self._chance = random.Random(seed)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            for _ in range(self._chance.randint(1, 40)):
                self._log.write(b"line %d of the log\n" % number)
                number += 1
            self._log.write(b"half")
            self.stop.wait(self._chance.uniform(0.0, 0.05))
            if self._chance.random() < 0.04:
                self._log.rename(create=self._chance.random() < 0.5)
            else:
                self._log.write(b" and half\n")


class Following:
    """A follow that is killed and started again, as a service would be."""

    def __init__(self, person: Person, log: Log) -> None:
        self._person = person
        self._log = log
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        words = ("append", "s", "--follow", str(self._log.path), "--quiet")
        return self._person.start(*words, stderr=subprocess.DEVNULL)

    def kill(self, victim: str) -> None:
        if victim != "append":
            os.kill(wait_for(front), signal.SIGKILL)
        if victim != "front":
            self.process.kill()
            self.process.communicate(timeout=SLOW)
            self.process = self._start()

    def stored(self) -> list[str]:
        """The lines of the session, as soon as somebody knows them."""
        if self.process.poll() is not None:  # the front was killed while it began
            self.process.communicate()
            self.process = self._start()
        client = Client(paths.resolve().socket, SLOW)
        try:
            return [line.text for line in client.lines("s")]
        except SticliError:
            return []
        finally:
            client.close()


def front() -> int:
    """The process id of the daemon, once one answers."""
    client = Client(paths.resolve().socket, SLOW)
    try:
        return client.version().pid
    except SticliError:
        return 0
    finally:
        client.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_line_of_a_rotated_log_once_and_in_order(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("STICLI_MODEL", str(write_model(tmp_path / "tiny.gguf", seed=1)))
    log, chance = Log(tmp_path / "log"), random.Random(seed)
    log.write(b"the first\n")
    following = Following(person, log)
    wait_for(following.stored)  # what is rotated before it is known cannot be found
    writer = Writer(log, seed)
    writer.start()
    for victim in chance.sample(VICTIMS, 3):
        time.sleep(chance.uniform(0.2, 0.9))
        following.kill(victim)
    time.sleep(0.3)
    writer.stop.set()
    writer.join()
    log.write(b"the last but four\n")
    wait_for(lambda: following.stored() == log.lines)
    log.write(b"three\ntwo\none and no newline")
    log.copytruncate()  # in one go: what the feed has not seen is in the copy only
    log.write(b"the last\n")
    wait_for(lambda: following.stored()[-1:] == ["the last"])
    assert following.stored() == log.lines
    following.process.send_signal(signal.SIGINT)
    following.process.communicate(timeout=SLOW)
    assert following.process.returncode == 130
