"""How the daemon came to run: what its clients have to know to start it again in the same way."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Origin:
    """Who started the daemon, with what, and when."""

    model: str = ""  # the file that its command line names
    activated: bool = False  # by a service manager, for a connection to a socket of its own
    at: float = field(default_factory=time.time)  # seconds since the epoch


BY_HAND = Origin()
