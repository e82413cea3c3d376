"""`sticli doctor`: what keeps this machine from working, and what to do about it."""

import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from sticli import config, cuda, paths
from sticli.client import Client
from sticli.errors import FAILURE, SticliError
from sticli.invocation import document, of
from sticli.launch import HANDSHAKE, shake_hands
from sticli.protocol import Status
from sticli.render import table

ROOM = 256 << 20  # bytes that journal and snapshots should find free


@dataclass(frozen=True)
class Check:
    """One finding; `advice` says what to do when it is a problem."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def doctor(context: typer.Context) -> None:
    """Check the installation; exit code 1 when there is a problem."""
    call = of(context)
    checks = list(_checks(paths.resolve()))
    if call.json:
        document(ok=all(check.ok for check in checks), checks=[asdict(check) for check in checks])
    else:
        rows = [(check.name, "ok" if check.ok else "PROBLEM", _said(check)) for check in checks]
        table(sys.stdout, ("CHECK", "RESULT", "FOUND"), rows)
    if not all(check.ok for check in checks):
        raise typer.Exit(FAILURE)


def _said(check: Check) -> str:
    return f"{check.found}: {check.advice}" if check.advice else check.found


def _checks(where: paths.Paths) -> Iterator[Check]:
    for name in ("config", "data", "cache", "state"):
        yield _folder(name, getattr(where, name))
    yield _socket_folder(where.socket)
    yield _room(where.data)
    yield from _settings(where)
    yield _engine()
    yield from _daemon(where)


def _check(name: str, ok: bool, found: str, advice: str) -> Check:
    """A finding whose advice only a problem needs."""
    return Check(name, ok, found, "" if ok else advice)


def _folder(name: str, folder: Path) -> Check:
    place = next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))
    ok = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return _check(name, ok, str(folder), f"{place} is not writable: change its owner or mode")


def _socket_folder(socket: Path) -> Check:
    try:
        paths.check_socket_path(socket)
        info = socket.parent.lstat()
    except SticliError as error:
        return Check("socket", False, error.message, error.hint)
    except FileNotFoundError:
        return Check("socket", True, f"{socket} (its folder is made on the first start)")
    except OSError as error:
        return Check("socket", False, f"{socket.parent}: {error.strerror}", "see the folders above")
    private = stat.S_ISDIR(info.st_mode) and not stat.S_IMODE(info.st_mode) & 0o077
    ok = private and info.st_uid == os.geteuid()
    return _check("socket", ok, str(socket), f"make {socket.parent} a folder of yours, mode 0700")


def _room(folder: Path) -> Check:
    place = next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))
    free = shutil.disk_usage(place).free
    return _check("disk", free >= ROOM, f"{free / 1e9:.1f} GB free at {place}", "make room")


def _settings(where: paths.Paths) -> Iterator[Check]:
    try:
        settings, _ = config.load(where.config_file)
    except SticliError as error:
        yield Check("settings", False, error.message, error.hint or f"edit {where.config_file}")
        return
    yield Check("settings", True, f"{where.config_file}")
    yield _model(settings.model)
    yield _gpu(settings.engine)


def _model(setting: str) -> Check:
    if setting:
        file = Path(setting).expanduser()
    else:
        folder = importlib.util.find_spec("sticli.models")
        places = folder.submodule_search_locations if folder else None
        found = sorted(Path(places[0]).glob("*.gguf")) if places else []
        if not found:
            return Check("model", False, "no embedded model", "give one: STICLI_MODEL=FILE.gguf")
        file = found[0]
    try:
        with open(file, "rb") as data:
            magic = data.read(4)
    except OSError as error:
        return Check("model", False, f"{file}: {error.strerror}", "check the setting `model`")
    return _check("model", magic == b"GGUF", str(file), "it is no GGUF file")


def _engine() -> Check:
    found = importlib.util.find_spec("llama_cpp")
    place = str(found.origin) if found else "llama_cpp is not installed"
    return _check("engine", found is not None, place, "pip install llama-cpp-python")


def _gpu(engine: str) -> Check:
    """A problem only where the gpu engine is insisted on and cannot run at all."""
    gpu = cuda.find()
    found = "none, so the gpu engine computes on the CPU, slowly" if engine == "gpu" else "none"
    if gpu:
        found = f"{gpu.name}; {cuda.unfit(gpu) or 'the gpu engine can use it'}"
    lacking = cuda.lacking()
    advice = f"{lacking}: pip install 'sticli[gpu]'" if lacking and (gpu or engine == "gpu") else ""
    return Check("gpu", not (lacking and engine == "gpu"), found, advice)


def _daemon(where: paths.Paths) -> Iterator[Check]:
    try:
        found = shake_hands(where)
        status = Client(where.socket, HANDSHAKE).status()
    except SticliError as error:
        if error.code == "unreachable":
            yield Check("daemon", True, "not running (it starts on first use)")
        else:
            yield Check("daemon", False, error.message, error.hint)
        return
    yield Check("daemon", True, f"version {found.version}, pid {found.pid}")
    yield _worker(status)


def _worker(status: Status) -> Check:
    """How the model's process is; what went wrong before is a problem until a restart."""
    ok = status.worker in ("starting", "ready") and not status.last_error
    said = f"{status.worker}; last error: {status.last_error}" if status.last_error else ""
    advice = "`sticli daemon restart` starts it afresh, `sticli daemon logs` says more"
    return _check("worker", ok, said or status.worker, advice)
