"""Tells a service manager how the daemon is: the datagrams of sd_notify(3)."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, MutableMapping

from sticli.errors import SticliError

log = logging.getLogger(__name__)


class Notify:
    """A service manager that listens; says nothing where there is none."""

    def __init__(self, address: str = "", watchdog_s: float = 0.0) -> None:
        self.watchdog_s = watchdog_s  # of silence, after which the daemon is ended; 0: never
        self._address = address

    def __bool__(self) -> bool:
        return bool(self._address)

    def say(self, **fields: object) -> None:
        """Tell what is so: READY=1, STATUS=…; nobody who listens is no reason to fail."""
        if not self._address:
            return
        text = "\n".join(f"{name}={value}" for name, value in fields.items())
        address = self._address
        if address.startswith("@"):  # in no file system: unix(7)
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
                plug.setblocking(False)
                plug.sendto(text.encode(), address)
        except OSError as error:
            log.warning("the service manager does not hear: %s", error.strerror or error)

    async def keep_alive(self, check: Callable[[], Awaitable[object]]) -> None:
        """Say that the daemon is alive, in time and for ever, each time that `check` ended."""
        while self._address and self.watchdog_s:
            try:
                await check()
            except SticliError as error:  # a full disk says no, but it says so
                log.warning("%s", error)
            self.say(WATCHDOG=1)
            await asyncio.sleep(self.watchdog_s / 2)


SILENT = Notify()


def manager(environ: MutableMapping[str, str]) -> Notify:
    """The service manager that started this process; no child hears of it."""
    address = environ.pop("NOTIFY_SOCKET", "")
    microseconds = environ.pop("WATCHDOG_USEC", "0")
    pid = environ.pop("WATCHDOG_PID", "")
    ours = microseconds.isdecimal() and pid in ("", str(os.getpid()))
    return Notify(address, int(microseconds) / 1e6 if ours else 0.0)
