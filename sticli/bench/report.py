"""What a run of the bench found: one JSON document, from which tables, pages and plots are made.

It holds what was measured, question by question, and derives nothing: estimate.py does.
"""

from pathlib import Path

import msgspec

from sticli.errors import SticliError, refused

SCHEMA = 1
FILE = "report.json"  # in a folder

Case = dict[str, int | float | str]  # what was varied, as {"context": 4096, "delta": 256}


class Sample(msgspec.Struct, frozen=True):
    """One question of a schedule as one engine answered it; times are seconds from its due time.

    An engine that is still busy with an earlier question of the session when one is due makes it
    wait, and that counts; an idle one is timed from when the question was really put to it.
    """

    session: str
    question: str
    answer: str = ""
    source: str = ""  # live, flash, ready, repeat: what sticli says; empty for others
    first: float = 0.0  # until the first token
    last: float = 0.0  # until the last
    stall: float = 0.0  # the longest gap between two tokens of the answer
    prompt: int = 0  # tokens of the prompt
    computed: int | None = None  # of them after the question was put; None: it does not tell
    tokens: int = 0  # of the answer
    lines: int = 0  # of the session that the answer saw
    unseen: int = 0  # lines that were due when the answer began, and are not in it
    stale: float = 0.0  # for how long the oldest of these had been due by then
    error: str = ""  # why there is no answer; the times then count for nothing


class Usage(msgspec.Struct, frozen=True):
    """What an engine's processes took during a run, and hold at its end.

    Without CPU time and memory, nobody knows its processes; without the rest, nobody counts.
    """

    wall_s: float
    cpu_s: float | None = None
    resident: int | None = None  # bytes of memory
    gpu_s: float | None = None  # utilisation × time, of all GPUs of the machine
    joules: float | None = None  # of the GPUs; where there is none, of the CPU packages
    gpu_bytes: int | None = None  # that the processes hold, where the driver tells


class Run(msgspec.Struct, frozen=True):
    """One engine over one stretch of a schedule.

    Runs of equal workload, case and round are one schedule, so their samples are pairs.
    """

    workload: str
    case: Case
    engine: str
    round: int
    samples: list[Sample]
    usage: Usage
    lag: list[float] | None = None  # of each arrival, seconds from due to being in the cache
    facts: dict[str, float] = {}


class Figure(msgspec.Struct, frozen=True):
    """One number that we are held to, or steer by."""

    workload: str
    name: str
    value: float | None  # None: it could not be had, and `detail` says why
    unit: str = "×"
    target: float | None = None
    least: bool = False  # the target is a lower bound
    low: float | None = None  # the 95 % interval of the value
    high: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none, or no value."""
        if self.target is None or self.value is None:
            return None
        return self.value >= self.target if self.least else self.value <= self.target


class Report(msgspec.Struct):
    """Everything that one call of the bench found."""

    command: str  # that made it
    started: str  # ISO 8601
    seed: int
    machine: dict[str, str]
    versions: dict[str, str]
    model: dict[str, str]
    settings: dict[str, str]
    engines: dict[str, dict[str, str]] = {}  # by name: what it is and how it is set
    notes: list[str] = []  # what a reader must know to read the figures right
    figures: list[Figure] = []
    runs: list[Run] = []
    schema_version: int = SCHEMA


def write(report: Report, path: Path) -> None:
    """Write it as JSON, whole or not at all.

    Raises:
        SticliError: the file cannot be written.
    """
    new = path.with_suffix(".new")
    try:
        new.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
        new.replace(path)
    except OSError as error:
        raise refused(error, path) from None


def read(path: Path) -> Report:
    """A report that was written: a file, or the folder that it is in.

    Raises:
        SticliError: there is none, or it is of another kind.
    """
    path = path / FILE if path.is_dir() else path
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except FileNotFoundError:
        raise SticliError(
            "not_found", f"no file {path}", "name a report.json, or the folder that holds one"
        ) from None
    except OSError as error:
        raise refused(error) from None
    except msgspec.DecodeError as error:
        raise SticliError(
            "bad_request", f"{path} is no report: {error}", "`sticli bench … --output` writes one"
        ) from None
