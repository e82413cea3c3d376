"""The dashboard from outside: run it on a terminal, or have it drawn as a picture."""

import signal
from functools import partial
from pathlib import Path
from types import FrameType

from sticli.errors import SticliError
from sticli.tui.dashboard import Dashboard
from sticli.tui.picture import svg
from sticli.watch.news import Source
from sticli.watch.options import Options

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOKS = 4  # after so many there is something to see in every pane
MEASURED = 8  # after so many it is clear that nothing measures the device


def run(source: Source, options: Options) -> None:
    """Show the dashboard until the person leaves it.

    Raises:
        SystemExit: a signal or Ctrl-C ended it (128 and its number), or an error in here (1).
    """
    app = Dashboard(source, options)
    before = {number: signal.signal(number, partial(_end, app)) for number in ENDS}
    try:
        app.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if app.return_code:
        raise SystemExit(app.return_code)


def picture(source: Source, size: tuple[int, int], file: Path, session: str | None = None) -> None:
    """Draw the dashboard once, as SVG of `size` columns and lines.

    Raises:
        SticliError: there is no daemon to be seen.
        OSError: the file cannot be written.
    """
    drawn: list[str] = []
    app = Dashboard(source, Options(session=session), partial(_portray, drawn))
    app.run(headless=True, size=size)
    if not drawn:
        raise app.state.lost or SticliError("internal", "nothing was drawn", "try it again")
    file.write_text(drawn[0], "utf-8")


def _end(app: Dashboard, number: int, frame: FrameType | None) -> None:
    app.exit(return_code=128 + number)


def _portray(drawn: list[str], app: Dashboard) -> None:
    """Take the picture once all is there, the lines of the chosen session too."""
    if app.state.lost:
        app.exit()
    elif not drawn and app.looks >= LOOKS and _whole(app):
        drawn.append(svg(app, "sticli watch"))
        app.exit()


def _whole(app: Dashboard) -> bool:
    state = app.state
    session = state.sessions.get(state.chosen or "")
    if state.device.busy is None and app.looks < MEASURED:
        return False
    return bool(state.lines) or session is None or not session.lines
