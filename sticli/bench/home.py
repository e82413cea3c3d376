"""A daemon of its own in a temporary home, for measurements that must not meet the user's."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sticli import launch, paths
from sticli.client import Client
from sticli.errors import SticliError

PATIENCE = 30.0  # seconds that a daemon may need to end
KNOWN = ("models.json", "calibration.json")  # in the cache: checksums, and the best settings


@contextmanager
def daemon(model: str | None, **settings: str) -> Iterator[Client]:
    """A client of a fresh daemon with these settings; daemon and home are gone at the end.

    What was measured to choose the engine's settings it takes from the user's cache folder, or
    leaves there, so that all daemons and engines of a bench run with the same.

    Raises:
        SticliError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="sticli-bench-") as folder:
        found = paths.resolve({"STICLI_HOME": folder})
        variables = {f"STICLI_{name.upper()}": value for name, value in settings.items()}
        environ = {**os.environ, **variables, "STICLI_HOME": folder}
        environ.pop("STICLI_SOCKET", None)
        arguments = ("--model", str(Path(model).absolute())) if model else ()
        _copy(paths.resolve().cache, found.cache)
        process = launch.spawn(found, arguments, environ)
        client = Client(found.socket, None)
        try:
            launch.wait(found, process)
            _wait(client)
            _copy(found.cache, paths.resolve().cache)
            yield client
        finally:
            client.close()
            launch.end(process, PATIENCE)


def _copy(source: Path, target: Path) -> None:
    """Bring over what is known, whole or not at all; without it, it is measured anew."""
    for name in KNOWN:
        with suppress(OSError, SticliError):
            data = (source / name).read_bytes()
            paths.make_private(target)
            fresh = target / f"{name}.{os.getpid()}"
            fresh.write_bytes(data)
            fresh.replace(target / name)


def _wait(client: Client) -> None:
    """Until the model is loaded."""
    while (status := client.status()).worker != "ready":
        if status.failure is not None:
            raise SticliError(status.failure.code, status.failure.message, status.failure.hint)
        time.sleep(0.02)
