"""Folders: ours are private, and the mode of what a person named is left alone."""

import stat
from pathlib import Path

import pytest

from sticli.errors import SticliError
from sticli.paths import prepare, resolve


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    paths = resolve({"STICLI_HOME": str(tmp_path / "home")})
    paths.data.mkdir(parents=True, mode=0o755)
    prepare(paths)
    assert [mode(folder) for folder in paths.private] == [0o700] * 4


def test_a_folder_of_others_is_refused_for_the_socket_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    paths = resolve({"STICLI_HOME": str(tmp_path / "home"), "STICLI_SOCKET": str(shared / "s")})
    with pytest.raises(SticliError, match="others may enter") as caught:
        prepare(paths)
    assert caught.value.code == "permission"
    assert mode(shared) == 0o1777
    assert not paths.data.exists()
    own = shared / "mine"
    prepare(resolve({"STICLI_HOME": str(tmp_path / "home"), "STICLI_SOCKET": str(own / "s")}))
    assert mode(own) == 0o700


def test_a_link_is_no_folder_for_the_socket(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    paths = resolve({"STICLI_HOME": str(tmp_path / "h"), "STICLI_SOCKET": f"{tmp_path}/link/s"})
    with pytest.raises(SticliError, match="is a link"):
        prepare(paths)
