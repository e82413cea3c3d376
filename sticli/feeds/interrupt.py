"""Turns SIGINT, SIGTERM and SIGHUP into an orderly end: once asks for it, twice insists."""

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupt:
    """While entered, the first signal makes `source` readable and is told to `asked`; the second
    ends the process. `code` is the exit code that the signal stands for, 0 without one. Signals
    that nohup or a shell has set to be ignored stay ignored.
    """

    def __init__(self, asked: Callable[[], None]) -> None:
        self.code = 0
        self._asked = asked
        self.source, self._end = os.pipe()
        self._before: dict[int, signal.Handlers | int | Callable[..., object] | None] = {}

    def __enter__(self) -> "Interrupt":
        heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._handle) for number in heeded}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.source)
        os.close(self._end)

    def wake(self) -> None:
        """Make `source` readable for another reason than a signal."""
        os.write(self._end, b"!")

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.code:
            os._exit(self.code)
        self.code = 128 + number
        self._asked()
        self.wake()
