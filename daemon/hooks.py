"""Runs a person's command on a changed answer: no shell, one at a time, the newest answer wins."""

import asyncio
import logging
import os
import tempfile
from collections.abc import Sequence
from typing import IO

import msgspec

from sticli.protocol import Event

TIMEOUT = 30.0  # seconds that a hook may take
LAST_WORDS = 500  # bytes of its stderr that the log may quote

log = logging.getLogger(__name__)


class Hook:
    """The command of one flash question."""

    def __init__(self, arguments: Sequence[str], name: str) -> None:
        self._arguments = arguments
        self._who = (name, os.path.basename(arguments[0]))
        self._next: Event | None = None
        self._task: asyncio.Task[None] | None = None

    def fire(self, event: Event) -> None:
        """Run with this event, after the run in progress; an older one that waits is dropped."""
        self._next = event
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Kill what runs."""
        if self._task and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while event := self._next:
            self._next = None
            try:
                code, words = await _call(self._arguments, msgspec.json.encode(event) + b"\n")
            except OSError as error:
                log.warning("hook of %s, %s, cannot run: %s", *self._who, error.strerror)
            except TimeoutError:
                log.warning("hook of %s, %s, was killed after %g s", *self._who, TIMEOUT)
            else:
                level = logging.WARNING if code else logging.INFO
                log.log(level, "hook of %s, %s, ended with %d%s", *self._who, code, words)


async def _call(arguments: Sequence[str], data: bytes) -> tuple[int, str]:
    """Exit code and, if it failed, last words of the command, which reads `data` on stdin."""
    with tempfile.TemporaryFile() as said:  # unlike a pipe, no child of the command holds it open
        code = await _run(arguments, data, said.fileno())
        return code, _last_words(said) if code else ""


def _last_words(said: IO[bytes]) -> str:
    said.seek(max(0, said.seek(0, os.SEEK_END) - LAST_WORDS))
    lines = said.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last}" if last else ""


async def _run(arguments: Sequence[str], data: bytes, stderr: int) -> int:
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            await process.communicate(data)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, 9)  # what it started goes with it
            await process.wait()
    return process.returncode or 0
