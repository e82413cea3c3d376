"""`sticli daemon install-service` and `uninstall-service`: the daemon as a service of its user."""

import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sticli import config, launch, service
from sticli.client import Client
from sticli.errors import SticliError
from sticli.invocation import Invocation, document, of
from sticli.paths import Paths, check_socket_path, prepare, resolve

START = ("enable", "--now", service.SOCKET)
LINGER = "`loginctl enable-linger` lets it live on when you log out"
Force = Annotated[bool, typer.Option("--force", help="Overwrite units that were edited since.")]


def install(
    context: typer.Context,
    enable: Annotated[
        bool, typer.Option("--enable/--no-enable", help="Let systemd know, and listen from now on.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the units and change nothing.")
    ] = False,
    force: Force = False,
) -> None:
    """Make the daemon a systemd service, started on demand."""
    call = of(context)
    settings, origin = config.load(resolve().config_file)
    where = _socket(resolve(), call)
    plan = service.Plan(where, sys.executable, os.environ, settings.model, service.namespaces())
    units = {service.folder() / name: text for name, text in plan.units().items()}
    if dry_run:
        return _show(call, units)
    _check([] if force else list(units))
    prepare(where)
    for path, text in units.items():
        _write(call, path, text)
    for name in (name for name, source in origin.items() if source == "environment"):
        call.note(
            f"{config.PREFIX}{name.upper()} is set here and not for the service: `sticli config set"
            f" {name}` sets it for both"
        )
    done, left = _enable(where) if enable else (False, [_reload(), _command(*START)])
    _report(call, list(units), done, left)


def uninstall(context: typer.Context, force: Force = False) -> None:
    """Stop the service and remove its units, nothing else."""
    call = of(context)
    units = [service.folder() / name for name in (service.SOCKET, service.SERVICE)]
    found = [path for path in units if path.exists()]
    _check([] if force else found)
    stop = ("disable", "--now", service.SOCKET, service.SERVICE)
    done = bool(found) and service.systemctl(*stop) is not None
    for path in found:
        path.unlink()
        (path.parent / "sockets.target.wants" / path.name).unlink(missing_ok=True)
    left = [_command("stop", service.SOCKET, service.SERVICE), _reload()]
    if not found or (done and service.systemctl("daemon-reload") is not None):
        left = []
    if call.json:
        return document(removed=[str(path) for path in found], commands=left)
    for path in found:
        call.note(f"removed {path}")
    _say_left(call, left)
    if not found:
        call.note("no service was installed")


def _socket(where: Paths, call: Invocation) -> Paths:
    """The paths as the service will find them: its manager always has a runtime folder."""
    check_socket_path(where.socket)
    given = any(os.environ.get(name) for name in ("STICLI_HOME", "STICLI_SOCKET"))
    if given or os.environ.get("XDG_RUNTIME_DIR"):
        return where
    socket = Path(f"/run/user/{os.getuid()}/sticli/sticli.sock")
    call.note(
        f"XDG_RUNTIME_DIR is not set here: the service listens at {socket}, and commands of this"
        f" shell look for {where.socket}; `export XDG_RUNTIME_DIR=/run/user/{os.getuid()}`"
    )
    return replace(where, socket=socket)


def _show(call: Invocation, units: dict[Path, str]) -> None:
    if call.json:
        found = [{"path": str(path), "text": text} for path, text in units.items()]
        return document(units=found, enabled=False, commands=[])
    print("\n".join(f"# {path}\n{text}" for path, text in units.items()), end="")


def _check(units: list[Path]) -> None:
    """Refuse to touch what a person has written.

    Raises:
        SticliError: exists.
    """
    for path in units:
        if path.exists() and service.edited(path.read_text("utf-8", "replace")):
            raise SticliError(
                "exists",
                f"{path} is not as `install-service` wrote it: somebody has edited it",
                "--force takes no notice; `systemctl --user edit` keeps changes in a file of"
                " their own",
            )


def _write(call: Invocation, path: Path, text: str) -> None:
    """Write a unit whole, or leave it when nothing is new."""
    if path.exists() and path.read_text("utf-8", "replace") == text:
        return call.note(f"{path} is as it should be")
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)
    call.note(f"wrote {path}")


def _enable(where: Paths) -> tuple[bool, list[str]]:
    """Whether systemd listens for us now, and the commands that are left to do."""
    pid = _running(where)
    words = ("enable", service.SOCKET) if pid else START
    todo = [_reload(), _command(*words)]
    if service.systemctl("daemon-reload") is None or service.systemctl(*words) is None:
        return False, [*_stopping(pid), *todo, *([_command(*START)] if pid else [])]
    return not pid, [*_stopping(pid), _command("start", service.SOCKET)] if pid else []


def _running(where: Paths) -> int | None:
    """The process of a daemon that no service manager started."""
    if not launch.held(where):
        return None
    try:
        found = Client(where.socket, launch.HANDSHAKE).status()
    except SticliError:
        return None
    return None if found.activated else found.version.pid


def _stopping(pid: int | None) -> list[str]:
    return ["sticli daemon stop"] if pid else []


def _reload() -> str:
    return _command("daemon-reload")


def _command(*words: str) -> str:
    return shlex.join(["systemctl", "--user", *words])


def _report(call: Invocation, units: list[Path], done: bool, left: list[str]) -> None:
    if call.json:
        return document(units=[{"path": str(path)} for path in units], enabled=done, commands=left)
    if done:
        call.note("systemd listens, and starts the daemon when somebody connects")
    if "sticli daemon stop" in left:
        call.note("a daemon runs already, which nobody but you may stop")
    _say_left(call, left)
    call.note(LINGER)


def _say_left(call: Invocation, left: list[str]) -> None:
    if left:
        call.note("what is left to do:")
    for command in left:
        call.note(f"  {command}")
