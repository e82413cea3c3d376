"""Bringing a file of the hub into the cache: on where it was cut off, and only if its hash fits."""

import contextlib
import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sticli import __version__
from sticli.errors import SticliError
from sticli.models import cache, hub
from sticli.models.digest import Tell, digest
from sticli.models.hub import Remote
from sticli.render import size

TRIES = 5  # in a row without a byte, until the network is given up


def blob(remote: Remote) -> Path:
    """Where the cache keeps a file's bytes."""
    return cache.place(remote.repository) / "blobs" / remote.sha256


def part(remote: Remote) -> Path:
    """Where they grow until they are whole and right."""
    return blob(remote).with_suffix(".incomplete")


def present(remote: Remote) -> int:
    """How many bytes of the file are here."""
    for place in (blob(remote), part(remote)):
        with contextlib.suppress(OSError):
            return place.stat().st_size
    return 0


def fetch(remote: Remote, tell: Tell) -> tuple[Path, bool]:
    """The file in the cache, and whether anything had to be fetched.

    Raises:
        SticliError: there is no room, no network, or what came is not what the hub holds.
    """
    with _alone(remote):
        missing = not blob(remote).is_file()
        if missing:
            _check_room(remote)
            _download(remote, tell)
            _check_hash(remote, tell)
            os.replace(part(remote), blob(remote))
    return _link(remote), missing  # for which the hub's library takes the lock itself


@contextlib.contextmanager
def _alone(remote: Remote) -> Iterator[None]:
    """Hold the lock that the hub's library takes too.

    Raises:
        SticliError: another process holds it.
    """
    home = cache.place(remote.repository)
    lock = cache.folder() / ".locks" / home.name / f"{remote.sha256}.lock"
    for needed in (lock.parent, blob(remote).parent):
        needed.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SticliError(
                "busy", f"another process is fetching {remote.file}", "wait until it is done"
            ) from None
        yield


def _check_room(remote: Remote) -> None:
    need = remote.size - present(remote)
    place = cache.folder()
    free = shutil.disk_usage(place).free
    if need > free:
        raise SticliError(
            "storage",
            f"{remote.file} needs {size(need)} more, {size(free)} are free at {place}",
            "make room, or set HF_HOME to a folder on another disk",
        )


def _download(remote: Remote, tell: Tell) -> None:
    failed = 0
    while (had := present(remote)) < remote.size:
        try:
            with hub.plainly(remote.repository):
                _go_on(remote, had, tell)
        except OSError as error:
            raise _unwritten(remote, error) from None
        except SticliError as error:
            if error.code not in ("unreachable", "busy") or failed >= TRIES:
                raise
        failed = 0 if present(remote) > had else failed + 1
        if failed > TRIES:
            raise SticliError(
                "unreachable",
                f"{remote.file} does not come: {TRIES} replies ended without a byte of it",
                "try again later; what is there is kept",
            )
        time.sleep(failed)


def _go_on(remote: Remote, had: int, tell: Tell) -> None:
    """Append what comes until the connection ends, on purpose or not."""
    with hub.stream(remote, had) as reply:
        goes_on = had and reply.status_code == hub.PARTIAL
        done = had if goes_on else 0
        with part(remote).open("ab" if goes_on else "wb") as file:
            for piece in reply.iter_bytes():
                done += file.write(piece)
                tell(remote.file, done, remote.size)
                if done > remote.size:
                    return


def _unwritten(remote: Remote, error: OSError) -> SticliError:
    kept = f"{size(present(remote))} of {size(remote.size)} are kept"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SticliError(
            "storage",
            f"the disk is full: {kept} in {part(remote)}",
            "make room and run the same command again",
        )
    why = error.strerror or str(error)
    return SticliError("storage", f"{part(remote)}: {why.lower()}; {kept}", "see to that folder")


def _check_hash(remote: Remote, tell: Tell) -> None:
    found = digest(part(remote), tell, f"checking {remote.file}")
    if found != remote.sha256:
        part(remote).unlink()
        raise SticliError(
            "model",
            f"what came is not {remote.file}: its sha256 is {found}, the hub says {remote.sha256}",
            "it was deleted; run the same command again, or see what alters downloads here",
        )


def _link(remote: Remote) -> Path:
    """The path of the file in its snapshot, laid as the hub's library lays it."""
    with hub.plainly(remote.repository):
        hub.library().hf_hub_download(
            remote.repository,
            remote.file,
            revision=remote.revision,
            library_name="sticli",
            library_version=__version__,
            cache_dir=cache.folder(),
            endpoint=hub.endpoint(),
        )
    current = cache.place(remote.repository) / "refs" / "main"
    current.parent.mkdir(exist_ok=True)
    current.write_text(remote.revision, "utf-8")
    path = cache.place(remote.repository) / "snapshots" / remote.revision / remote.file
    found = cache.recorded(path)
    if found and found != remote.sha256:
        path.unlink()
        raise SticliError(
            "model",
            f"the hub says two things of {remote.file}: sha256 {remote.sha256}, and {found}",
            "run the same command again; if it stays so, download it yourself and give its path",
        )
    return path
