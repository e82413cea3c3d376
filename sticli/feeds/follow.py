"""Follows a file as it grows, over rotations and absences, and knows at any time where it is."""

import contextlib
import os
import select
import stat
import time
from collections.abc import Callable
from pathlib import Path

from sticli.errors import SticliError, refused
from sticli.feeds import rotation
from sticli.feeds.intake import Intake
from sticli.feeds.memory import Memory
from sticli.feeds.place import Place, Position
from sticli.feeds.tail import Tail, opened
from sticli.protocol import MAX_LINE

ABSENT, UNREADABLE = "is not there", "may not be read"
SETTLE = 1.0  # seconds without a byte, until all who write to a rotated file have left it
POLL = 0.2  # seconds between two looks at a file that does not grow


class Follow:
    """One file by its name; `note` tells a person what became of it, once each time."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        self._path = path
        self._note = note
        self._tail: Tail | None = None
        self._trouble = ""  # what keeps it from being read, as somebody was told
        self._place: Place | None = None  # in a file that is not there now
        self._grown = -SETTLE  # when it last grew, by the monotonic clock

    def start(self, position: Position | None, offset: int | None) -> Memory:
        """Go on at a position, or begin a new feed at an offset; what there is to remember.

        Raises:
            SticliError: a new feed's file has not so many bytes.
        """
        if position is None:
            self._begin(offset)
            return Memory()
        if not self._resume(position.place):
            position.memory.columns, position.memory.long = None, False
        return position.memory

    def where(self, held: int, memory: Memory) -> str:
        """The position behind all but the bytes that are held back."""
        place = self._tail.place(held) if self._tail else self._place
        return Position(place, memory).text()

    def skipped(self) -> bytes:
        """The first bytes of the file, as far as they are not read again."""
        return self._tail.head(MAX_LINE) if self._tail else b""

    def run(self, intake: Intake, wake: int, tick: Callable[[], None]) -> None:
        """Follow until `wake` becomes readable, or a line or the file is refused; `tick` is called
        meanwhile.
        """
        while not intake.refusal:
            try:
                busy = self.step(intake)
            except SticliError as error:
                intake.refusal = error
                return
            wait = intake.tend()
            patience = 0.0 if busy else min(POLL, POLL if wait is None else wait)
            if select.select([wake], [], [], patience)[0]:
                return
            tick()

    def step(self, intake: Intake) -> bool:
        """Read some; whether there may be more.

        Raises:
            SticliError: the system does not let us.
        """
        if not self._tail:
            return self._come(intake)
        try:
            data = self._tail.read(intake.held)
        except OSError as error:
            raise refused(error, self._path) from None
        if data is None:
            self._cut(self._tail, intake)
        elif data:
            self._grown = time.monotonic()
            intake.take(data)
        else:
            return self._turn(self._tail, intake)
        return True

    def _begin(self, offset: int | None) -> None:
        """Begin a new feed at an offset; None: at the end."""
        self._open()
        if not self._tail:
            return
        size = self._tail.size
        if offset is not None and offset > size:
            raise SticliError(
                "bad_request",
                f"--from {offset}: {self._path} has {size:,} bytes",
                "give a smaller offset, or `--from end`",
            )
        self._tail = Tail(self._tail.file, size if offset is None else offset)

    def _resume(self, place: Place | None) -> bool:
        """Go on where a feed has been before; whether it is, or may be, the same file."""
        self._tail = rotation.find(self._path, place) if place else None
        if self._tail:
            return True
        self._open()
        if place and not self._tail:
            self._place = place  # it may only be away for a while
            return True
        self._miss(place)
        return False

    def _miss(self, place: Place | None) -> None:
        """Say that another file is read than before."""
        if place and place.offset:
            self._note(
                f"the file that was read up to byte {place.offset:,} is gone; "
                f"reading {self._path} from its start"
            )

    def _come(self, intake: Intake) -> bool:
        """Go on with the file once it is there; whether it is."""
        place = self._place
        self._open()
        if not self._tail or not place:
            return self._tail is not None
        self._place = None
        if found := rotation.find(self._path, place):
            self._change(found)
        else:
            intake.end_file()  # what is known of columns is of another file
            self._miss(place)
        return True

    def _turn(self, tail: Tail, intake: Intake) -> bool:
        """At the end of the file: go to the next one, if this was rotated; whether it was."""
        later = rotation.after(self._path, tail, tail.place(intake.held))
        if not later:
            self._look()
            return False
        if tail.size > tail.offset:  # between the last read and the look at the next file
            later.close()
            return True
        if not later.offset and time.monotonic() - self._grown < SETTLE:
            later.close()
            return False
        if later.offset:  # a copy of this very file
            intake.cutter.drop()
        else:
            intake.end_file()
        if intake.refusal:
            later.close()
        else:
            self._change(later)
        return True

    def _cut(self, tail: Tail, intake: Intake) -> None:
        """The file was emptied or written anew: what is left of it may be in a copy."""
        place = tail.place(intake.held)
        found = rotation.find(self._path, place) if place.offset else None
        if found:
            intake.cutter.drop()
            self._change(found)
            return self._note(f"{self._path} was emptied; what was not read of it is in a copy")
        intake.end_file()
        if intake.refusal:
            return
        self._note(f"{self._path} was emptied or replaced; reading it from its start")
        self._change(None)
        self._open()

    def _change(self, tail: Tail | None) -> None:
        if self._tail:
            self._tail.close()
        self._tail = tail

    def _open(self) -> None:
        """The file from its first byte on, once it is there."""
        self._look()
        if not self._trouble:
            with contextlib.suppress(OSError):  # it has just gone: the next look will tell
                self._tail = opened(self._path)

    def _look(self) -> None:
        """Tell once what keeps the file from being read."""
        trouble = _trouble(self._path)
        if trouble and trouble != self._trouble:
            self._note(f"{self._path} {trouble}; waiting for it")
        self._trouble = trouble


def check(path: Path) -> None:
    """Raises SticliError where there is something that cannot be followed."""
    trouble = _trouble(path)
    if trouble == ABSENT:
        return
    if os.path.exists(path) and not path.is_file():
        raise SticliError(
            "bad_request",
            f"--follow {path}: it is no regular file",
            f"read a pipe or a device as standard input: `sticli append SESSION < {path}`",
        )
    if trouble:
        raise SticliError(
            "permission",
            f"--follow {path}: it may not be read",
            "see who owns it with `ls -l`, or pipe it in: `sudo tail -F … | sticli append SESSION`",
        )
    if _made_up(path):
        raise SticliError(
            "bad_request",
            f"--follow {path}: the system makes it up at each reading, so it does not grow",
            f"read it once as standard input: `sticli append SESSION < {path}`",
        )


def _trouble(path: Path) -> str:
    """What keeps a file from being followed; empty: nothing."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError:  # a folder on the way may not be searched, or links lead in a circle
        return UNREADABLE
    return "" if stat.S_ISREG(found.st_mode) and os.access(path, os.R_OK) else UNREADABLE


def _made_up(path: Path) -> bool:
    """Whether there is something in a file that has no size, as below /proc."""
    with open(path, "rb") as file:
        return bool(file.read(1)) and os.fstat(file.fileno()).st_size == 0
