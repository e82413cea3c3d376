"""The contract of every engine: token ids in, token ids and logits out. Text is elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NewType, Protocol

import numpy as np
from numpy.typing import NDArray

Seq = NewType("Seq", int)
Logits = NDArray[np.float32]
State = bytes | bytearray  # of a sequence; a gigabyte is not copied to change its type
Allowed = NDArray[
    np.uint8
]  # one bit a token, the lowest first; what lies beyond counts for nothing


class Progress(Protocol):
    """Hears how far a model is: bytes of its weights, and then how many of its kernels."""

    def __call__(self, done: int, total: int, what: str = "weights") -> None: ...


def unheard(done: int, total: int, what: str = "weights") -> None:
    """A `Progress` for whom nobody waits."""


class Exhausted(Exception):
    """The engine has no cells, or no sequences, left for this."""


class Damaged(Exception):
    """A saved state that cannot be loaded."""


class Broken(BaseException):
    """The engine can compute nothing any more: only another process can, so this one must end.

    It is no Exception, lest somebody take it for the failure of one row.
    """


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence's share of a pass: `tokens` at positions `start`, `start` + 1, …

    `start` must be the sequence's length. `wants` says which logits come back.
    """

    seq: Seq
    tokens: Sequence[int]
    start: int
    wants: Literal["none", "last", "all"] = "none"


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows of one pass."""

    rows: tuple[Row, ...]

    @property
    def tokens(self) -> int:
        return sum(len(row.tokens) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Pick:
    """The likeliest token among those allowed.

    `lead` is how far its logit lies above its best rival among all tokens: negative if it is not
    the best, 0.0 if that is no finite number.
    """

    token: int
    lead: float


class Scores(Protocol):
    """Logits of the tokens of a row that wanted them, wherever they lie.

    Good until the engine's next pass.
    """

    def __len__(self) -> int:
        """How many tokens of the row wanted them."""
        ...

    def pick(self, index: int, allowed: Allowed | None = None) -> Pick:
        """What would follow the wanted token `index`, counted from 0.

        Raises:
            ValueError: the logits are no finite numbers, so the computation went wrong.
        """
        ...

    def read(self) -> Logits:
        """All of them, of shape [wanted, vocabulary]; the caller's own."""
        ...

    def kept(self) -> "Scores":
        """Those of the last token, good for as long as somebody holds them."""
        ...


@dataclass(frozen=True, slots=True)
class Output:
    """One entry a row of the plan: None where it wanted nothing."""

    scores: tuple[Scores | None, ...]

    @property
    def logits(self) -> tuple[Logits | None, ...]:
        """All of them read: where time does not count."""
        return tuple(None if item is None else item.read() for item in self.scores)


class Engine(Protocol):
    """Sequences of cells and the passes that fill them; used from one thread only."""

    name: str
    cells: int  # the budget: cells that sessions may reserve together
    longest: int  # the most tokens that one sequence may hold
    chunk: int  # the most tokens one pass computes well; a plan may hold more
    cell_bytes: int  # memory of one cell
    rewinds: bool  # whether a fork or cut at an earlier length is free; else it computes again
    shares: bool  # whether `branch` shares cells; else it copies them
    slides: bool  # whether `slide` works
    detail: dict[str, str]  # settings worth showing: calibration, build

    @property
    def reserved(self) -> int:
        """Cells promised to open sequences."""
        ...

    @property
    def used(self) -> int:
        """Cells that hold tokens, shared ones counted once."""
        ...

    def open(self, limit: int) -> Seq:
        """A new, empty sequence that may grow, its forks included, to `limit` cells.

        Raises:
            Exhausted: the budget does not hold `limit` more cells.
        """
        ...

    def fork(self, seq: Seq, length: int) -> Seq:
        """A sequence that shares the first `length` cells of `seq`; nothing is copied.

        Raises:
            Exhausted: no more sequences can be told apart, or `seq` was loaded from a state that
                does not reach back to `length` (sliding windows, recurrent models).
        """
        ...

    def branch(self, seq: Seq, length: int, limit: int) -> Seq:
        """A sequence with a budget of its own that begins with the first `length` tokens of `seq`.

        Unlike a fork it lives on by itself: neither slows the other down, or takes its cells.

        Raises:
            Exhausted: as for `open` and `fork`; or a copy of this model's cells would not reach
                back to an earlier length. Nothing is left of the attempt.
        """
        ...

    def slide(self, seq: Seq, start: int, count: int) -> None:
        """Forget `count` tokens from `start` on, and move those behind them up to their place.

        Not exact: what follows was computed while the forgotten tokens were there.

        Raises:
            ValueError: the engine does not slide, `seq` has forks, or it lacks those tokens.
            RuntimeError: it failed half-way; the sequence is of no use any more.
        """
        ...

    def run(self, plan: Plan) -> Output:
        """Compute every row; the sequences grow by their tokens.

        Raises:
            Exhausted: a family's cells do not hold its rows; then nothing has changed.
            Broken: the engine is of no use any more.
        """
        ...

    def length(self, seq: Seq) -> int:
        """Tokens in the sequence."""
        ...

    def free(self, seq: Seq) -> int:
        """Cells that `seq` and its forks may still fill."""
        ...

    def cut(self, seq: Seq, length: int) -> None:
        """Forget what lies beyond the first `length` tokens.

        Raises:
            Exhausted: `seq` was loaded from a state that does not reach back; nothing has changed.
        """
        ...

    def drop(self, seq: Seq) -> None:
        """Give back the sequence's own cells; the last of a family gives back its budget."""
        ...

    def save(self, seq: Seq) -> State:
        """The sequence's state, to be loaded by the same engine with the same model."""
        ...

    def load(self, data: State, tokens: int, limit: int) -> Seq:
        """A fresh sequence of `tokens` tokens from saved state.

        Raises:
            Damaged: the state does not fit this model or is cut short.
            Exhausted: as for `open`.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


class Vocabulary(Protocol):
    """Text and token ids of a model."""

    size: int
    template: str | None  # the model's own chat template (Jinja)
    bos: str  # text of the beginning-of-sequence token, may be empty
    eos: str

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids; with `special`, control tokens written in the text are taken as such.

        Never adds a beginning-of-sequence token.
        """
        ...

    def start(self) -> list[int]:
        """What must stand ahead of everything: the beginning-of-sequence token, or nothing."""
        ...

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes that a token stands for; nothing for control tokens, or, `special`, a name."""
        ...

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        ...
