"""Something that coroutines of one event loop wait for and another announces."""

import asyncio
from collections.abc import Callable


class Change:
    """Wakes everyone who waits, each time it is announced."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def announce(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Until the next announcement; check the condition first, with no await between."""
        await self._event.wait()

    async def until(self, condition: Callable[[], bool], seconds: float | None = None) -> bool:
        """Whether the condition, checked at every announcement, came true in time."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self.wait()
        except TimeoutError:
            return condition()
        return True
