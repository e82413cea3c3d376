"""llama.cpp within this process, in three ways: cells always resident, prefix reuse, stateless."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from threading import Lock
from typing import Literal, ParamSpec, TypeVar

import numpy as np

from sticli.bench.adapters.base import NAMES, Reply
from sticli.bench.adapters.calls import Calls, Tokens, best
from sticli.bench.adapters.room import Room
from sticli.bench.prompt import Context
from sticli.bench.schedule import Question
from sticli.daemon.engines.base import Logits
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker.guide import Guide, Guides
from sticli.errors import SticliError
from sticli.form import Form

Way = Literal["bare", "reuse", "stateless"]
HOW: dict[Way, str] = {
    "bare": "lines are computed as they come; a question computes its own tokens only",
    "reuse": "nothing before a question; then what differs from the last prompt of the session",
    "stateless": "nothing before a question; then its whole prompt",
}

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Slot:
    """A session: its prompt so far, and the sequence that it has for itself."""

    sequence: int
    context: Context
    lock: Lock = field(default_factory=Lock)  # of the context: lines come while questions run
    held: Tokens = field(default_factory=lambda: np.zeros(0, np.int32))  # tokens that have cells
    lines: int = 0  # in these
    grown: list[tuple[int, float]] = field(default_factory=list)
    portions: list[tuple[float, int]] = field(default_factory=list)  # when so many were computed
    failure: SticliError | None = None  # of lines that could not be computed


@dataclass(frozen=True, slots=True)
class Put:
    """A question as it is put to llama.cpp."""

    tokens: Tokens  # of the prompt; those of the question alone where the rest is resident
    lines: int  # in the prompt
    most: int  # tokens of the answer
    guide: Guide | None  # what the answer must look like
    at: float


class LlamaCpp:
    """Calls run one after the other, first come, first served.

    Raises:
        SticliError: the model does not load, or cannot be run in this way.
    """

    def __init__(self, way: Way, room: Room) -> None:
        self.name = NAMES[way]
        self._way = way
        self._room = room
        self._ended = 0.0  # when the thread was done with the last call
        self._guides = Guides(room.prompter.vocabulary)
        settings = self._do(best, room.model).result()
        count = 1 if way == "stateless" else room.sessions
        self._calls = self._do(Calls, room.model, room.limit, count, settings).result()
        self.detail: Mapping[str, str] = {"how": HOW[way], **self._calls.detail}
        self._free = list(range(count)) if way != "stateless" else [0] * room.sessions
        self._slots: dict[str, Slot] = {}
        if way == "bare" and not self._calls.rewinds:
            self.close()
            raise SticliError("model", "this model's cells cannot be taken back", "leave out bare")

    def open(self, session: str, standing: Sequence[Question] = ()) -> None:
        """A new, empty session.

        Raises:
            SticliError: there are as many as have room.
        """
        if not self._free:
            raise SticliError(
                "busy",
                f"{self.name} has room for {len(self._slots)} sessions",
                "close one before another is opened",
            )
        context = Context(self._room.prompter, self._room.limit)
        self._slots[session] = Slot(self._free.pop(), context)
        self.append(session, ())

    def append(self, session: str, lines: Sequence[str]) -> None:
        """Take lines, as tokens; `bare` goes on to compute them."""
        slot = self._slots[session]
        with slot.lock:
            slot.context.add(lines)
        if self._way == "bare":
            self._do(self._ingest, slot)

    def settle(self, session: str) -> None:
        """Wait until everything that was begun is done."""
        self._do(int).result()

    def ask(self, session: str, question: Question) -> Reply:
        """The greedy answer; the question is a list of tokens before the clock starts.

        Raises:
            SticliError: llama.cpp refuses to compute it, or to compute its session.
        """
        slot = self._slots[session]
        return self._do(self._answer, slot, self._put(slot, question)).result()

    def settled(self, session: str) -> Sequence[tuple[int, float]] | None:
        """As `bare` computed them; the others compute nothing ahead."""
        return list(self._slots[session].grown) if self._way == "bare" else None

    def drop(self, session: str) -> None:
        """Forget a session and its cells."""
        slot = self._slots.pop(session)
        self._do(self._calls.cut, slot.sequence, 0).result()
        self._free.append(slot.sequence)

    def processes(self) -> Sequence[int]:
        """This one."""
        return [os.getpid()]

    def close(self) -> None:
        """Free context and model."""
        self._do(self._calls.close).result()

    def _do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        def run() -> T:
            try:
                return work(*args, **kwargs)
            finally:
                self._ended = time.perf_counter()

        return self._room.thread.submit(run)

    def _put(self, slot: Slot, question: Question) -> Put:
        most, guide = question.max_tokens, None
        if question.choices:
            form = Form(choices=list(question.choices))
            guide = self._guides.start(form, one_line=self._room.prompter.frame.one_line)
            most = guide.need or most
        tail = np.array(slot.context.tail(question.text), np.int32)
        if self._way == "bare":
            return Put(tail, 0, most, guide, time.perf_counter())
        with slot.lock:
            lines, context = slot.context.lines, np.array(slot.context.array())
        return Put(np.concatenate([context, tail]), lines, most, guide, time.perf_counter())

    def _ingest(self, slot: Slot) -> None:
        """Compute all lines that have come, in whatever portions they came."""
        with slot.lock:
            lines, tokens = slot.context.lines, np.array(slot.context.array())
        try:
            computed = self._fill(slot, tokens)
        except SticliError as error:
            slot.failure = error
            return
        if lines > slot.lines:
            slot.lines = lines
            slot.grown.append((lines, time.perf_counter()))
            slot.portions.append((time.perf_counter(), computed))

    def _answer(self, slot: Slot, put: Put) -> Reply:
        """On an idle thread the clock starts here: to wake it is no work of llama.cpp."""
        asked = put.at if self._ended > put.at else time.perf_counter()
        if slot.failure:
            raise slot.failure
        if self._way == "bare":
            return self._beside(slot, put, asked)
        computed = self._fill(slot, put.tokens, logits=True)
        prompt = len(put.tokens)
        answer, times = self._decode(slot, put, prompt)
        slot.held = np.concatenate([put.tokens, np.array(answer[:-1], np.int32)])
        return self._reply(asked, answer, times, prompt, computed, put.lines)

    def _beside(self, slot: Slot, put: Put, asked: float) -> Reply:
        """Answer after the resident cells, and leave these as they were."""
        start, end = len(slot.held), len(slot.held) + len(put.tokens)
        waited = takewhile(lambda portion: portion[0] > put.at, reversed(slot.portions))
        computed = len(put.tokens) + sum(count for _, count in waited)
        try:
            self._calls.compute(slot.sequence, put.tokens, start)
            answer, times = self._decode(slot, put, end)
        finally:
            self._calls.cut(slot.sequence, start)
        return self._reply(asked, answer, times, end, computed, slot.lines)

    def _fill(self, slot: Slot, tokens: Tokens, *, logits: bool = False) -> int:
        """Have cells of exactly these tokens; returns how many were computed."""
        same = 0 if self._way == "stateless" else common(slot.held, tokens)
        same = min(same, len(tokens) - logits)
        if not self._calls.cut(slot.sequence, same):
            self._calls.cut(slot.sequence, same := 0)
        slot.held = tokens[:same]
        self._calls.compute(slot.sequence, tokens[same:], same, logits=logits)
        slot.held = tokens
        return len(tokens) - same

    def _decode(self, slot: Slot, put: Put, start: int) -> tuple[list[int], list[float]]:
        """The tokens of the answer, and when each of them, or its end, was known."""
        answer, times = list[int](), list[float]()
        while True:
            token = _likeliest(self._calls.logits(), put.guide)
            times.append(time.perf_counter())
            if self._over(put, answer, token):
                return answer, times
            self._calls.compute(slot.sequence, np.array([token], np.int32), start + len(answer) - 1)

    def _over(self, put: Put, answer: list[int], token: int) -> bool:
        """Whether the answer, which goes on by this token, ends with it; as in sticli."""
        prompter = self._room.prompter
        if prompter.vocabulary.ends(token):
            return True
        answer.append(token)
        if put.guide:
            put.guide.take(token)
        ended = put.guide is not None and put.guide.ended
        return ended or len(answer) >= put.most or prompter.ends(answer)

    def _reply(
        self,
        asked: float,
        answer: list[int],
        times: list[float],
        prompt: int,
        computed: int,
        lines: int,
    ) -> Reply:
        gaps = [after - before for before, after in pairwise(times)]
        return Reply(
            self._room.prompter.text(answer),
            asked,
            times[0],
            times[-1],
            prompt,
            computed,
            len(answer),
            lines,
            max(gaps, default=0.0),
        )


def _likeliest(logits: Logits, guide: Guide | None) -> int:
    """The likeliest token that may come next."""
    return HostScores(logits).pick(0, guide.allowed()).token if guide else int(logits.argmax())


def common(one: Tokens, other: Tokens) -> int:
    """How many tokens both begin with."""
    length = min(len(one), len(other))
    differ = np.flatnonzero(one[:length] != other[:length])
    return int(differ[0]) if len(differ) else length
