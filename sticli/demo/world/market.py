"""A simulated market feed that knows the true answer to every question about itself."""

import random
from dataclasses import dataclass

from sticli.demo.world import dialect, lexicon, names, phrasing
from sticli.demo.world.board import SHARES, Board
from sticli.demo.world.dialect import Record, Span
from sticli.demo.world.question import Asked, Question, pose, put, recognise
from sticli.demo.world.scribe import Scribe
from sticli.demo.world.series import Bar, Told, printed
from sticli.demo.world.walk import Walk, level

LOWEST, HIGHEST = 10_00, 999_99
SORTS = ("ticks", "ticks", "sizes", "candles", "orders")
# Training sees more of those with several numbers a line, and also sizes before prices.
MORE_SORTS = (*SORTS, "sizes", "candles", "orders", "orders")
WORDS = {
    "ticks": phrasing.TICKS, "sizes": phrasing.TICKS, "candles": phrasing.CANDLES,
    "orders": phrasing.ORDERS,
}  # fmt: skip
MORE = {
    "ticks": {}, "sizes": {"last_size": 4}, "candles": {"last_size": 3},
    "orders": {"last_size": 3, "last_side": 4},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn once for a feed that is not plain."""

    sort: str
    sides: tuple[str, ...]
    order: tuple[str, ...]  # of side, size and price, as far as a line tells them
    note: str
    noted: float  # how often a line is a correction
    repeated: float  # how often a line comes again


PLAIN = Shape("ticks", lexicon.SIDES[0], ("side", "size", "price"), "", 0.0, 0.0)


class Market:
    """Random walks of a few symbols, one trade a line: `10:02:11 ACME 131.25`.

    `held_out` draws symbols and phrasings that training never shows; `varied` draws the sort of
    record, the dialect, the scale of the prices and the pace as well.
    """

    def __init__(
        self, seed: int, symbols: int | None = None, *, held_out: bool = False, varied: bool = False
    ) -> None:
        self._rng = rng = random.Random(f"market {seed} {held_out} {varied}")
        self._held_out = held_out
        self._scribe = Scribe(rng, held_out=held_out, varied=varied)
        self._shape = _shape(rng, held_out) if varied else PLAIN
        few = rng.choice((1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 8, 12)) if varied else rng.randint(4, 8)
        count = symbols or few
        told = names.symbols(rng, count + (3 if varied else 1), held_out=held_out, varied=varied)
        self.symbols: list[str] = told[:count]
        self._absent = told[count]
        self._busy = names.busy(rng, self.symbols) if varied else self.symbols
        scales = _scales(rng, told, self._shape.sort) if varied else _plain(rng, told)
        self._walks = _walks(rng, {name: scales[name][0] for name in self.symbols}, varied)
        self._board = Board(rng, told, {name: decimals for name, (_, decimals) in scales.items()})
        self._shares = {**SHARES, **MORE[self._shape.sort]}
        self._words = WORDS[self._shape.sort]
        self._again: tuple[str, str, Bar] | None = None
        self._line = ""
        self.told: Told | None = None  # by the last line; a candle tells four

    def line(self) -> str:
        """The next line, without its newline; the first of a CSV feed may be its header."""
        if self._again and self._rng.random() < self._shape.repeated:
            self._board.tell(*self._again)
            return self._line
        name, time = self._rng.choice(self._busy), self._scribe.tick()
        bar, fields = self._record(name)
        record: Record = [("time", time), ("symbol", name), *fields]
        if header := self._scribe.header(record):
            return header
        if self._shape.sort != "candles":
            self.told = Told(name, printed(bar.close, self._board.decimals[name]))
        if self._rng.random() < self._shape.noted:
            record.append(("note", self._shape.note))
        self._again = name, time, bar
        self._board.tell(*self._again)
        for role, text in fields:
            if role in ("size", "volume"):
                self._board.sizes[name] = text
            elif role == "side":
                self._board.sides[name] = text
        self._line = self._scribe.write(record)
        return self._line

    @property
    def spans(self) -> list[Span]:
        """Where the fields of the last line stand."""
        return self._scribe.spans

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if nothing in the feed tells."""
        try:
            return self._board.answer(recognise(text, tuple(self._shares)))
        except ValueError as error:
            raise ValueError(f"not a question about a market: {error}") from None

    def ask(self) -> Question:
        """A random question that can be asked now, of a random kind."""
        held_out = self._held_out
        return pose(self._rng, self._board, self._shares, self._words, held_out=held_out)

    def questions(self) -> list[Question]:
        """Which symbol came last and where each stands, one phrasing each."""
        asked = [Asked("last_name")]
        asked += [Asked("last_value", name) for name in [*self.symbols, self._absent]]
        rng, words, held_out = self._rng, self._words, self._held_out
        return [put(rng, self._board, one, words, held_out=held_out) for one in asked]

    def _record(self, name: str) -> tuple[Bar, Record]:
        """The next record of a symbol: what it tells, and its fields after the name."""
        walk, decimals = self._walks[name], self._board.decimals[name]
        if self._shape.sort == "candles":
            bar = walk.bar(4)
            fields = [
                ("open", printed(bar.open, decimals)), ("high", printed(bar.high, decimals)),
                ("low", printed(bar.low, decimals)), ("close", printed(bar.close, decimals)),
                ("volume", _size(self._rng)),
            ]  # fmt: skip
            return bar, fields
        bar = level(walk.next())
        price = printed(bar.close, decimals)
        if self._shape.sort == "ticks":
            return bar, [("price", price)]
        told = {"price": price}
        if self._shape.sort == "orders":
            told["side"] = self._rng.choice(self._shape.sides)
        told["size"] = _size(self._rng)
        return bar, [(role, told[role]) for role in self._shape.order]


def _shape(rng: random.Random, held_out: bool) -> Shape:
    sides = dialect.pick(rng, lexicon.SIDES, lexicon.KEPT_SIDES, held_out=held_out)
    note = dialect.pick(rng, lexicon.NOTES, lexicon.KEPT_NOTES, held_out=held_out)
    if not held_out and rng.random() < 0.6:
        first, second, note = names.tags(rng, 3)
        sides = first, second
    orders = (
        ("side", "size", "price"), ("side", "price", "size"), ("price", "size", "side"),
    )  # fmt: skip
    more = (("size", "price", "side"), ("price", "side", "size"))
    trained = orders if held_out else orders + more  # what evaluation draws stays as it is
    order: tuple[str, ...] = dialect.pick(
        rng, trained, (("size", "side", "price"),), held_out=held_out
    )
    noted, repeated = rng.choice((0.0, 0.0, 0.05)), rng.choice((0.0, 0.0, 0.05))
    sort = rng.choice(SORTS if held_out else MORE_SORTS)
    if sort == "sizes":
        order = ("size", "price") if not held_out and rng.random() < 0.5 else ("price", "size")
    return Shape(sort, sides, order, note, noted, repeated)


def _walks(rng: random.Random, starts: dict[str, int], varied: bool) -> dict[str, Walk]:
    """How each symbol moves, all alike; plain prices stay between their bounds."""
    step, drift = 10 ** rng.uniform(-3, -1), rng.choice((0, 0, 0.1, -0.1)) * varied
    jumps = rng.choice((0, 0, 0.03)) * varied
    lowest, highest = (1, 10**9) if varied else (LOWEST, HIGHEST)
    return {
        name: Walk(rng, start, step, drift, jumps, lowest=lowest, highest=highest)
        for name, start in starts.items()
    }


def _plain(rng: random.Random, told: list[str]) -> dict[str, tuple[int, int]]:
    return {name: (rng.randint(20_00, 800_00), 2) for name in told}


def _scales(rng: random.Random, told: list[str], sort: str) -> dict[str, tuple[int, int]]:
    """The first price of each symbol, and its decimals: some, where they tell it from a size."""
    least = 0 if sort in ("ticks", "candles") else 1
    return {name: _scale(rng, least) for name in told}


def _scale(rng: random.Random, least: int) -> tuple[int, int]:
    """A first price between 0.0012 and 65000 with 3 to 7 digits, and its decimals."""
    price = 10 ** rng.uniform(-2.9, 4.8)
    fitting = [decimals for decimals in range(least, 5) if 100 <= price * 10**decimals < 10**7]
    decimals = rng.choice(fitting) if fitting else 4
    return max(round(price * 10**decimals), 5), decimals


def _size(rng: random.Random) -> str:
    return str(round(10 ** rng.uniform(0, 4)))
