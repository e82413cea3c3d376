"""What a workload is given: the options, the model, the engines, and where findings go."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sticli.bench.adapters import catalogue
from sticli.bench.adapters.base import Adapter
from sticli.bench.prompt import Prompter
from sticli.bench.report import Figure, Report, Run
from sticli.errors import SticliError
from sticli.machine import cuda

Advance = Callable[[str], None]  # one step is done; the text says what comes next
Bar = Callable[[str, int], AbstractContextManager[Advance]]  # of a workload and its steps


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line chose; what is empty or 0 is left to the workload."""

    preset: str = ""
    engines: tuple[str, ...] = ()  # names of adapters/catalogue.py
    peers: tuple[str, ...] = ()  # NAME=URL[,key=value…] of adapters/openai.py
    contexts: tuple[int, ...] = ()  # tokens of a session when it is asked
    deltas: tuple[int, ...] = ()  # tokens that arrive between two questions
    tenants: tuple[int, ...] = ()  # sessions beside each other
    turns: tuple[int, ...] = ()  # of an agents' conversation
    rounds: int = 0  # how often everything is measured
    rate: float = 0.0  # lines a second of an open feed
    seed: int = 1
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """The model that all engines run."""

    path: Path
    name: str
    context: int  # tokens that it was trained for, or made for
    synthetic: bool  # random weights: answers mean nothing and are not compared


@dataclass(frozen=True, slots=True)
class Stage:
    """One call of the bench."""

    options: Options
    model: Subject
    prompter: Prompter
    report: Report
    bar: Bar
    _said: set[str] = field(default_factory=set)

    def record(self, run: Run) -> None:
        """Keep what an engine did."""
        self.report.runs.append(run)

    def figure(self, figure: Figure) -> None:
        """Keep a number that we are held to."""
        self.report.figures.append(figure)

    def note(self, text: str) -> None:
        """Tell the reader something, once."""
        if text not in self._said:
            self._said.add(text)
            self.report.notes.append(text)

    @contextmanager
    def engines(
        self, names: Sequence[str], limit: int, *, sessions: int = 1
    ) -> Iterator[list[Adapter]]:
        """The engines under test: those that the options name, else these; and every peer.

        `limit` is the cells of a session; `sessions` of them have to fit at once. All engines of
        one block live side by side, so that their runs can alternate.

        Raises:
            SticliError: one is unknown, cannot start, or a peer cannot be reached.
        """
        room = catalogue.Room(
            self.model.path,
            self.prompter,
            limit,
            sessions,
            self.options.seed,
            self.model.synthetic,
        )
        chosen = [*(self.options.engines or names), *self.options.peers]
        with ExitStack() as ending:
            ending.callback(room.close)
            found = []
            for name in chosen:
                found.append(adapter := catalogue.start(name, room))
                ending.callback(adapter.close)
                if adapter.name in {one.name for one in found[:-1]}:
                    why = f"two engines are called {adapter.name}"
                    raise SticliError("bad_request", why, "give each peer a name of its own")
                self.report.engines[adapter.name] = dict(adapter.detail)
            on_cpu = any(one.detail.get("gpu") == "no" for one in found)
            if on_cpu and not cuda.unfit(cuda.find()):
                self.note("sticli runs on the GPU, llama.cpp on the CPU: no fair comparison")
            yield found
