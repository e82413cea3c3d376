"""sticli in a daemon of its own: asked live, through flash questions, or through decisions."""

import itertools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Literal

import msgspec

from sticli import protocol
from sticli.bench import home, prompt
from sticli.bench.adapters.base import NAMES, Reply
from sticli.bench.adapters.connections import Connections
from sticli.bench.adapters.room import Room
from sticli.bench.adapters.watch import Fed, Watch
from sticli.bench.schedule import Question
from sticli.client import Client, problem
from sticli.config import Settings
from sticli.daemon.worker.window import Window
from sticli.errors import SticliError
from sticli.form import Form
from sticli.machine import cuda

Way = Literal["live", "flash", "ready"]
HOW: dict[Way, str] = {
    "live": "lines are computed as they come; every question is decoded when it is asked",
    "flash": "questions known ahead are evaluated whenever lines settle; others as in live",
    "ready": "known questions with choices are prepared whenever lines settle; others as in live",
}
PATIENCE = 600.0  # seconds that a reply, or the work on a session, may take
BRIEF = 0.005  # seconds between two looks where no event tells
SMALLER = "give smaller sizes (--context, --tenants, --quick), or run the bench again"


class Sticli:
    """A client of a fresh daemon, as any program would use it.

    Raises:
        SticliError: the daemon does not start.
    """

    def __init__(self, way: Way, room: Room) -> None:
        self.name = NAMES[way]
        self._way = way
        self._room = room
        self._window = Window(prompt.room(room.prompter, room.limit))
        self._ending = ExitStack()
        settings = _settings(room)
        self._client = self._ending.enter_context(home.daemon(str(room.model), **settings))
        self._connections = Connections(self._client.path, PATIENCE)
        self._names = itertools.count(1)
        self._sessions: dict[str, Fed] = {}
        self._watch = Watch(self._client)
        self.detail: Mapping[str, str] = {"how": HOW[way], **_detail(self._client), **settings}

    def open(self, session: str, standing: Sequence[Question] = ()) -> None:
        """A new, empty session; those of the standing questions are registered that this way has.

        Raises:
            SticliError: the daemon refuses, or the model does not hold so long a session.
        """
        fed = Fed(f"{session}.{next(self._names)}")
        self._sessions[session] = fed
        self._watch.add(fed)
        with self._connections.use() as client:
            client.new(protocol.NewSession(fed.name, limit=self._room.limit))
            while (found := client.session(fed.name)).state == "opening":
                time.sleep(BRIEF)
            if found.limit != self._room.limit:
                raise SticliError(
                    "bad_request",
                    f"a session of this model has at most {found.limit:,} cells,"
                    f" asked for are {self._room.limit:,}",
                    "give a smaller --context",
                )
            for question in self._registered(standing):
                client.add_flash(fed.name, question)

    def _registered(self, standing: Sequence[Question]) -> Iterator[protocol.NewFlash]:
        """Evaluated as soon as lines have settled, once for every text."""
        for one in {one.text: one for one in standing}.values():
            if self._way == "flash" or (self._way == "ready" and one.choices):
                yield protocol.NewFlash(
                    one.text, max_tokens=one.max_tokens, debounce_ms=0, form=_form(one)
                )

    def append(self, session: str, lines: Sequence[str]) -> None:
        """Append lines; back when the journal has them.

        Raises:
            SticliError: the daemon refuses them.
        """
        fed = self._sessions[session]
        fed.given += lines
        fed.moved = time.perf_counter()
        with self._connections.use() as client:
            fed.version = client.append(fed.name, protocol.Append(list(lines))).version

    def settle(self, session: str) -> None:
        """Wait until all lines are in the cache, and standing questions have seen them.

        Raises:
            SticliError: nothing happens for too long.
        """
        fed = self._sessions[session]
        with self._connections.use() as client:
            while not self._watch.arrived(fed, client):
                if time.perf_counter() > fed.moved + PATIENCE:
                    raise SticliError(
                        "timeout", f"{fed.name} settles no line for {PATIENCE:.0f} s", SMALLER
                    )
            limit = time.perf_counter() + PATIENCE
            while not all(map(_evaluated, client.flashes(fed.name))):
                if time.perf_counter() > limit:
                    raise SticliError(
                        "timeout",
                        f"questions of {fed.name} are not evaluated within {PATIENCE:.0f} s",
                        SMALLER,
                    )
                time.sleep(BRIEF)

    def ask(self, session: str, question: Question) -> Reply:
        """The answer, piece by piece where it may have several.

        Raises:
            SticliError: the daemon gives none, or read other tokens than the other engines.
        """
        fed = self._sessions[session]
        request = protocol.Ask(
            question.text,
            question.max_tokens,
            live=self._way == "live",
            min_version=fed.version if question.complete else None,
            stream=question.max_tokens > 1,
            form=_form(question),
        )
        with self._connections.use() as client:
            known, asked = fed.settled, time.perf_counter()
            times, answer = _answered(client, fed.name, request)
        read = answer.cached_tokens + answer.new_tokens
        self._check(fed, question, answer, read)
        begin = max(known, answer.window_from - 1)  # lines from here on it may have waited for
        waited = fed.tokens(begin, answer.lines, self._count) if question.complete else 0
        return Reply(
            answer.answer,
            asked,
            times[0],
            times[-1],
            read,
            waited + (answer.new_tokens if answer.source == "live" else 0),
            answer.completion_tokens,
            answer.lines,
            max((b - a for a, b in itertools.pairwise(times)), default=0.0),
            answer.source,
        )

    def _check(self, fed: Fed, question: Question, answer: protocol.Answer, read: int) -> None:
        """Compare the tokens of the prompt with what the bench counts for these lines."""
        prompter = self._room.prompter
        lines = fed.tokens(answer.window_from - 1, answer.lines, self._count)
        wanted = len(prompter.frame.prefix) + lines + len(prompter.tail(question.text))
        if read != wanted:
            raise SticliError(
                "internal",
                f"sticli read a prompt of {read} tokens, the bench counts {wanted}",
                "times of different work are not comparable: bench another model with --model",
            )

    def _count(self, line: str) -> int:
        """Tokens that a session reads of a line: none where it is too long for the window."""
        count = len(self._room.prompter.line(line))
        return count if self._window.holds(count) else 0

    def settled(self, session: str) -> Sequence[tuple[int, float]] | None:
        """As its events told."""
        return list(self._sessions[session].grown)

    def drop(self, session: str) -> None:
        """Remove a session."""
        fed = self._sessions.pop(session)
        self._watch.remove(fed)
        with self._connections.use() as client:
            client.remove(fed.name)

    def processes(self) -> Sequence[int]:
        """The front and the worker."""
        status = self._client.status()
        return [status.version.pid, *([status.worker_pid] if status.worker_pid else [])]

    def close(self) -> None:
        """End the daemon."""
        self._watch.end()
        self._connections.close()
        self._ending.close()
        self._watch.close()


def _settings(room: Room) -> dict[str, str]:
    """What differs from a user's daemon, and why; and what a reader of times has to know."""
    settings = {
        "response_cache": "0",  # a question that is repeated is to be computed again
        # random weights go round in loops, easy to guess
        "speculate_below": "0" if room.synthetic else str(Settings().speculate_below),
    }
    if cuda.unfit(cuda.find()):  # all sessions have to fit; on a GPU all memory is used anyway
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        settings["kv_budget_mb"] = str(memory >> 21)
    return settings


def _detail(client: Client) -> dict[str, str]:
    model = client.status().model
    return {"engine": model.engine, **model.detail} if model else {}


def _form(question: Question) -> Form | None:
    return Form(choices=list(question.choices)) if question.choices else None


def _evaluated(flash: protocol.Flash) -> bool:
    """Whether it has seen the newest lines; a decision may have been left open by them."""
    return flash.fresh or flash.lead is not None


def _answered(
    client: Client, name: str, request: protocol.Ask
) -> tuple[list[float], protocol.Answer]:
    """When something of the answer came, and the answer."""
    if not request.stream:
        answer = client.ask(name, request)
        return [time.perf_counter()], answer
    times, found = list[float](), list[protocol.Answer]()
    for kind, data in client.ask_stream(name, request):
        if kind in ("piece", "answer"):
            times.append(time.perf_counter())
        if kind == "answer":
            found.append(msgspec.json.decode(data, type=protocol.Answer))
        if kind == "error":
            raise problem(data) or SticliError(
                "internal", "the daemon failed without saying why", SMALLER
            )
    if not found:
        raise SticliError("unreachable", f"the answer about {name} broke off", SMALLER)
    return times, found[0]
