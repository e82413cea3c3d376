"""What a pipeline has to remember from line to line, small enough to be kept with the lines."""

from dataclasses import dataclass

import msgspec


class Memory(msgspec.Struct, omit_defaults=True):
    """Grows with no input; a feed that is killed goes on with it."""

    lines: int = 0  # that came in
    columns: list[str] | None = None  # of the CSV file that is being read
    last: str = ""  # digest of the newest line, where repeats are collapsed
    repeats: int = 0  # of it that nobody has been told of
    sampled: int = 0  # lines that the sample was taken of
    kept: bool = True  # whether the newest of them is in it
    long: bool = False  # the line that goes on has been cut before


@dataclass
class Counts:
    """What became of lines, in one run."""

    malformed: int = 0
    filtered: int = 0
    repeated: int = 0
    sampled: int = 0  # left out of the sample
