"""The engine on llama.cpp: a context a session family, budget, plans, saved states."""

import itertools
import struct
import zlib

from sticli.daemon.engines.base import (
    Damaged,
    Exhausted,
    Output,
    Plan,
    Row,
    Scores,
    Seq,
    State,
)
from sticli.daemon.engines.family import Family
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.engines.tuning import Tuning

_HEADER = struct.Struct("<8sIIQQ")  # magic, shape of the model, checksum, tokens, payload bytes
_MAGIC = b"sticliK1"


class LlamaCpp:
    """Sequences on the CPU; `cells` of `cell_bytes` each may be reserved."""

    name = "llama.cpp"
    shares = False  # contexts do not see each other's cells, and one for all would slow each

    def __init__(
        self, model: Model, tuning: Tuning, cells: int, cell_bytes: int, detail: dict[str, str]
    ) -> None:
        self.cells = self.longest = cells
        self.cell_bytes = cell_bytes
        self.chunk = tuning.chunk
        self.rewinds = not model.recurrent
        self.slides = _slides(model, tuning)
        self.detail = detail
        self._model = model
        self._tuning = tuning
        # Flash attention lays values out differently, so it is part of a saved state's shape.
        shape = f"{cell_bytes} {model.vocabulary_size} {model.context} {tuning.flash}"
        self._shape = zlib.crc32(shape.encode())
        self._names = itertools.count(1)
        self._places: dict[Seq, tuple[Family, int]] = {}
        self._families: set[Family] = set()

    @property
    def reserved(self) -> int:
        """Cells promised to open sequences."""
        return sum(family.cells.limit for family in self._families)

    @property
    def used(self) -> int:
        """Cells that hold tokens, shared ones counted once."""
        return sum(family.cells.used for family in self._families)

    def open(self, limit: int) -> Seq:
        """A new, empty sequence that may grow, its forks included, to `limit` cells.

        Raises:
            Exhausted: the budget does not hold `limit` more cells.
        """
        family = self._start(limit)
        return self._place(family, family.add())

    def _start(self, limit: int) -> Family:
        if limit < 1:
            raise ValueError(f"a sequence of {limit} cells")
        left = self.cells - self.reserved
        if limit > left:
            raise Exhausted(f"{limit} cells asked for, {left} of {self.cells} not reserved")
        family = Family(self._model, self._tuning, limit)
        self._families.add(family)
        return family

    def _place(self, family: Family, slot: int) -> Seq:
        seq = Seq(next(self._names))
        self._places[seq] = family, slot
        return seq

    def fork(self, seq: Seq, length: int) -> Seq:
        """A sequence that shares the first `length` cells of `seq`; nothing is copied.

        Raises:
            Exhausted: no more sequences can be told apart, or as for `cut`.
        """
        family, slot = self._places[seq]
        if not 0 <= length <= family.length(slot):
            raise ValueError(f"a fork at {length} of {family.length(slot)} tokens")
        return self._place(family, family.fork(slot, length))

    def branch(self, seq: Seq, length: int, limit: int) -> Seq:
        """A sequence with a budget of its own that begins with the first `length` tokens of `seq`.

        Raises:
            Exhausted: as for `open` and `fork`; or the model keeps a state, or only a window of
                the past, so that the copy could not be taken back to an earlier length.
        """
        if not length:
            return self.open(limit)
        if self._model.recurrent or self._model.window:
            raise Exhausted("a copy of this model's cells does not reach back")
        if length > limit:
            raise Exhausted(f"{length} tokens do not fit {limit} cells")
        fork = self.fork(seq, length)
        try:
            family = self._start(limit)  # before anything is copied: the budget decides
            source, slot = self._places[fork]
            return self._fill(family, source.save(slot), length)
        finally:
            self.drop(fork)

    def _fill(self, family: Family, state: memoryview, tokens: int) -> Seq:
        """The first sequence of a new family, from a saved state; without it the family goes.

        Raises:
            Damaged: llama.cpp does not take it.
        """
        try:
            return self._place(family, family.load(state, tokens))
        except BaseException:
            self._families.remove(family)
            family.close()
            raise

    def slide(self, seq: Seq, start: int, count: int) -> None:
        """Forget `count` tokens from `start` on, and move those behind them up to their place.

        Not exact: what follows was computed while the forgotten tokens were there.

        Raises:
            ValueError: `seq` has forks, or does not hold those tokens, or the engine cannot.
            RuntimeError: it failed; the sequence is of no use any more.
        """
        family, slot = self._places[seq]
        if not self.slides:
            raise ValueError("the cells of this model cannot be moved")
        if start < 0 or count < 1 or start + count > family.length(slot):
            raise ValueError(f"a slide of {count} from {start} of {family.length(slot)} tokens")
        if family.members > 1:
            raise ValueError(f"a slide under {family.members - 1} forks")
        family.slide(slot, start, count)

    def run(self, plan: Plan) -> Output:
        """Compute every row; the sequences grow by their tokens.

        Raises:
            Exhausted: a family's cells do not hold its rows; then nothing has changed.
        """
        groups = self._groups(plan)
        scores: list[Scores | None] = [None] * len(plan.rows)
        try:
            for family, places in groups.items():
                rows = [plan.rows[place] for place in places]
                slots = [self._places[row.seq][1] for row in rows]
                for place, found in zip(places, family.decode(slots, rows), strict=True):
                    scores[place] = None if found is None else HostScores(found)
        except BaseException:
            for row in plan.rows:
                self.cut(row.seq, row.start)
            raise
        return Output(tuple(scores))

    def _groups(self, plan: Plan) -> dict[Family, list[int]]:
        """Places of the plan's rows by family, after checking that every row can run."""
        groups: dict[Family, list[int]] = {}
        if not plan.rows or len({row.seq for row in plan.rows}) < len(plan.rows):
            raise ValueError("a plan needs rows, each of another sequence")
        for place, row in enumerate(plan.rows):
            self._check(row)
            groups.setdefault(self._places[row.seq][0], []).append(place)
        for family, places in groups.items():
            need = sum(len(plan.rows[place].tokens) for place in places)
            if need > family.cells.free:
                raise Exhausted(f"{need} cells needed, {family.cells.free} free")
        return groups

    def _check(self, row: Row) -> None:
        length = self.length(row.seq)
        if row.start != length:
            raise ValueError(f"a row starts at {row.start} of {length} tokens")
        if not row.tokens or min(row.tokens) < 0 or max(row.tokens) >= self._model.vocabulary_size:
            raise ValueError("a row needs tokens of the vocabulary")

    def length(self, seq: Seq) -> int:
        """Tokens in the sequence."""
        family, slot = self._places[seq]
        return family.length(slot)

    def free(self, seq: Seq) -> int:
        """Cells that `seq` and its forks may still fill."""
        return self._places[seq][0].cells.free

    def cut(self, seq: Seq, length: int) -> None:
        """Forget what lies beyond the first `length` tokens.

        Raises:
            Exhausted: a restored sliding window does not reach back that far; nothing has changed.
        """
        family, slot = self._places[seq]
        if not 0 <= length <= family.length(slot):
            raise ValueError(f"a cut at {length} of {family.length(slot)} tokens")
        family.cut(slot, length)

    def drop(self, seq: Seq) -> None:
        """Give back the sequence's own cells; the last of a family gives back its budget."""
        family, slot = self._places.pop(seq)
        family.drop(slot)
        if not family.members:
            self._families.remove(family)
            family.close()

    def save(self, seq: Seq) -> State:
        """The sequence's state, to be loaded by the same engine with the same model."""
        family, slot = self._places[seq]
        data = family.save(slot)
        header = _HEADER.pack(_MAGIC, self._shape, zlib.crc32(data), family.length(slot), len(data))
        return b"".join((header, data))

    def load(self, data: State, tokens: int, limit: int) -> Seq:
        """A fresh sequence of `tokens` tokens from saved state.

        Raises:
            Damaged: the state does not fit this model or is cut short.
            Exhausted: as for `open`.
        """
        payload = self._unpack(data, tokens)
        if tokens > limit:
            raise Exhausted(f"{tokens} saved tokens do not fit {limit} cells")
        return self._fill(self._start(limit), payload, tokens)

    def _unpack(self, data: State, tokens: int) -> memoryview:
        """The payload, after checking everything that llama.cpp would trust."""
        if len(data) < _HEADER.size:
            raise Damaged(f"a saved state of {len(data)} bytes")
        magic, shape, checksum, count, size = _HEADER.unpack_from(data)
        payload = memoryview(data)[_HEADER.size :]
        if (magic, shape) != (_MAGIC, self._shape):
            raise Damaged("saved by another engine, or for another model")
        if (count, size) != (tokens, len(payload)):
            raise Damaged(f"holds {count} tokens in {size} bytes, not {tokens} in {len(payload)}")
        if zlib.crc32(payload) != checksum:
            raise Damaged("the checksum does not match")
        return payload

    def close(self) -> None:
        """Free the model."""
        for family in self._families:
            family.close()
        self._families.clear()
        self._places.clear()
        self._model.close()


def _slides(model: Model, tuning: Tuning) -> bool:
    """Whether sequences of this model can slide, which only a context knows."""
    family = Family(model, tuning, 1)
    try:
        return family.slides
    finally:
        family.close()
