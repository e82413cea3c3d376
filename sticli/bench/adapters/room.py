"""What every engine of a block is given alike."""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sticli.bench.prompt import Prompter


def _thread() -> Executor:
    return ThreadPoolExecutor(1, "llama.cpp")


@dataclass(frozen=True, slots=True)
class Room:
    """The model, and how much has to fit.

    All calls of llama.cpp in this process are made on `thread`: each thread that computes brings
    helpers of its own, and where there are more of these than cores, all of them wait longer.
    """

    model: Path
    prompter: Prompter
    limit: int  # cells of a session
    sessions: int  # that have to fit at once
    seed: int
    synthetic: bool = False  # random weights
    thread: Executor = field(default_factory=_thread)

    def close(self) -> None:
        """End the thread; every engine is closed."""
        self.thread.shutdown()
