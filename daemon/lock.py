"""One daemon a home: a lock that the kernel frees when its holder dies."""

import fcntl
import os
import socket
import time
from pathlib import Path

PATIENCE = 30.0  # seconds to wait for a daemon that is stopping


def acquire(
    path: Path, socket_path: Path, seconds: float = PATIENCE, *, alone: bool = True
) -> int | None:
    """A descriptor that holds the lock for life; None when another daemon serves already.

    A holder that does not answer is starting or stopping: its end is waited for. So is that of any
    holder if we are not alone: then a service manager answers, whoever holds the lock. Who has
    the lock writes down its process and its socket, for those who look for it elsewhere.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (alone and answers(socket_path)) or time.monotonic() > end:
                os.close(descriptor)
                return None
            time.sleep(0.05)
        else:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode() + os.fsencode(socket_path) + b"\n")
            return descriptor


def answers(socket_path: Path) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.settimeout(1.0)
        try:
            plug.connect(str(socket_path))
        except OSError:
            return False
    return True
