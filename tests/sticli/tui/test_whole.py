"""The dashboard at a daemon: the scripted one, and a real one that is stopped and comes back."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sticli import launch, paths
from sticli.client import Client
from sticli.protocol import Append, Flash, NewSession
from sticli.tui.dashboard import Dashboard
from sticli.watch.observer import Observer
from sticli.watch.options import Options
from tests.sticli.scripted import Script
from tests.sticli.tui.acted import Stage
from tests.sticli.tui.drawn import drawn

LOOK = 0.05  # seconds between two looks


@asynccontextmanager
async def watching(*, readonly: bool = False) -> AsyncIterator[Stage]:
    """The dashboard at the daemon of this test's home."""
    source = Observer(paths.resolve(), LOOK)
    app = Dashboard(source, Options(None, LOOK, readonly))
    async with app.run_test(size=(100, 30)) as pilot:
        yield Stage(app, pilot, source)  # type: ignore[arg-type]


async def until(on: Stage, seen: Callable[[], object]) -> None:
    """Wait for something; a test that never sees it runs into its time limit."""
    while not seen():
        await on.pilot.pause(LOOK)


def shown(on: Stage, text: str) -> Callable[[], bool]:
    return lambda: text in drawn(on.app)


async def test_keys_reach_the_scripted_daemon(script: Script) -> None:
    script.sessions = {"calm": ["one"], "ticks": ["first line", "second line"]}
    script.flash = {"ticks": {"last": {
        "session": "ticks", "id": "last", "question": "last?", "max_tokens": 8, "debounce_ms": 0,
        "exec": None, "answer": "seven", "fresh": True, "version": 1, "confidence": 1.0,
        "evaluated_at": 1.0, "device_ms": 2.0, "evaluations": 1,
    }}}  # fmt: skip
    async with watching() as on:
        await until(on, shown(on, "calm"))
        await on.press("j")  # the last, wherever it began
        await until(on, shown(on, "second line"))
        await until(on, shown(on, "seven"))
        await on.press("p")
        await until(on, lambda: script.facts.get("ticks", {}).get("pinned"))
        await until(on, shown(on, "▲ ticks"))
        await on.press("f", *"new?", "enter")
        await until(on, lambda: "q1" in script.flash["ticks"])
        await until(on, shown(on, "q1"))
        await on.press("2", "d", "y")
        await until(on, lambda: "last" not in script.flash["ticks"])
        await on.press("1", "slash", *"cal", "enter")
        await until(on, lambda: on.app.state.chosen == "calm")
        await on.press("d", "y")
        await until(on, lambda: list(script.sessions) == ["ticks"])


@contextmanager
def running(model: Path) -> Iterator[Client]:
    """A real daemon in this test's home."""
    process = launch.spawn(paths.resolve(), ("--model", str(model)))
    launch.wait(paths.resolve(), process)
    client = Client(paths.resolve().socket, 60.0)
    try:
        yield client
    finally:
        client.stop()
        client.close()
        process.wait(60.0)


async def test_a_real_daemon_that_goes_and_comes_back(home: Path, model: Path) -> None:
    async with watching() as on:
        await until(on, shown(on, "trying again"))
        with running(model) as daemon:
            for name in ("alpha", "beta"):
                daemon.new(NewSession(name))
                daemon.append(name, Append([f"line {number} of {name}" for number in range(5)]))
            await until(on, shown(on, "beta"))
            await on.press("g")  # the first, wherever it began
            await until(on, shown(on, "line 4 of alpha"))
            await on.press("f", *"what now?", "tab", "tab", *"now", "enter")
            await until(on, lambda: "the question is added" in on.told)
            await until(on, lambda: _answered(on.app.state.flashes.get("now")))
            await on.press("f", *"what now?", "enter")
            await until(on, shown(on, "has this flash question already"))
            await on.press("escape", "s", "s", "p")
            await until(on, lambda: on.app.state.sessions["alpha"].pinned)
            daemon.append("alpha", Append(["the newest"]))
            await until(on, shown(on, "the newest"))
        await until(on, shown(on, "trying again"))
        on.app.clear_notifications()
        with running(model) as daemon:
            await until(on, lambda: "the daemon is back" in on.told)
            await until(on, lambda: not on.app.desk.query_one("#banner").display)
            assert on.app.state.chosen == "alpha"
            await on.press("2", "d", "y")
            await until(on, lambda: not on.app.state.flashes)
            assert daemon.flashes("alpha") == []


def _answered(flash: Flash | None) -> bool:
    return flash is not None and flash.answer is not None
