"""A real HTTP server of the OpenAI protocol, on a real model, with a real prefix cache."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer, ThreadingUnixStreamServer
from typing import Any

import numpy as np

from sticli.bench.adapters.calls import Best, Calls
from sticli.bench.adapters.room import Room
from sticli.daemon.worker.template import SYSTEM

CELLS = 1024


@dataclass
class Manner:
    """How a server behaves; a test changes it as it goes."""

    owner: str = "vllm"
    longest: int = CELLS
    slots: int = 0
    cached: bool = True  # it has a prefix cache
    tells: bool = True  # it tells how much was in it
    lies: int = 0  # tokens that it counts too many
    failure: str = ""  # an error in the middle of the answer
    breaks: bool = False  # the connection breaks there
    leaves: str = ""  # a connection has one answer, and is closed "after" it or "later"


@dataclass
class Brain:
    """Greedy answers; what the last prompt left in the cells is its prefix cache."""

    room: Room
    manner: Manner
    asked: list[dict[str, Any]] = field(default_factory=list)  # the bodies of all requests
    held: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = self.room.thread.submit(
            Calls, self.room.model, CELLS, 1, Best(1, False)
        ).result()

    def tokens(self, body: dict[str, Any]) -> list[int]:
        """The prompt of a request."""
        prompt = body.get("prompt")
        if isinstance(prompt, list):
            return prompt
        vocabulary = self.room.prompter.vocabulary
        if prompt is not None:
            return [*vocabulary.start(), *vocabulary.encode(prompt, special=True)]
        system, user = body["messages"]
        assert system == {"role": "system", "content": SYSTEM}
        frame = self.room.prompter.frame
        return [*frame.prefix, *vocabulary.encode(user["content"]), *frame.after]

    def answer(self, prompt: list[int], most: int) -> tuple[int, list[str]]:
        """Tokens that were in the cache, and the pieces of the answer."""
        work: Future[tuple[int, list[str]]] = self.room.thread.submit(self._answer, prompt, most)
        return work.result()

    def _answer(self, prompt: list[int], most: int) -> tuple[int, list[str]]:
        same = 0
        while same < min(len(prompt) - 1, len(self.held)) and prompt[same] == self.held[same]:
            same += 1
        same *= self.manner.cached
        self.calls.cut(0, same)
        self.calls.compute(0, np.array(prompt[same:], np.int32), same)
        self.held, pieces = list(prompt), []
        while not self.room.prompter.vocabulary.ends(token := int(self.calls.logits().argmax())):
            pieces.append(self.room.prompter.vocabulary.piece(token).decode())
            if len(pieces) == most:
                break
            self.calls.compute(0, np.array([token], np.int32), len(self.held))
            self.held.append(token)
        return same, pieces


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    brain: Brain
    answered = False

    def do_GET(self) -> None:
        manner = self.brain.manner
        model = {"id": "feed", "owned_by": manner.owner, "created": 1}
        longest = {"meta": {"n_ctx": manner.longest}} if manner.slots else {}
        known: dict[str, dict[str, Any]] = {
            "/v1/models": {
                "object": "list",
                "data": [{**model, **(longest or {"max_model_len": manner.longest})}],
            },
            "/version": {"version": "0.0-test"},
            "/props": {"build_info": "b1-test", "total_slots": manner.slots},
        }
        self._whole(200, known[self.path])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.answered and self.brain.manner.leaves:
            self.close_connection = True
            return None
        self.answered = True
        self.brain.asked.append(body)
        if body["model"] != "feed":
            return self._whole(404, {"error": {"message": "no such model"}})
        manner, chat = self.brain.manner, self.path == "/v1/chat/completions"
        prompt = self.brain.tokens(body)
        cached, pieces = self.brain.answer(prompt, body["max_tokens"])
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if chat:
            self._event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        for piece in pieces:
            self._event({"choices": [{"delta": {"content": piece}} if chat else {"text": piece}]})
            if manner.failure:
                self._event({"error": {"message": manner.failure}})
            if manner.breaks:
                self.close_connection = True
                return None
        self._event({"choices": [{"text": "", "finish_reason": "stop"}]})
        self._event({"choices": [], "usage": self._usage(len(prompt), cached, len(pieces))})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")
        self.close_connection = manner.leaves == "after"
        return None

    def _usage(self, prompt: int, cached: int, count: int) -> dict[str, Any]:
        manner = self.brain.manner
        details = {"cached_tokens": cached} if manner.tells else None
        return {
            "prompt_tokens": prompt + manner.lies,
            "completion_tokens": count,
            "prompt_tokens_details": details,
        }

    def _whole(self, status: int, found: object) -> None:
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _event(self, found: object) -> None:
        self._chunk(b"data: " + json.dumps(found).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        return "test"


@contextmanager
def serving(room: Room, manner: Manner, path: Path | None = None) -> Iterator[tuple[str, Brain]]:
    """(URL, what it thinks with) of such a server; over a Unix socket if there is a path."""
    brain = Brain(room, manner)
    handler = type("Bound", (Handler,), {"brain": brain})
    server: ThreadingTCPServer | ThreadingUnixStreamServer
    if path:
        server, url = ThreadingUnixStreamServer(str(path), handler), f"unix:{path}"
    else:
        server = ThreadingTCPServer(("127.0.0.1", 0), handler)
        url = f"http://127.0.0.1:{server.server_address[1]}"
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield url, brain
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        room.thread.submit(brain.calls.close).result()
