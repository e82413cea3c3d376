"""Runs a person's command on a changed answer: no shell, one at a time, the newest answer wins."""

import asyncio
import logging
import os
from collections.abc import Sequence

import msgspec

from sticli.protocol import Event

TIMEOUT = 30.0  # seconds that a hook may take

log = logging.getLogger(__name__)


class Hook:
    """The command of one flash question."""

    def __init__(self, arguments: Sequence[str], name: str) -> None:
        self._arguments = arguments
        self._name = name
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
                code = await _call(self._arguments, msgspec.json.encode(event) + b"\n")
            except OSError as error:
                log.warning("hook of %s cannot run: %s", self._name, error.strerror)
            except TimeoutError:
                log.warning("hook of %s was killed after %g s", self._name, TIMEOUT)
            else:
                log.info("hook of %s ended with %d", self._name, code)


async def _call(arguments: Sequence[str], data: bytes) -> int:
    """The exit code of the command, which reads `data` on stdin."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
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
