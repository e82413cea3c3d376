"""Which panes are on the screen: all that fit, and the one that the person is at."""

from dataclasses import dataclass, replace

PANES = ("sessions", "flash", "feed", "scheduler", "device", "events")
SIDE = frozenset({"scheduler", "device", "events"})
WIDE = 110  # columns from which the side stands beside the others
TALL = 18  # lines from which there is more than one pane
COLUMNS = [(0, "-narrow"), (WIDE, "-wide")]  # classes of a screen, by its width and height
LINES = [(0, "-short"), (TALL, "-tall")]


@dataclass(frozen=True)
class Place:
    """Where the person is; `bottom` is the pane under sessions and flash on a narrow screen."""

    at: str = "sessions"
    bottom: str = "feed"

    def to(self, name: str) -> "Place":
        return replace(self, at=name, bottom=self.bottom if name in PANES[:2] else name)

    def next(self, step: int, width: int, height: int) -> str:
        """The pane `step` further, of those that Tab leads to."""
        names = [name for name in PANES if height < TALL or name in self.shown(width, height)]
        return names[(names.index(self.at) + step) % len(names)] if self.at in names else names[0]

    def shown(self, width: int, height: int) -> frozenset[str]:
        """The panes that a screen of this size shows."""
        if height < TALL:
            return frozenset({self.at})
        if width < WIDE:
            return frozenset({"sessions", "flash", self.bottom})
        return frozenset(PANES)
