"""The worker process: `python -P -m sticli.daemon.worker --fd N`, a socketpair's end inherited."""

import argparse
import gc
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

from sticli.daemon import messages
from sticli.daemon.engines.base import Broken
from sticli.daemon.frames import read_frames
from sticli.daemon.worker import house
from sticli.daemon.worker.loop import Receive
from sticli.errors import SticliError

log = logging.getLogger("sticli.worker")

Inbox = queue.SimpleQueue[tuple[messages.Inbound, float]]  # and when it arrived


def main() -> int:
    """Serve the front on the socket whose number is given; returns the exit status."""
    parser = argparse.ArgumentParser(prog="sticli.daemon.worker")
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket")
    connection = socket.socket(fileno=parser.parse_args().fd)
    bodies = read_frames(connection)
    start = messages.decode_inbound(next(bodies, b""))
    if not isinstance(start, messages.Start):
        return 1
    logging.basicConfig(level=start.settings.log_level.upper(), format="%(levelname)s %(message)s")
    inbox: Inbox = queue.SimpleQueue()
    _handle_signals(inbox)
    threading.Thread(target=_read, args=(bodies, inbox), name="reader", daemon=True).start()
    return _serve(start, inbox, connection)


def _handle_signals(inbox: Inbox) -> None:
    """The front decides when to stop: Ctrl-C reaches it too; SIGTERM asks as it would."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: inbox.put((messages.Stop(), time.monotonic())))


def _read(bodies: Iterator[bytes], inbox: Inbox) -> None:
    """Pass messages on; a front that is gone ends the process at once, whatever it computes."""
    try:
        for body in bodies:
            inbox.put((messages.decode_inbound(body), time.monotonic()))
    except Exception:
        log.exception("the front cannot be understood")
    os._exit(1)


def _serve(start: messages.Start, inbox: Inbox, connection: socket.socket) -> int:
    send = _sender(connection)
    try:
        loop = house.build(start, _receiver(inbox), send, time.monotonic)
    except SticliError as error:
        send(messages.Failed(0, "", error.code, error.message, error.hint))
        return 1
    except Exception as error:
        log.exception("the model cannot be loaded")
        send(messages.Failed(0, "", "model", f"the model cannot be loaded: {error}", ""))
        return 1
    gc.collect()  # or what loading left over would stay as well, and with it memory of the device
    gc.freeze()  # what is here now stays: to look it over again takes as long as a pass
    try:
        loop.run()
    except Broken as error:
        log.critical("the engine is broken, another worker goes on: %s", error)
        return 1
    return 0


def _receiver(inbox: Inbox) -> Receive:
    def receive(seconds: float | None) -> tuple[messages.Inbound, float] | None:
        try:
            return inbox.get(timeout=seconds) if seconds != 0 else inbox.get_nowait()
        except queue.Empty:
            return None

    return receive


def _sender(connection: socket.socket) -> Callable[[messages.Outbound], None]:
    def send(message: messages.Outbound) -> None:
        try:
            connection.sendall(messages.frame(message))
        except OSError:
            os._exit(1)  # the front is gone

    return send


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)  # the reader still waits for the front; the engine holds nothing to be saved
