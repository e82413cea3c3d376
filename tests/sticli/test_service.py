"""The units of the service: their text, whose they are, and the commands about them."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sticli import cli, service
from sticli.errors import SticliError
from sticli.paths import Paths, resolve
from sticli.service import SERVICE, SOCKET, Plan

VERIFY = shutil.which("systemd-analyze")
ODD = 'a b%1$x"y\\z'  # what systemd could take for something else


@pytest.fixture(autouse=True)
def person(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without a service manager, who has put nothing anywhere else."""
    for name in service.CARRIED[1:]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    (home / "runtime").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "runtime"))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    return home


@dataclass
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def sticli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The program, in this process."""

    def run(*words: str) -> Done:
        capsys.readouterr()
        code = cli.run(list(words))
        return Done(code, *capsys.readouterr())

    return run


Run = Callable[..., Done]


def under(home: Path) -> Paths:
    return resolve({"STICLI_HOME": str(home)})


def plan(home: Path, **more: str) -> Plan:
    return Plan(under(home), sys.executable, {"STICLI_HOME": str(home)}, **more)


def values(text: str, key: str) -> list[str]:
    lines = (line.partition("=") for line in text.splitlines())
    return [value for name, _, value in lines if name == key]


def test_what_is_in_force_here_is_carried_over(home: Path) -> None:
    text = plan(home / ODD).units()[SERVICE]
    assert values(text, "ExecStart") == [f':"{sys.executable}" -P -m sticli.daemon']
    odd = 'a b%%1$x\\"y\\\\z'
    assert values(text, "Environment")[0] == f'"STICLI_HOME={home}/{odd}"'
    folders = values(text, "ReadWritePaths")[0]
    assert folders.startswith(f'"-{home}/{odd}/run" ')
    assert folders.count('"') == 8 + 4  # a word for each of four folders
    (stream,) = values(plan(home / ODD).units()[SOCKET], "ListenStream")
    assert stream == f"{home}/{ODD}/run/sticli.sock".replace("%", "%%")


def test_a_path_that_no_unit_can_hold_is_refused(home: Path) -> None:
    for name in ("a\nExecStartPre=b", "a\rExecStartPre=b", "a\x0bb", "\udcff"):
        with pytest.raises(SticliError, match="no unit"):
            plan(home / name).units()
    with pytest.raises(SticliError, match="no unit"):  # it would join the line with the mode
        Plan(resolve({"STICLI_SOCKET": f"{home}/s\\"}), sys.executable, {}).units()
    with pytest.raises(SticliError, match="no program"):
        Plan(under(home), "/a'b/python", {}).units()


def test_what_cannot_be_had_is_left_out_with_the_reason(home: Path) -> None:
    far = Paths(*(Path(f"/home/u/{name}") for name in ("c", "d", "e", "f", "g/s.sock")))
    whole = Plan(far, "/usr/bin/python", {}).units()[SERVICE]
    assert values(whole, "PrivateTmp") == values(whole, "PrivateUsers") == ["yes"]
    near = Plan(far, "/usr/bin/python", {}, model="/tmp/model.gguf").units()[SERVICE]
    assert values(near, "PrivateTmp") == []
    assert values(near, "ProtectSystem") == ["strict"]
    assert values(near, "ReadWritePaths")[1] == "-/tmp -/var/tmp"  # nothing works without one
    assert len(values(whole, "ReadWritePaths")) == 1
    poor = Plan(far, "/usr/bin/python", {}, namespaces=False).units()[SERVICE]
    assert values(poor, "ProtectSystem") == values(poor, "ReadWritePaths") == []
    assert values(poor, "NoNewPrivileges") == ["yes"]
    for text in (whole, near, poor):
        assert values(text, "MemoryDenyWriteExecute") == values(text, "PrivateDevices") == []


def test_a_stop_has_time_for_all_snapshots(home: Path) -> None:
    from sticli.daemon.front import ENDING

    (limit,) = values(plan(home).units()[SERVICE], "TimeoutStopSec")
    assert int(limit) > ENDING


@pytest.mark.skipif(VERIFY is None, reason="there is no systemd-analyze")
def test_systemd_accepts_them_and_reads_the_same_paths(tmp_path: Path) -> None:
    folder = tmp_path / "a b%1$x"
    folder.mkdir()
    python = folder / "python"
    python.symlink_to(sys.executable)
    home = tmp_path / ODD
    text = Plan(under(home), str(python), {"STICLI_HOME": str(home)}).units()
    for name, unit in text.items():
        (tmp_path / name).write_text(unit)
    command = [str(VERIFY), "verify", "--user", "--man=no", str(tmp_path / SERVICE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    python.unlink()  # what it is read as is what is looked for
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"{python} is not executable" in done.stderr


def test_whose_a_unit_is_can_be_told() -> None:
    text = service.marked("[Unit]\nA=1\n")
    assert not service.edited(text)
    assert service.edited(text.replace("A=1", "A=2"))
    assert service.edited("[Unit]\nA=1\n")


@pytest.mark.parametrize(
    ("command", "program"),
    [
        (':"/a b/python" -P', "/a b/python"),
        ('"/a\\"b%%c" -P', '/a"b%c'),
        ("/usr/bin/python -P", "/usr/bin/python"),
        ("-/usr/bin/x", "/usr/bin/x"),
        ("", ""),
    ],
)
def test_the_program_of_a_unit_is_found(command: str, program: str) -> None:
    assert service.program(command) == program


def test_install_writes_once_keeps_what_is_edited_and_uninstall_takes_it_back(
    home: Path, sticli: Run
) -> None:
    folder = home / ".config" / "systemd" / "user"
    shown = sticli("daemon", "install-service", "--dry-run")
    assert shown.returncode == 0
    assert f"# {folder / SOCKET}\n" in shown.stdout
    assert not folder.exists()
    first = sticli("daemon", "install-service")
    assert first.returncode == 0, first.stderr
    assert f"wrote {folder / SERVICE}" in first.stderr
    assert "systemctl --user enable --now sticli.socket" in first.stderr  # for it does not answer
    assert "enable-linger" in first.stderr
    assert (folder / SOCKET).read_text() in shown.stdout
    assert (home / "data").stat().st_mode & 0o777 == 0o700
    again = sticli("daemon", "install-service")
    assert again.stderr.count("as it should be") == 2
    (folder / SERVICE).write_text((folder / SERVICE).read_text() + "Nice=5\n")
    for words in (("install-service",), ("uninstall-service",)):
        refused = sticli("daemon", *words)
        assert (refused.returncode, "edited it" in refused.stderr) == (1, True)
    assert "Nice=5" in (folder / SERVICE).read_text()
    forced = sticli("daemon", "install-service", "--force", "--no-enable", "--json")
    assert json.loads(forced.stdout)["enabled"] is False
    assert "Nice=5" not in (folder / SERVICE).read_text()
    removed = json.loads(sticli("daemon", "uninstall-service", "--json").stdout)
    assert len(removed["removed"]) == 2
    assert list(folder.iterdir()) == []
    assert "no service was installed" in sticli("daemon", "uninstall-service").stderr


def test_a_setting_of_this_shell_alone_is_told(
    home: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_THREADS", "1")
    done = sticli("daemon", "install-service", "--no-enable")
    assert "STICLI_THREADS is set here and not for the service" in done.stderr


def test_systemctl_that_answers_is_asked(
    home: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool = tmp_path / "systemctl"
    tool.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    done = json.loads(sticli("daemon", "install-service", "--json").stdout)
    assert (done["enabled"], done["commands"]) == (True, [])
    assert (tmp_path / "asked").read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable --now sticli.socket",
    ]
    sticli("daemon", "uninstall-service")
    assert "--user disable --now sticli.socket sticli.service" in (tmp_path / "asked").read_text()


def test_commands_do_not_start_what_only_waits_for_a_connection(home: Path, sticli: Run) -> None:
    sticli("daemon", "install-service", "--no-enable")
    where = under(home)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.bind(str(where.socket))
        plug.listen()
        plug.setblocking(False)
        status = sticli("daemon", "status", "--json")
        assert (status.returncode, json.loads(status.stdout)["listens"]) == (3, True)
        stopped = sticli("daemon", "stop")
        assert "the next command starts the daemon" in stopped.stderr
        assert sticli("ps", "--no-autostart").returncode == 4
        assert sticli("_complete", "fish", "--", "show", "").stdout == ""
        checks = json.loads(sticli("doctor", "--json").stdout)["checks"]
        assert checks[-1]["found"].startswith("asleep")
        with pytest.raises(BlockingIOError):
            plug.accept()  # nobody has knocked
        refused = sticli("daemon", "restart", "--model", __file__)
        assert (refused.returncode, "from the settings" in refused.stderr) == (2, True)
