"""The engine on torch and Triton: all sequences share one pool of cells on the device."""

from collections.abc import Sequence

import torch

from sticli.daemon.engines.base import Broken, Exhausted, Output, Plan, Row, Seq, State
from sticli.daemon.engines.gpu.batch import Placed
from sticli.daemon.engines.gpu.cells import Cells, spare_blocks
from sticli.daemon.engines.gpu.graphs import Record
from sticli.daemon.engines.gpu.model import KvType, Model
from sticli.daemon.engines.gpu.passes import CHUNK, Passes
from sticli.daemon.engines.gpu.scores import split
from sticli.daemon.engines.gpu.sequence import Family
from sticli.daemon.engines.gpu.slide import move
from sticli.daemon.engines.gpu.states import States


class Gpu:
    """Sequences over `cells` cells, and `spare` blocks for what forks leave unused (0: as usual).

    Raises:
        torch.OutOfMemoryError: the device has no room for the cells.
    """

    name = "gpu"
    rewinds = True
    shares = True

    def __init__(
        self,
        model: Model,
        cells: int,
        kv_type: KvType,
        detail: dict[str, str],
        spare: int = 0,
        recorder: Record | None = None,
    ) -> None:
        shape = model.hparams
        self.cells = cells
        self.chunk = CHUNK if model.device.type == "cuda" else 512
        self.slides = not any(model.windows)  # what windows have let go could not be seen again
        self.detail = detail
        self._model = model
        self._vocabulary = shape.vocabulary
        self.longest = model.positions
        self._cells = Cells(cells, spare or spare_blocks(cells))
        self.pool = model.pool(self._cells.blocks, kv_type)
        self._passes = Passes(model, self.pool, recorder)
        self._states = States(self.pool, f"{shape.architecture} {shape.vocabulary} {shape.context}")
        self.cell_bytes = self._states.cell_bytes

    @property
    def reserved(self) -> int:
        """Cells promised to open sequences."""
        return self._cells.reserved

    @property
    def used(self) -> int:
        """Cells that hold tokens, shared ones counted once."""
        return self._cells.used

    def open(self, limit: int) -> Seq:
        """A new, empty sequence that may grow, its forks included, to `limit` cells.

        Raises:
            Exhausted: the budget does not hold `limit` more cells, or blocks are short.
        """
        return self._cells.open(limit)

    def fork(self, seq: Seq, length: int) -> Seq:
        """A sequence that shares the first `length` cells of `seq`; nothing is copied.

        Raises:
            Exhausted: blocks are short.
        """
        self._check_length(seq, length)
        return self._cells.fork(seq, length)

    def branch(self, seq: Seq, length: int, limit: int) -> Seq:
        """A sequence with a budget of its own that begins with the first `length` tokens of `seq`.

        Raises:
            Exhausted: as for `open`, or they do not fit `limit` cells.
        """
        self._check_length(seq, length)
        return self._cells.branch(seq, length, limit)

    def _check_length(self, seq: Seq, length: int) -> None:
        if not 0 <= length <= self.length(seq):
            raise ValueError(f"{length} of {self.length(seq)} tokens")

    def slide(self, seq: Seq, start: int, count: int) -> None:
        """Forget `count` tokens from `start` on, and move those behind them up to their place.

        Not exact: what follows was computed while the forgotten tokens were there.

        Raises:
            ValueError: the engine does not slide, `seq` has forks, or it lacks those tokens.
            Exhausted: blocks are short; nothing has changed.
            RuntimeError: it failed half-way; the sequence is of no use any more.
        """
        family = self._cells.sequences[seq].family
        if not self.slides:
            raise ValueError("the cells of this model cannot be moved")
        if start < 0 or count < 1 or start + count > self.length(seq):
            raise ValueError(f"a slide of {count} from {start} of {self.length(seq)} tokens")
        if family.members > 1:
            raise ValueError(f"a slide under {family.members - 1} forks")
        before, after = self._cells.slide(seq, start, count)
        move(self.pool, before, after, self._model.back(count)[0])

    def run(self, plan: Plan) -> Output:
        """Compute every row; the sequences grow by their tokens.

        Raises:
            Exhausted: a family's cells, or blocks, do not hold its rows; then nothing has changed.
            Broken: the GPU failed, and computes nothing any more for this process.
        """
        self._check(plan.rows)
        self._check_room(plan.rows)
        try:
            logits, found = self._passes.compute([self._place(row) for row in plan.rows])
            return Output(tuple(split(plan.rows, logits, found)))
        except BaseException:
            self._wait()
            for row in plan.rows:
                self._cells.cut(row.seq, row.start)
            self._cells.check()
            raise

    def _wait(self) -> None:
        """Until nothing is left under way of a pass that failed: the next one uses its memory."""
        if self._model.device.type == "cuda":
            try:
                torch.cuda.synchronize()
            except RuntimeError as error:  # whatever is asked of the GPU from now on fails so
                why, _, _ = str(error).partition("\n")
                raise Broken(f"the GPU failed: {why}") from error

    def _place(self, row: Row) -> Placed:
        """Let a row's sequence grow by its tokens."""
        runs = self._cells.append(row.seq, len(row.tokens))
        return Placed(row, runs, self._cells.sequences[row.seq].table)

    def _check(self, rows: Sequence[Row]) -> None:
        if not rows or len({row.seq for row in rows}) < len(rows):
            raise ValueError("a plan needs rows, each of another sequence")
        for row in rows:
            if row.start != self.length(row.seq):
                raise ValueError(f"a row starts at {row.start} of {self.length(row.seq)} tokens")
            if not row.tokens or row.start + len(row.tokens) > self.longest:
                raise ValueError(f"a row needs tokens, up to {self.longest} in all")
            if min(row.tokens) < 0 or max(row.tokens) >= self._vocabulary:
                raise ValueError("a row needs tokens of the vocabulary")

    def _check_room(self, rows: Sequence[Row]) -> None:
        need: dict[Family, int] = {}
        for row in rows:
            family = self._cells.sequences[row.seq].family
            need[family] = need.get(family, 0) + len(row.tokens)
        for family, count in need.items():
            if count > family.free:
                raise Exhausted(f"{count} cells needed, {family.free} free")
        blocks = sum(self._cells.blocks_for(row.seq, len(row.tokens)) for row in rows)
        if blocks > self._cells.left:
            raise Exhausted(f"{blocks} blocks needed, {self._cells.left} left")

    def length(self, seq: Seq) -> int:
        """Tokens in the sequence."""
        return self._cells.sequences[seq].length

    def free(self, seq: Seq) -> int:
        """Cells that `seq` and its forks may still fill."""
        return self._cells.sequences[seq].family.free

    def cut(self, seq: Seq, length: int) -> None:
        """Forget what lies beyond the first `length` tokens."""
        self._check_length(seq, length)
        self._cells.cut(seq, length)

    def drop(self, seq: Seq) -> None:
        """Give back the sequence's own cells; the last of a family gives back its budget."""
        self._cells.drop(seq)

    def save(self, seq: Seq) -> State:
        """The sequence's state, to be loaded by the same engine with the same model."""
        sequence = self._cells.sequences[seq]
        return self._states.pack(sequence.slots(0, sequence.length))

    def load(self, data: State, tokens: int, limit: int) -> Seq:
        """A fresh sequence of `tokens` tokens from saved state.

        Raises:
            Damaged: the state does not fit this model or is cut short.
            Exhausted: as for `open`.
        """
        payload = self._states.unpack(data, tokens)
        if tokens > limit:
            raise Exhausted(f"{tokens} saved tokens do not fit {limit} cells")
        seq = self._cells.open(limit)
        try:
            if self._cells.blocks_for(seq, tokens) > self._cells.left:
                raise Exhausted(f"{self._cells.left} blocks are left")
            self._cells.append(seq, tokens)
            self._states.fill(self._cells.sequences[seq].slots(0, tokens), payload)
        except BaseException:
            self._cells.drop(seq)
            raise
        return seq

    def check(self) -> None:
        """Count all cells anew.

        Raises:
            RuntimeError: the books do not balance.
        """
        self._cells.check()

    def close(self) -> None:
        """Free the model and the cells."""
        self._cells.sequences.clear()
        del self._model, self._passes, self.pool, self._states
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
