"""Hooks: one at a time, the newest event wins, none outlives its limit."""

import sys
from pathlib import Path

import pytest

from sticli.daemon import hooks
from sticli.daemon.hooks import Hook
from sticli.protocol import Event
from tests.daemon.conftest import until

SLOW_ONE = (
    "import json, pathlib, sys, time\n"
    "folder = pathlib.Path(sys.argv[1])\n"
    "key = json.load(sys.stdin)['id']\n"
    "(folder / f'{key}').touch()\n"
    "while not (folder / 'go').exists(): time.sleep(0.01)\n"
)


def event(key: int) -> Event:
    return Event(key, "answer", "s", 1.0, {})


async def test_answers_that_come_while_it_runs_are_merged_into_the_newest(tmp_path: Path) -> None:
    hook = Hook([sys.executable, "-P", "-c", SLOW_ONE, str(tmp_path)], "s/q")
    hook.fire(event(1))
    await until(lambda: (tmp_path / "1").exists())
    for key in (2, 3, 4):
        hook.fire(event(key))
    assert not (tmp_path / "2").exists()
    (tmp_path / "go").touch()
    await until(lambda: (tmp_path / "4").exists())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1", "4", "go"]
    await hook.close()


async def test_a_hook_that_hangs_is_killed_and_the_next_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "TIMEOUT", 2.0)
    hook = Hook([sys.executable, "-P", "-c", SLOW_ONE, str(tmp_path)], "s/q")
    for key in (1, 2):

        def begun(key: int = key) -> bool:
            hook.fire(event(key))  # again, should a slow machine kill it before it has begun
            return (tmp_path / str(key)).exists()

        await until(begun)
    await hook.close()


async def test_one_that_fails_is_quoted(caplog: pytest.LogCaptureFixture) -> None:
    hook = Hook(["/bin/sh", "-c", "cat > /dev/null; echo no such room >&2; exit 3"], "s/q")
    hook.fire(event(1))
    await until(lambda: "hook of s/q, sh, ended with 3: no such room" in caplog.text)
    assert caplog.records[-1].levelname == "WARNING"
    await hook.close()


async def test_a_command_that_is_not_there_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook = Hook([str(tmp_path / "none")], "s/q")
    hook.fire(event(1))
    await until(lambda: "cannot run" in caplog.text)
    await hook.close()
