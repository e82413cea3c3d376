"""Where the socket lies, by the environment."""

import os
import pwd
from pathlib import Path

import pytest

from sticli import paths
from sticli.errors import SticliError
from sticli.place import absolute, rooted, socket_path


def test_a_socket_beats_a_home_and_a_home_the_user(tmp_path: Path) -> None:
    user = {"XDG_RUNTIME_DIR": str(tmp_path)}
    home = user | {"STICLI_HOME": "/home"}
    assert socket_path(user) == f"{tmp_path}/sticli/sticli.sock"
    assert socket_path(home) == "/home/run/sticli.sock"
    assert socket_path(home | {"STICLI_SOCKET": "/a/b"}) == "/a/b"


@pytest.mark.parametrize(
    "environ",
    [
        {"STICLI_SOCKET": "./s.sock"},
        {"STICLI_SOCKET": "/a//b/./s.sock"},
        {"STICLI_SOCKET": "/a/../s.sock/"},
        {"STICLI_HOME": "./h//"},
        {"XDG_RUNTIME_DIR": "/tmp/./"},
        {"TMPDIR": "/var//tmp/"},
    ],
)
def test_however_it_is_spelt_it_is_the_same_socket(environ: dict[str, str]) -> None:
    found = socket_path(environ)
    assert found == str(Path(found)) == str(paths.resolve(environ).socket)
    assert not {"", "."} & {*found.split("/")[1:]}


def test_without_a_runtime_folder_it_is_private_under_the_temporary_one() -> None:
    name = f"sticli-{os.getuid()}/sticli.sock"
    assert socket_path({}) == f"/tmp/{name}"
    assert socket_path({"TMPDIR": "/var/tmp", "XDG_RUNTIME_DIR": "/no/such"}) == f"/var/tmp/{name}"


def test_paths_are_from_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/me")
    assert absolute("~/x") == "/me/x"
    assert absolute("x") == f"{tmp_path}/x"
    found = paths.resolve({"STICLI_HOME": "x", "STICLI_SOCKET": "~/s"})
    assert found.config_file == tmp_path / "x" / "config" / "config.toml"
    assert found.socket == Path("/me/s")
    there = rooted({"STICLI_HOME": "x", "STICLI_SOCKET": "", "A": "x"})
    assert there == {"STICLI_HOME": f"{tmp_path}/x", "STICLI_SOCKET": "", "A": "x"}


def test_a_user_without_a_home_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(SticliError, match="no home folder") as caught:
        paths.resolve({})
    assert "STICLI_HOME" in caught.value.hint
