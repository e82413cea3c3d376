"""Folders, disks and the clock, each staged as it goes wrong."""

import os
import shutil
import socket
import time
from collections import namedtuple
from pathlib import Path

import pytest

from sticli.doctor import places
from sticli.doctor.check import Check
from sticli.paths import Paths, resolve

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def where(home: Path) -> Paths:
    return resolve()


def checks(where: Paths) -> dict[str, Check]:
    return {check.name: check for check in places.checks(where)}


def test_a_home_that_is_not_there_yet_is_fine(where: Paths) -> None:
    assert {check.result for check in checks(where).values()} == {"ok"}


def test_folders_that_cannot_be_written_to(where: Paths) -> None:
    where.data.parent.mkdir(exist_ok=True)
    where.data.write_text("a file in its place")
    found = checks(where)["data"]
    assert not found.ok
    assert str(where.data) in found.advice


def test_a_folder_of_another_user(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    where.state.mkdir(parents=True)
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    found = checks(where)["state"]
    assert (found.ok, "sudo" in found.advice) == (False, True)


def test_a_socket_folder_that_others_may_enter(where: Paths) -> None:
    where.socket.parent.mkdir(mode=0o755)
    where.socket.parent.chmod(0o755)
    found = checks(where)["socket"]
    assert (found.ok, "0700" in found.advice) == (False, True)
    where.socket.parent.chmod(0o700)
    where.socket.touch()
    assert "is no socket" in checks(where)["socket"].found
    where.socket.unlink()
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(where.socket))
    where.socket.chmod(0o666)
    assert checks(where)["socket"].result == "note"


def test_a_socket_path_that_is_too_long(home: Path) -> None:
    found = checks(resolve({"STICLI_HOME": str(home), "STICLI_SOCKET": f"/{'x' * 120}"}))["socket"]
    assert (found.ok, "STICLI_SOCKET" in found.advice) == (False, True)


def test_a_disk_that_is_nearly_full(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(1 << 30, 1 << 30, 5 << 20))
    found = checks(where)["disk"]
    assert (found.ok, "5" in found.found, "make room" in found.advice) == (False, True, True)


MOUNTS = """\
22 1 259:1 / / rw - ext4 /dev/root rw
30 22 0:25 / /home rw,noatime shared:5 - nfs4 server:/home rw,vers=4.2
31 30 0:26 / /home/my\\040disk rw - xfs /dev/sdb1 rw
nonsense
"""


@pytest.mark.parametrize(
    ("folder", "kind", "ok"),
    [
        ("/home/u/.local/share", "nfs4", False),
        ("/home/my disk/data", "xfs", True),
        ("/homes", "ext4", True),
    ],
)
def test_a_journal_on_a_disk_of_the_network(folder: str, kind: str, ok: bool) -> None:
    assert places._kind(folder, MOUNTS) == kind
    assert (kind not in places.FAR) is ok


def test_a_journal_on_a_disk_of_the_network_is_said(where: Paths) -> None:
    mounts = "22 1 0:1 / / rw - nfs4 server:/ rw"
    found = places._disk(where.data, mounts)
    assert (found.ok, "XDG_DATA_HOME" in found.advice) == (False, True)
    assert places._disk(where.data, "").ok  # where nobody tells nothing is claimed


def test_a_clock_that_was_set_back(where: Paths) -> None:
    where.data.mkdir(parents=True)
    where.database.touch()
    assert checks(where)["clock"].ok
    ahead = time.time() + 3600
    os.utime(where.database, (ahead, ahead))
    found = checks(where)["clock"]
    assert (found.ok, "set back" in found.advice) == (False, True)
