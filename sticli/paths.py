"""Where everything lies: one resolver for the client and the daemon."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sticli.errors import SticliError
from sticli.place import absolute, socket_path

SOCKET_LIMIT = 107  # sun_path of unix(7) holds 108 bytes, the last one is NUL


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one sticli home."""

    config: Path
    data: Path
    cache: Path
    state: Path
    socket: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def private(self) -> tuple[Path, ...]:
        """The folders that only their owner may enter."""
        return self.socket.parent, self.state, self.data, self.cache

    @property
    def database(self) -> Path:
        return self.data / "sticli.db"

    @property
    def snapshots(self) -> Path:
        return self.cache / "snapshots"

    @property
    def log(self) -> Path:
        return self.state / "daemon.log"

    @property
    def lock(self) -> Path:
        return self.state / "daemon.lock"

    @property
    def key(self) -> Path:
        return self.state / "snapshot.key"


def resolve(environ: Mapping[str, str] = os.environ) -> Paths:
    """The paths of this user; `STICLI_HOME` moves all of them, `STICLI_SOCKET` the socket.

    Raises:
        SticliError: the user has no home.
    """
    socket = Path(socket_path(environ))
    home = environ.get("STICLI_HOME")
    return _under(Path(absolute(home)), socket) if home else _of_the_user(socket)


def _under(home: Path, socket: Path) -> Paths:
    return Paths(home / "config", home / "data", home / "cache", home / "state", socket)


def _of_the_user(socket: Path) -> Paths:
    import platformdirs  # only needed without STICLI_HOME; half a start-up's import time

    if os.path.expanduser("~") == "~":
        raise SticliError(
            "bad_request",
            f"user {os.getuid()} has no home folder, and HOME is not set",
            "set HOME, or STICLI_HOME to a folder for sticli",
        )
    dirs = platformdirs.PlatformDirs("sticli", appauthor=False)
    return Paths(
        Path(dirs.user_config_dir),
        Path(dirs.user_data_dir),
        Path(dirs.user_cache_dir),
        Path(dirs.user_state_dir),
        socket,
    )


def check_socket_path(path: Path) -> None:
    """Refuse a socket path that the kernel would cut.

    Raises:
        SticliError: the path is longer than a Unix socket address holds.
    """
    length = len(os.fsencode(path))
    if length > SOCKET_LIMIT:
        raise SticliError(
            "bad_request",
            f"the socket path is {length} bytes long, a Unix socket holds {SOCKET_LIMIT}: {path}",
            "set STICLI_SOCKET to a shorter path",
        )


def prepare(paths: Paths) -> None:
    """Make every folder that only its owner may enter.

    Raises:
        SticliError: one is a symbolic link, belongs to someone else, or holds the socket and may be
            entered by others.
    """
    _closed(paths.socket.parent)
    for folder in paths.private:
        make_private(folder)


def _closed(folder: Path) -> None:
    """Refuse a folder that others may enter: people name it, so its mode is theirs to change.

    Raises:
        SticliError: they may.
    """
    if folder.is_symlink() or not folder.is_dir():
        return  # nothing, or what `make_private` refuses
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise SticliError(
            "permission",
            f"others may enter {folder}, where the socket would be",
            "set STICLI_SOCKET to a path in a folder of your own, mode 0700, or in a new one",
        )


def make_private(folder: Path) -> None:
    """Create a folder that only its owner can enter, or check that it is one.

    Raises:
        SticliError: it is a symbolic link, or belongs to someone else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise SticliError(
            "permission",
            f"{folder} is a link or belongs to another user",
            "remove it, or set STICLI_HOME or STICLI_SOCKET to a folder of your own",
        )
    if stat.S_IMODE(info.st_mode) & 0o077:
        folder.chmod(0o700)
