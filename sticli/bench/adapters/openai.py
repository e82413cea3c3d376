"""A server with an OpenAI-compatible API: each question is sent with all of its session's prompt.

What the server has seen before, it finds in its prefix cache; `probe` makes sure that it does.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from sticli.bench.adapters import probe
from sticli.bench.adapters.base import Reply
from sticli.bench.adapters.dialect import LLAMA_SERVER, PYTHON, Dialect, dialect
from sticli.bench.adapters.hearing import Hearing
from sticli.bench.adapters.peer import Peer, parse
from sticli.bench.adapters.request import Request, Writer
from sticli.bench.adapters.room import Room
from sticli.bench.adapters.warmer import Warmer
from sticli.bench.adapters.wire import Wire
from sticli.bench.prompt import Context
from sticli.bench.schedule import Question
from sticli.errors import SticliError


@dataclass(slots=True)
class Talk:
    """A session: its prompt so far, and what leads to the server."""

    context: Context
    slot: int  # of the server, where it has such
    wire: Wire  # for questions
    feed: Wire  # to warm the cache
    lock: Lock = field(default_factory=Lock)  # of the context: lines come while questions run
    warmer: Warmer | None = None


class OpenAi:
    """The server of one peer.

    Raises:
        SticliError: it cannot be reached, or has no room for the sessions.
    """

    def __init__(self, peer: Peer, room: Room) -> None:
        self.name = peer.name
        self._peer = peer
        self._room = room
        wire = Wire(peer)
        try:
            self._dialect = dialect(peer, wire)
        finally:
            wire.close()
        _check(peer, self._dialect, room)
        self._writer = Writer(peer, self._dialect, room.prompter)
        self._talks: dict[str, Talk] = {}
        self._free = [*range(room.sessions)]
        self.detail: Mapping[str, str] = _detail(peer, self._dialect)

    def open(self, session: str, standing: Sequence[Question] = ()) -> None:
        """An empty prompt of its own, and a slot; standing questions are none to such a server.

        Raises:
            SticliError: there are as many sessions as were announced.
        """
        if not self._free:
            raise SticliError(
                "busy",
                f"{self.name} has room for {len(self._talks)} sessions",
                "close one before another is opened",
            )
        context = Context(self._room.prompter, self._room.limit)
        talk = self._talks[session] = Talk(
            context, self._free.pop(0), Wire(self._peer), Wire(self._peer)
        )
        if self._peer.warm:
            talk.warmer = Warmer(lambda: self._warm(talk))

    def append(self, session: str, lines: Sequence[str]) -> None:
        """The prompt grows; the server hears of it at once if the peer is `warm`, else later."""
        talk = self._talks[session]
        with talk.lock:
            talk.context.add(lines)
        if talk.warmer:
            talk.warmer.add(len(lines))

    def settle(self, session: str) -> None:
        """Wait until a `warm` peer has been sent everything.

        Raises:
            SticliError: the server refused it.
        """
        if warmer := self._talks[session].warmer:
            warmer.wait()

    def ask(self, session: str, question: Question) -> Reply:
        """The streamed answer to the whole prompt; the clock starts when all of that is ready.

        Raises:
            SticliError: the server refuses, is gone, or counts other tokens than it was sent.
        """
        talk = self._talks[session]
        request = self._request(talk, question)
        talk.wire.ready()
        heard = _heard(talk.wire, request)
        usage = heard.usage
        prompt = usage.prompt_tokens if usage else request.tokens
        if self._peer.exact and prompt != request.tokens:
            raise SticliError(
                "internal",
                f"{self.name} counts {prompt} tokens, it was sent {request.tokens}",
                "add ,prompt=text, or start it with the very model file of the bench",
            )
        cached = usage.cached if usage else None
        return Reply(
            text="".join(heard.pieces).strip(),
            asked=talk.wire.sent,
            first=heard.first or heard.last,
            last=heard.last,
            prompt=prompt,
            computed=None if cached is None else prompt - cached,
            tokens=usage.completion_tokens if usage else len(heard.pieces),
            lines=request.lines,
            stall=heard.stall,
        )

    def settled(self, session: str) -> Sequence[tuple[int, float]] | None:
        """What a `warm` peer was sent ahead; the others compute nothing ahead."""
        warmer = self._talks[session].warmer
        return list(warmer.settled) if warmer else None

    def drop(self, session: str) -> None:
        """Forget a session; what the server keeps of it is the server's business."""
        talk = self._talks.pop(session)
        if talk.warmer:
            talk.warmer.close()
        talk.wire.close()
        talk.feed.close()
        self._free.append(talk.slot)

    def processes(self) -> Sequence[int]:
        """That of the server, where the command line says which it is."""
        return [self._peer.pid] if self._peer.pid else []

    def close(self) -> None:
        """Forget all sessions; the server stays."""
        for session in list(self._talks):
            self.drop(session)

    def _request(self, talk: Talk, question: Question | None) -> Request:
        with talk.lock:
            tokens, lines = talk.context.tokens(), talk.context.lines
        return self._writer.write(tokens, lines, talk.slot, question)

    def _warm(self, talk: Talk) -> int:
        """Have the server compute a session's prompt; returns the lines that are in it."""
        request = self._request(talk, None)
        _heard(talk.feed, request)
        return request.lines


def start(text: str, room: Room) -> OpenAi:
    """The peer that NAME=URL… describes; its prefix cache is on, if that could be found out.

    Raises:
        SticliError: it describes none, the server cannot be reached, or its cache is off.
    """
    peer = parse(text)
    adapter = OpenAi(peer, room)
    said = probe.proof(OpenAi(replace(peer, warm=False), room), room) if peer.checked else "unknown"
    adapter.detail = {**adapter.detail, "prefix cache": said}
    return adapter


def _heard(wire: Wire, request: Request) -> Hearing:
    """The answer to a request, to its end."""
    hearing = Hearing()
    for data in wire.post(request.path, request.body):
        hearing.hear(data, time.perf_counter())
    if hearing.first is None:
        raise SticliError(
            "internal",
            "the answer of the server ends before its first token",
            "see the log of the server",
        )
    return hearing


def _check(peer: Peer, dialect: Dialect, room: Room) -> None:
    """Refuse a server that cannot take the prompts, or whose sessions push each other out."""
    if peer.pid and not Path(f"/proc/{peer.pid}").exists():
        raise SticliError(
            "not_found",
            f"{peer.name}: there is no process {peer.pid}",
            "give the id of the server's process, or leave out pid",
        )
    if dialect.server == PYTHON and peer.exact:
        raise SticliError(
            "bad_request", f"{peer.name} is {PYTHON}, which takes no token ids", "add ,prompt=text"
        )
    if 0 < dialect.longest < room.limit:
        raise SticliError(
            "context_length_exceeded",
            f"{peer.name} takes {dialect.longest:,} tokens, the sessions here have {room.limit:,}",
            "start it with a longer context",
        )
    if dialect.server == LLAMA_SERVER and dialect.slots < room.sessions:
        raise SticliError(
            "budget_exceeded",
            f"{peer.name} has {dialect.slots} slots, there are {room.sessions} sessions",
            f"start it with --parallel {room.sessions}",
        )


def _detail(peer: Peer, dialect: Dialect) -> dict[str, str]:
    shown = f"{peer.api}, {'text' if peer.api == 'chat' else peer.prompt}"
    found = {
        "server": f"{dialect.server} {dialect.version}".strip(),
        "at": peer.url,
        "model": dialect.model,
        "prompts": f"{shown}, streamed answers",
        "sent": "whenever lines arrive, too" if peer.warm else "when a question is put",
    }
    if dialect.server == LLAMA_SERVER:
        found["slots"] = f"{dialect.slots}, one a session (id_slot)"
    return found
