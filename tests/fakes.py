"""An engine and a vocabulary without a model: exact, quick, strict about the contract.

The logits of a token hash every token before it, in order and with positions, so that a crossing
of sessions, a lost line or a wrong position changes every answer.
"""

import hashlib
import re
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sticli.daemon.engines.base import Damaged, Exhausted, Logits, Output, Plan, Row, Scores, Seq
from tests.fleeting import Fleeting
from tests.simulated import Clock, Price

BOS = "<s>"
CONTROLS = (BOS, "<|im_start|>", "<|im_end|>", "<|end|>", "<|answer|>", "[INST]", "[/INST]")
ENDS = ("<|im_end|>", "<|end|>")
SIZE = 256 + len(CONTROLS)
_SAVED = struct.Struct("<4sIQ")  # magic, tokens, seed


class FakeVocabulary:
    """Bytes are tokens 0-255; control tokens follow."""

    size = SIZE
    bos = BOS
    eos = "<|end|>"

    def __init__(self, template: str | None = None, *, bos: bool = True) -> None:
        self.template = template
        self._start = [256] if bos else []
        self._controls = {text: 256 + index for index, text in enumerate(CONTROLS)}
        self._split = re.compile("(" + "|".join(map(re.escape, CONTROLS)) + ")")
        self._ends = {self._controls[text] for text in ENDS}

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        if not special:
            return list(text.encode())
        tokens: list[int] = []
        for part in self._split.split(text):
            tokens += [self._controls[part]] if part in self._controls else list(part.encode())
        return tokens

    def start(self) -> list[int]:
        return list(self._start)

    def piece(self, token: int, *, special: bool = False) -> bytes:
        return bytes([token]) if token < 256 else CONTROLS[token - 256].encode() * special

    def ends(self, token: int) -> bool:
        return token in self._ends


@dataclass(slots=True)
class _Twins:
    """Families that hold one and the same cell."""

    count: int = 1


@dataclass(slots=True)
class _Cell:
    token: int
    digest: bytes  # of every token up to this one, with positions
    users: int = 1  # sequences of its family
    twins: _Twins | None = None  # None: no other family holds it


@dataclass(slots=True)
class _Family:
    limit: int
    used: int = 0
    members: int = 0


@dataclass(slots=True)
class _Sequence:
    family: _Family
    cells: list[_Cell] = field(default_factory=list)


class FakeEngine:
    """The engine contract over hashes; `price` and `clock` simulate time.

    With `shares` a branch holds the very cells of its parent, as an engine of one pool does. After
    a slide the digests stay as they were, so that answers tell it from a fresh prefill.
    """

    name = "fake"
    rewinds = True
    cell_bytes = 64

    def __init__(
        self,
        cells: int = 16384,
        *,
        seed: int = 0,
        chunk: int = 512,
        forks: int = 64,
        price: Price | None = None,
        clock: Clock | None = None,
        shares: bool = False,
        slides: bool = True,
    ) -> None:
        self.shares = shares
        self.slides = slides
        self.cells = self.longest = cells
        self.chunk = chunk
        self.detail = {"kv": "hash"}
        self.seed = seed
        self.plans: list[Plan] = []  # every plan that ran
        self.broken: set[Seq] = set()  # sequences whose rows raise
        self._forks = forks
        self._price = price or Price()
        self._clock = clock
        self._next = 0
        self._surplus = 0  # cells that a family holds and another one has been counted for
        self._sequences: dict[Seq, _Sequence] = {}

    @property
    def reserved(self) -> int:
        return sum(family.limit for family in self._families())

    @property
    def used(self) -> int:
        return sum(family.used for family in self._families()) - self._surplus

    def _families(self) -> list[_Family]:
        return list({id(item.family): item.family for item in self._sequences.values()}.values())

    def open(self, limit: int) -> Seq:
        if self.reserved + limit > self.cells:
            raise Exhausted(f"{limit} cells asked, {self.cells - self.reserved} left")
        return self._add(_Sequence(_Family(limit)))

    def _add(self, sequence: _Sequence) -> Seq:
        self._next += 1
        sequence.family.members += 1
        self._sequences[Seq(self._next)] = sequence
        return Seq(self._next)

    def fork(self, seq: Seq, length: int) -> Seq:
        parent = self._sequences[seq]
        if not 0 <= length <= len(parent.cells):
            raise ValueError(f"fork at {length} of {len(parent.cells)}")
        if parent.family.members > self._forks:
            raise Exhausted(f"{self._forks} forks")
        shared = parent.cells[:length]
        for cell in shared:
            cell.users += 1
        return self._add(_Sequence(parent.family, shared))

    def branch(self, seq: Seq, length: int, limit: int) -> Seq:
        parent = self._sequences[seq]
        if not 0 <= length <= len(parent.cells):
            raise ValueError(f"branch at {length} of {len(parent.cells)}")
        if length > limit:
            raise Exhausted(f"{length} tokens, {limit} cells")
        branch = self.open(limit)
        cells = [self._twin(cell) for cell in parent.cells[:length]]
        self._sequences[branch].cells = cells
        self._sequences[branch].family.used = length
        return branch

    def _twin(self, cell: _Cell) -> _Cell:
        """The same cell in another family, or a copy of it."""
        if not self.shares:
            return _Cell(cell.token, cell.digest)
        cell.twins = cell.twins or _Twins()
        cell.twins.count += 1
        self._surplus += 1
        return _Cell(cell.token, cell.digest, twins=cell.twins)

    def slide(self, seq: Seq, start: int, count: int) -> None:
        sequence = self._sequences[seq]
        if not self.slides or sequence.family.members > 1:
            raise ValueError("forks, or an engine that does not slide")
        if start < 0 or count < 1 or start + count > len(sequence.cells):
            raise ValueError(f"slide of {count} from {start} of {len(sequence.cells)}")
        self._release(sequence.family, sequence.cells[start : start + count])
        del sequence.cells[start : start + count]

    def run(self, plan: Plan) -> Output:
        self._check(plan)
        self.plans.append(plan)
        output = Output(tuple(self._compute(row) for row in plan.rows))
        if self._clock:
            self._clock.advance(self._price.of(plan))
        return output

    def _check(self, plan: Plan) -> None:
        if not plan.rows or len({row.seq for row in plan.rows}) != len(plan.rows):
            raise ValueError("a plan needs rows, each of another sequence")
        need: dict[int, int] = {}
        for row in plan.rows:
            sequence = self._sequences[row.seq]
            if row.start != len(sequence.cells):
                raise ValueError(f"row starts at {row.start}, sequence at {len(sequence.cells)}")
            if not row.tokens or not all(0 <= token < SIZE for token in row.tokens):
                raise ValueError("a row needs tokens of the vocabulary")
            if row.seq in self.broken:
                raise RuntimeError(f"sequence {row.seq} is broken")
            family = sequence.family
            need[id(family)] = need.get(id(family), family.used) + len(row.tokens)
            if need[id(family)] > family.limit:
                raise Exhausted(f"{need[id(family)]} cells of {family.limit}")

    def _compute(self, row: Row) -> Scores | None:
        sequence = self._sequences[row.seq]
        self._extend(sequence, row.tokens)
        if row.wants == "none":
            return None
        count = len(row.tokens) if row.wants == "all" else 1
        logits = [self._logits(cell.digest) for cell in sequence.cells[-count:]]
        now = len(self.plans)
        return Fleeting(np.stack(logits), lambda: len(self.plans) != now)

    def _extend(self, sequence: _Sequence, tokens: Sequence[int]) -> None:
        cells = sequence.cells
        digest = cells[-1].digest if cells else self.seed.to_bytes(8, "little")
        for position, token in enumerate(tokens, len(cells)):
            digest = hashlib.blake2b(
                digest + struct.pack("<iq", token, position), digest_size=16
            ).digest()
            cells.append(_Cell(token, digest))
        sequence.family.used += len(tokens)

    def _logits(self, digest: bytes) -> Logits:
        """Noise that favours letters, and ends one answer in eight after each token."""
        noise = np.random.default_rng(int.from_bytes(digest, "little"))
        logits = noise.standard_normal(SIZE, dtype=np.float32)
        logits[97:123] += 2
        if digest[0] < 32:
            logits[259] += 20
        return logits

    def length(self, seq: Seq) -> int:
        return len(self._sequences[seq].cells)

    def free(self, seq: Seq) -> int:
        family = self._sequences[seq].family
        return family.limit - family.used

    def cut(self, seq: Seq, length: int) -> None:
        sequence = self._sequences[seq]
        if not 0 <= length <= len(sequence.cells):
            raise ValueError(f"cut at {length} of {len(sequence.cells)}")
        self._release(sequence.family, sequence.cells[length:])
        del sequence.cells[length:]

    def _release(self, family: _Family, cells: list[_Cell]) -> None:
        for cell in cells:
            cell.users -= 1
            if not cell.users:
                family.used -= 1
                self._part(cell)

    def _part(self, cell: _Cell) -> None:
        """One family fewer holds a cell."""
        if cell.twins is not None:
            cell.twins.count -= 1
            self._surplus -= cell.twins.count > 0

    def drop(self, seq: Seq) -> None:
        sequence = self._sequences.pop(seq)
        sequence.family.members -= 1
        self._release(sequence.family, sequence.cells)

    def save(self, seq: Seq) -> bytes:
        cells = self._sequences[seq].cells
        tokens = array("i", [cell.token for cell in cells])
        digests = b"".join(cell.digest for cell in cells)
        body = _SAVED.pack(b"fake", len(tokens), self.seed) + tokens.tobytes() + digests
        return body + hashlib.blake2b(body, digest_size=16).digest()

    def load(self, data: bytes | bytearray, tokens: int, limit: int) -> Seq:
        body, digest = data[:-16], data[-16:]
        if hashlib.blake2b(body, digest_size=16).digest() != digest:
            raise Damaged("the state does not match its digest")
        magic, count, seed = _SAVED.unpack_from(body)
        if magic != b"fake" or count != tokens or seed != self.seed:
            raise Damaged("the state is of another model or length")
        if tokens > limit:
            raise Exhausted(f"{tokens} tokens, {limit} cells")
        seq = self.open(limit)
        middle = _SAVED.size + 4 * tokens
        digests = (body[at : at + 16] for at in range(middle, len(body), 16))
        sequence = self._sequences[seq]
        sequence.cells = list(map(_Cell, array("i", body[_SAVED.size : middle]), digests))
        sequence.family.used = tokens
        return seq

    def close(self) -> None:
        self._sequences.clear()
