"""How a dashboard is looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """What the person has asked for on the command line."""

    session: str | None = None  # looked at first; None: the first of them
    interval: float = 0.25  # seconds between two looks
    readonly: bool = False  # nothing is changed from here
