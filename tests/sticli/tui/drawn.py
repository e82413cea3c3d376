"""Screens as plain text, compared with those that were looked at and committed."""

import difflib
import os
from pathlib import Path

from textual.app import App

SCREENS = Path(__file__).parent / "screens"
REDRAW = "REDRAW_SCREENS"  # set, it writes the files anew: look at what has changed


def drawn(app: App[None]) -> str:
    """What the app shows, line by line, without colours."""
    strips = app.screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)


def same(app: App[None], name: str) -> None:
    """Fail, with the difference, where the app does not show what `screens/name.txt` holds."""
    file, now = SCREENS / f"{name}.txt", drawn(app)
    if os.environ.get(REDRAW):
        SCREENS.mkdir(exist_ok=True)
        file.write_text(now, "utf-8")
    before = file.read_text("utf-8") if file.exists() else ""
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), name, "now", lineterm="")
    assert now == before, f"{REDRAW}=1 accepts this:\n" + "\n".join(lines)
