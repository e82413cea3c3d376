"""The pictures of the README: the dashboard at work on the demo's feeds, driven by keys.

`python -m tests.tour` draws them anew, with a daemon of its own.
"""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from textual.keys import _character_to_key
from textual.pilot import Pilot

from sticli.client import Client
from sticli.demo.stage import stage
from sticli.demo.world.lexicon import STATES
from sticli.demo.world.logs import Logs
from sticli.demo.world.market import Market
from sticli.form import Form
from sticli.paths import Paths
from sticli.protocol import Append, NewFlash, NewSession
from sticli.tui import app
from sticli.tui.dashboard import Dashboard
from sticli.tui.picture import svg
from sticli.watch.observer import Observer
from sticli.watch.options import Options
from tests.source import ROOT

SIZE = (110, 32)
EACH = 3.5  # seconds that a frame is shown
PAUSE = 0.9  # seconds between two lines: the model keeps up on a slow machine too
MARKET, LOGS = Market(11, 5), Logs(5, 5)

Frame = tuple[tuple[str, ...], str]  # keys or text, what is told above the picture
FRAMES: tuple[Frame, ...] = (
    ((), "sticli watch"),
    (("j",), "j: the next session, a service log"),
    (("a", *"last error?"), "a: ask it something"),
    (("enter",), "a: ask it something"),
    (("escape", "2", "enter"), "enter: all about a flash question"),
    (("escape", "3", "slash", *"ERROR", "enter"), "/: filter the feed"),
    (("escape", "question_mark"), "?: all keys and symbols"),
)


def main() -> None:
    """Draw both pictures."""
    folder = ROOT / "sticli" / "tui"
    with stage(()) as paths, fed(paths):
        app.picture(Observer(paths, 0.25, "ticks"), SIZE, folder / "watch.svg", "ticks")
        frames = asyncio.run(driven(paths))
    (folder / "tour.svg").write_text(together(frames), "utf-8")


@contextmanager
def fed(paths: Paths) -> Iterator[None]:
    """Three sessions with flash questions; lines of two come for as long as this lasts."""
    client, ended = Client(paths.socket), threading.Event()
    night = Logs(9, 4)
    for name, feed in (("ticks", MARKET), ("web", LOGS), ("night", night)):
        client.new(NewSession(name))
        client.append(name, Append([feed.line() for _ in range(40)]))
    for session, flash in flashes():
        client.add_flash(session, flash)
    client.pin("ticks", True)
    thread = threading.Thread(target=feed_on, args=(client.again(), ended))
    thread.start()
    time.sleep(20)  # until sparklines have something to draw
    yield
    ended.set()
    thread.join()


def flashes() -> Iterator[tuple[str, NewFlash]]:
    first, second = MARKET.symbols[:2]
    yield "ticks", NewFlash("which symbol traded last?", "last")
    for name in (first, second):
        yield "ticks", NewFlash(f"last price of {name}?", name.lower())
    service = LOGS.services[0]
    yield "web", NewFlash("which service failed last?", "failed")
    yield "web", NewFlash(f"how is {service}?", "state", form=Form(choices=[*STATES]))


def feed_on(client: Client, ended: threading.Event) -> None:
    while not ended.wait(PAUSE):
        client.append("ticks", Append([MARKET.line()]))
        client.append("web", Append([LOGS.line()]))


async def driven(paths: Paths) -> list[str]:
    """A picture after each step."""
    dashboard = Dashboard(Observer(paths, 0.25, "ticks"), Options("ticks"))
    async with dashboard.run_test(size=SIZE) as pilot:
        return [await seen(pilot, *frame) for frame in FRAMES]


async def seen(pilot: Pilot[None], keys: tuple[str, ...], title: str) -> str:
    await pilot.press(*(_character_to_key(key) if len(key) == 1 else key for key in keys))
    await pilot.pause(4.0)
    return svg(pilot.app, title)


def together(frames: list[str]) -> str:
    """One picture that shows the frames in turn; where nothing moves, the first."""
    box = re.search(r'viewBox="([^"]*)"', frames[0])
    assert box
    whole = EACH * len(frames)
    style = (
        f".frame {{ visibility: hidden; animation: turn {whole:g}s step-end infinite }}\n"
        f"@keyframes turn {{ 0% {{ visibility: visible }} {100 / len(frames):.4f}%"
        " { visibility: hidden } }\n"
    )
    short = [re.sub(r"terminal-\d+", f"f{n}", frame) for n, frame in enumerate(frames)]
    drawn = [short[0]]
    for number, frame in enumerate(short[1:], 1):
        drawn.append(f'<g class="frame" style="animation-delay: {number * EACH:g}s">{frame}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}">\n'
        f"<style>\n{style}</style>\n" + "\n".join(drawn) + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
