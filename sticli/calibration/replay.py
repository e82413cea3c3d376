"""A scratch session that relives another one, line by line, to be decided at chosen points."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from types import TracebackType

from sticli import settled, worker
from sticli.calibration.curve import Sample
from sticli.calibration.truth import Point, Truth
from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Append, Flash, Line, NewFlash, NewSession, OnFull, Session

BATCH = 1000  # lines of one request at most
CHARACTERS = 256 << 10  # of their text, about
PATIENCE = 60.0  # seconds that a decision may take
LOOK, LONGEST = 0.001, 0.05  # seconds between looks at it


class Replay:
    """While entered, the scratch session exists; `decision` stands in it, with a gap of nothing.

    So the lead and the answer of each point are those that the gate of decisions itself sees.
    """

    def __init__(self, connect: Callable[[], Client], source: Session, decision: Flash) -> None:
        self.name = f"{source.name[:40]}.calibrate{os.getpid()}"
        self._connect = connect
        self._client = connect()
        self._source = source
        self._decision = decision
        self._version = 0

    def __enter__(self) -> "Replay":
        source, decision = self._source, self._decision
        request = NewSession(
            self.name, source.system, source.limit, OnFull(source.on_full), source.tenant
        )
        standing = NewFlash(
            decision.question, decision.id, decision.max_tokens, 0, form=decision.form, gap=0.0
        )
        try:
            self._client.new(request)
            self._client.add_flash(self.name, standing)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        """Remove the scratch session, on a connection where no reply is half read."""
        self._client.close()
        client = self._connect()
        try:
            client.remove(self.name)
        except SticliError as error:
            if error.code != "not_found":
                raise
        finally:
            client.close()

    def run(self, truth: Truth) -> Iterator[tuple[Point, Sample]]:
        """Each point with what was decided there.

        Raises:
            SticliError: the session cannot go on, or a decision is not made in time.
        """
        with closing(self._client.again()) as other:
            yield from self._relive(other.lines(self._source.name), truth)

    def _relive(self, lines: Iterator[Line], truth: Truth) -> Iterator[tuple[Point, Sample]]:
        points = iter(truth.points)
        point = next(points, None)
        batch: list[str] = []
        size = 0
        for line in lines:
            while point and point.at < _number(line, truth.kind):
                self._append(batch)
                yield point, self._decide(point)
                point = next(points, None)
            if point is None:
                return
            batch.append(line.text)
            size = len(line.text) + (size if len(batch) > 1 else 0)
            if len(batch) >= BATCH or size > CHARACTERS:
                self._append(batch)
        self._append(batch)
        while point:
            yield point, self._decide(point)
            point = next(points, None)

    def _append(self, batch: list[str]) -> None:
        """Add the lines, and forget them here."""
        if batch:
            self._version = self._client.append(self.name, Append(batch)).version
            batch.clear()

    def _decide(self, point: Point) -> Sample:
        settled.wait(self._connect, self.name, self._version)
        end, pause = time.monotonic() + PATIENCE, LOOK
        while (found := self._client.flash(self.name, self._decision.id)).lead is None:
            if error := worker.failure(self._client.status()):
                raise error
            if time.monotonic() > end:
                raise SticliError(
                    "timeout",
                    f"no decision at {point.at} within {PATIENCE:g} s",
                    "see `sticli daemon logs`",
                )
            time.sleep(pause)
            pause = min(2 * pause, LONGEST)
        return Sample(found.lead, found.answer if found.fresh else None, point.truth)


def _number(line: Line, kind: str) -> int:
    return line.seq if kind == "line" else line.version
