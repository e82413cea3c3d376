"""A simulated service log that knows the true answer to every question about itself."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sticli.demo.world import dialect, lexicon, names, phrasing
from sticli.demo.world.complaints import Complaints
from sticli.demo.world.dialect import Dialect, Record, Span
from sticli.demo.world.lexicon import LEVELS, STATES, WARNINGS
from sticli.demo.world.question import Asked, Question, pose, put, recognise
from sticli.demo.world.scribe import Scribe

SHARES: Mapping[str, float] = {
    "service_state": 24, "last_error": 14, "error_service": 12, "error_of": 10, "error_time": 6,
    "is_state": 6, "has_failed": 6, "count_errors": 5, "count_errors_of": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn once for a log that is not plain."""

    states: tuple[str, ...]
    levels: tuple[str, str, str]
    said: str  # how a state is put
    told: bool  # whether a state has a level before it
    early: bool  # whether the level stands before the service
    hosted: bool  # whether host and process are told
    complaints: tuple[str, ...]  # of warnings
    chatter: float  # shares of the lines
    errors: float
    warnings: float


PLAIN = Shape(
    STATES, LEVELS[0], "{}", False, False, False, WARNINGS[:4],
    chatter=0.0, errors=0.3, warnings=0.2,
)  # fmt: skip


class Logs:
    """A few services, one record a line: `10:02:11 auth ERROR timeout`, `... auth WARN retry` or
    `... auth up`. `held_out` draws services and phrasings that training never shows; `varied` draws
    the dialect, the messages, the states and the order of the fields as well, each on its side.
    """

    def __init__(
        self,
        seed: int,
        services: int | None = None,
        *,
        held_out: bool = False,
        varied: bool = False,
    ) -> None:
        self._rng = rng = random.Random(f"logs {seed} {held_out} {varied}")
        self._held_out = held_out
        self._scribe = Scribe(rng, held_out=held_out, varied=varied)
        self._dialect = self._scribe.dialect
        self._shape = _shape(rng, self._dialect, held_out) if varied else PLAIN
        count = services or (rng.randint(1, 10) if varied else rng.randint(4, 8))
        *told, first, second = names.services(
            rng, count + (5 if varied else 3), held_out=held_out, varied=varied
        )
        self.services: list[str] = told[:count]
        self._absent = told[count]
        self._busy = names.busy(rng, self.services) if varied else self.services
        self._messages: list[str] = list(lexicon.ONE_WORD)
        if varied:
            self._messages = names.messages(rng, rng.randint(4, 16), held_out=held_out)
        self._hosts = {name: rng.choice((first, second)) for name in told}
        self._pids = {name: str(rng.randrange(100, 32768)) for name in told}
        self._board = Complaints(rng, told, self._shape.states)
        self._told = ("", "", "")  # the service, role and text of the last line

    def line(self) -> str:
        """The next line, without its newline; the first of a CSV log may be its header."""
        name, time = self._rng.choice(self._busy), self._scribe.tick()
        if header := self._scribe.header(self._record(time, name, "INFO", "message", "")):
            return header
        level, role, text = self._said(name, time)
        self._told = name, role, text
        return self._scribe.write(self._record(time, name, level, role, text))

    @property
    def spans(self) -> list[Span]:
        """Where the fields of the last line stand: an error's message is an error, a service has no
        process, a state no words before it.
        """
        return [self._narrowed(span) for span in self._scribe.spans]

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if nothing in the log tells."""
        try:
            return self._board.answer(recognise(text, tuple(SHARES)))
        except ValueError as error:
            raise ValueError(f"not a question about a log: {error}") from None

    def ask(self) -> Question:
        """A random question that can be asked now, of a random kind."""
        return pose(self._rng, self._board, SHARES, phrasing.LOGS, held_out=self._held_out)

    def questions(self) -> list[Question]:
        """The last error, whose it was, and each state, one phrasing each."""
        asked = [Asked("last_error"), Asked("error_service")]
        asked += [Asked("service_state", name) for name in [*self.services, self._absent]]
        rng, held_out = self._rng, self._held_out
        return [put(rng, self._board, one, phrasing.LOGS, held_out=held_out) for one in asked]

    def _said(self, name: str, time: str) -> tuple[str, str, str]:
        """What a service says next: level ("" for none), role and text."""
        shape, choice = self._shape, self._rng.random()
        info, warn, error = shape.levels
        if choice < shape.errors:
            message = self._rng.choice(self._messages)
            self._board.error(name, time, message)
            return error, "error", message
        if choice < shape.errors + shape.warnings:
            return warn, "message", self._rng.choice(shape.complaints)
        if choice < shape.errors + shape.warnings + shape.chatter:
            return info, "message", self._rng.choice(lexicon.CHATTER)
        state = self._rng.choice(shape.states)
        self._board.state(name, state)
        said = state if self._dialect.named else shape.said.format(state)
        return info if shape.told else "", "state", said

    def _narrowed(self, span: Span) -> Span:
        name, role, text = self._told
        if span.role == "service":
            return replace(span, stop=span.start + len(name))
        if span.role == "state":
            return replace(span, start=span.stop - len(text.rpartition(" ")[2]))
        return replace(span, role=role) if span.role == "message" else span

    def _record(self, time: str, name: str, level: str, role: str, text: str) -> Record:
        shape, subject = self._shape, ("service", name)
        record: Record = [("time", time)]
        levels: Record = [("level", level)] if level else []
        if shape.hosted:
            host, pid = ("host", self._hosts[name]), self._pids[name]
            if self._dialect.named or self._scribe.headed:
                named = [host, subject, ("pid", pid)]
            else:
                named = [host, ("service", f"{name}[{pid}]:")]
        else:
            named = [subject]
        record += [*levels, *named] if shape.early else [*named, *levels]
        return [*record, ("message" if role == "error" else role, text)]


def _shape(rng: random.Random, form: Dialect, held_out: bool) -> Shape:
    errors, warnings = rng.uniform(0.05, 0.4), rng.uniform(0, 0.25)
    chatter = rng.choice((0.0, rng.uniform(0, 0.3)))
    return Shape(
        _states(rng, held_out), _levels(rng, held_out),
        rng.choice(("{}", "is {}", "state {}", "now {}")),
        form.form == "csv" or rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.3,
        WARNINGS, chatter, errors, warnings,
    )  # fmt: skip


def _levels(rng: random.Random, held_out: bool) -> tuple[str, str, str]:
    """The words for news, warnings and errors: in training often of different sets."""
    trained = lexicon.LEVELS + lexicon.SPELLED_LEVELS
    if not held_out and rng.random() < 0.3:
        news, warning = names.tags(rng, 2)
        return news, warning, rng.choice(trained)[2]
    if held_out or rng.random() < 0.5:
        return dialect.pick(rng, trained, lexicon.KEPT_LEVELS, held_out=held_out)
    return rng.choice(trained)[0], rng.choice(trained)[1], rng.choice(trained)[2]


def _states(rng: random.Random, held_out: bool) -> tuple[str, ...]:
    """What a service may be: in training often made-up words, that it learns to copy any."""
    if not held_out and rng.random() < 0.4:
        return names.states(rng, rng.randint(2, 5))
    return dialect.pick(rng, lexicon.STATE_SETS, lexicon.KEPT_STATE_SETS, held_out=held_out)
