"""What a feed of numbers has told by now, and every question that follows from it."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sticli.demo.world.question import COUNTED, NONE, Asked
from sticli.demo.world.series import Bar, Series

SPANS = (2, 3, 5, 10, 20)
ABSENT = 0.14  # of the questions that name something

SHARES: Mapping[str, float] = {
    "last_value": 25, "last_name": 9, "previous_value": 7, "first_value": 6, "value_time": 5,
    "high": 11, "low": 11, "high_k": 5, "low_k": 5, "trend": 9,
    "is_up": 4, "above": 4, "count": 4, "moved_most": 3, "seen": 3,
}  # fmt: skip


@dataclass(slots=True)
class Board:
    """The numbers of each name; `names` may be asked for, some of which never come."""

    rng: random.Random
    names: Sequence[str]
    decimals: Mapping[str, int]
    series: dict[str, Series] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)
    last: str = NONE

    def tell(self, name: str, time: str, bar: Bar) -> None:
        """A line has told this."""
        if name not in self.series:
            self.series[name] = Series(self.decimals[name])
        self.series[name].add(bar)
        self.times[name], self.last = time, name

    def suggest(self, kind: str) -> Asked | None:
        """A question of this kind that can be asked now; None if there is none."""
        if kind in ("last_name", "moved_most"):
            return Asked(kind) if kind == "last_name" or self._mover() != NONE else None
        if kind == "seen":
            return Asked(kind, self._name(0.5))
        if kind in ("is_up", "above", "count", "high_k", "low_k"):
            return self._about(kind, self._known()) if self.series else None
        return Asked(kind, self._name(ABSENT))

    def answer(self, asked: Asked) -> str:
        """The true answer now; "none" if nothing has told it."""
        if asked.kind == "last_name":
            return self.last
        if asked.kind == "moved_most":
            return self._mover()
        one = self.series.get(asked.name)
        if asked.kind in ("seen", "above", "count"):
            return _UNHEARD[asked.kind] if one is None else _HEARD[asked.kind](one, asked)
        told = {"value_time": self.times, "last_size": self.sizes, "last_side": self.sides}
        if asked.kind in told:
            return told[asked.kind].get(asked.name, NONE)
        if asked.kind not in _HEARD:
            raise ValueError(f"not a question about numbers: {asked}")
        return NONE if one is None else _HEARD[asked.kind](one, asked)

    def _name(self, absent: float) -> str:
        """A name that has come or, as often as `absent` says, one that has not."""
        if not self.series or self.rng.random() < absent:
            return self.rng.choice([name for name in self.names if name not in self.series])
        return self._known()

    def _known(self) -> str:
        return self.rng.choice(list(self.series))

    def _about(self, kind: str, name: str) -> Asked | None:
        one = self.series[name]
        if kind == "count":
            return Asked(kind, name) if len(one.bars) <= COUNTED else None
        if kind == "above":
            return Asked(kind, name, value=self._threshold(one))
        if kind == "is_up":
            wanted = self.rng.choice(("up", "down"))
            fitting = [name for name, one in self.series.items() if one.trend == wanted]
            return Asked(kind, self.rng.choice(fitting) if fitting else name)
        k = self.rng.choice(SPANS)
        return Asked(kind, name, k) if k <= len(one.bars) else None

    def _threshold(self, one: Series) -> str:
        """A number near the highest, as often below as not."""
        spread = max(one.top - one.bottom, abs(one.top) // 100, 2)
        above = self.rng.random() < 0.5
        away = self.rng.randint(0, spread) if above else -self.rng.randint(1, spread)
        return one.text(one.top + away)

    def _mover(self) -> str:
        """The only name that moved most; "none" if there are several or nothing moved."""
        if len(self.series) < 2:
            return NONE
        moves = {name: one.moved for name, one in self.series.items()}
        most = max(moves.values())
        found = [name for name, moved in moves.items() if moved == most]
        return found[0] if most and len(found) == 1 else NONE


def _yes(right: bool) -> str:
    return "yes" if right else "no"


_UNHEARD = {"seen": "no", "above": "no", "count": "0"}
_HEARD: Mapping[str, Callable[[Series, Asked], str]] = {
    "last_value": lambda one, _: one.text(one.last),
    "previous_value": lambda one, _: one.text(one.bars[-2].close) if one.bars[1:] else NONE,
    "first_value": lambda one, _: one.text(one.first),
    "high": lambda one, _: one.text(one.top),
    "low": lambda one, _: one.text(one.bottom),
    "high_k": lambda one, asked: one.text(one.high(asked.k)),
    "low_k": lambda one, asked: one.text(one.low(asked.k)),
    "trend": lambda one, _: one.trend,
    "is_up": lambda one, _: _yes(one.trend == "up"),
    "above": lambda one, asked: _yes(one.been_above(asked.value)),
    "count": lambda one, _: str(len(one.bars)),
    "seen": lambda one, _: "yes",
}
