"""Where the daemon's socket lies; of plain strings, as it is needed before anything is loaded."""

import os
from collections.abc import Mapping

PLACES = ("STICLI_HOME", "STICLI_SOCKET")
UNIT = "sticli.socket"  # of systemd


def socket_path(environ: Mapping[str, str] = os.environ) -> str:
    """`STICLI_SOCKET`, else the socket of `STICLI_HOME`, else that of this user.

    Spelt as a `Path` is: a unit of systemd is known by that.
    """
    if chosen := environ.get("STICLI_SOCKET"):
        return _spelt(absolute(chosen))
    if home := environ.get("STICLI_HOME"):
        return _spelt(os.path.join(absolute(home), "run", "sticli.sock"))
    return _spelt(os.path.join(_runtime_dir(environ), "sticli.sock"))


def autostarts(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a daemon may be started that was not asked for by name."""
    return environ.get("STICLI_NO_AUTOSTART", "") in ("", "0")


def units(environ: Mapping[str, str] = os.environ) -> str:
    """Where this user's units of systemd lie.

    Raises:
        FileNotFoundError: the user has no home.
    """
    config = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    if not config.startswith("/"):
        raise FileNotFoundError(f"{config} is no folder: set HOME")
    return os.path.join(config, "systemd", "user")


def awaited(socket: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a unit of systemd listens at this socket for a daemon, which may run already."""
    try:
        with open(os.path.join(units(environ), UNIT), encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file]
    except OSError:
        return False
    return "ListenStream=" + socket.replace("%", "%%") in lines


def absolute(path: str) -> str:
    """The path from the root, with `~` spelt out."""
    path = os.path.expanduser(path)
    return path if path.startswith("/") else os.path.join(os.getcwd(), path)


def rooted(environ: Mapping[str, str]) -> dict[str, str]:
    """The same for a program that works in another folder: what is said of places is absolute."""
    places = {name: absolute(environ[name]) for name in PLACES if environ.get(name)}
    return {**environ, **places}


def _spelt(path: str) -> str:
    """Without empty and idle parts; links stay as they are."""
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def _runtime_dir(environ: Mapping[str, str]) -> str:
    """`$XDG_RUNTIME_DIR/sticli`, else a private folder under the temporary one."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isdir(runtime):
        return os.path.join(runtime, "sticli")
    return os.path.join(environ.get("TMPDIR") or "/tmp", f"sticli-{os.getuid()}")
