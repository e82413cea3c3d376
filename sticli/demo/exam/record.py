"""What an evaluation writes down: every question, what came back and what was right."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from sticli.errors import SticliError, refused


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question at one point of a feed."""

    kind: str
    length: int  # tokens of feed that the column of the card is about
    text: str
    truth: str
    answer: str
    first: str  # the text of the answer's first token
    lead: float  # logits between that token and the next likeliest
    near: tuple[str, ...] = ()  # of a wrong answer: the lines that it was about

    @property
    def right(self) -> bool:
        """Whether it is exactly the truth."""
        return self.answer == self.truth


class Played(msgspec.Struct, frozen=True):
    """One feed, and all that was asked about it."""

    number: int
    held_out: bool
    sort: str  # of feed: market, logs, ...
    asked: tuple[Answered, ...]


class Source(msgspec.Struct, frozen=True):
    """The model file that was asked, and how: the first line of a file of answers."""

    name: str
    sha256: str
    size: int  # bytes
    questions: int  # at each point
    shape: dict[str, str]  # what its header says of that
    training: dict[str, str]  # and of this
    gap: float | None = None  # of decisions, that it names
    first: int = 0  # number of the first feed


class Record(msgspec.Struct, frozen=True):
    """A whole file of answers."""

    source: Source
    played: tuple[Played, ...]


def read(path: Path) -> Record:
    """The answers in a file; a last line that is cut short is none.

    Raises:
        SticliError: bad_request: it is no such file.
    """
    try:
        first, *rest = path.read_bytes().splitlines(keepends=True)
        whole = [line for line in rest if line.endswith(b"\n")]
        source = msgspec.json.decode(first, type=Source)
        return Record(source, tuple(msgspec.json.decode(one, type=Played) for one in whole))
    except OSError as error:
        raise refused(error) from None
    except (ValueError, msgspec.ValidationError) as error:
        raise SticliError(
            "bad_request", f"{path}: no answers of an evaluation: {error}", "name another file"
        ) from None


def begin(path: Path, source: Source) -> frozenset[tuple[bool, int]]:
    """Make `path` ready to be added to; the feeds that it holds already, as (held_out, number).

    Raises:
        SticliError: taken: it holds the answers of another model, or to other questions.
    """
    if not path.exists():
        path.write_bytes(msgspec.json.encode(source) + b"\n")
        return frozenset()
    found = read(path)
    if found.source != source:
        raise SticliError(
            "taken", f"{path} holds another evaluation", "name another file, or remove it"
        )
    lines = [msgspec.json.encode(one) + b"\n" for one in (source, *found.played)]
    new = path.with_suffix(".new")
    new.write_bytes(b"".join(lines))
    new.replace(path)
    return frozenset((one.held_out, one.number) for one in found.played)


def add(path: Path, played: Played) -> None:
    """Append one feed's answers."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(played) + b"\n")


def flat(played: Sequence[Played]) -> Iterator[tuple[Played, Answered]]:
    """Every question beside its feed."""
    for one in played:
        for asked in one.asked:
            yield one, asked
