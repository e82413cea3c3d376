"""A small daemon of the wire only: sessions in memory, answers by script, faults on demand."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs

Json = dict[str, Any]


@dataclass
class Script:
    """What the server knows and how it misbehaves."""

    protocol: int = 1
    state: str = "live"
    pieces: list[str] = field(default_factory=lambda: ["131", ".25"])
    answer: Json = field(default_factory=dict)
    lose_replies: int = 0  # appends that are stored and then cut off before the reply
    refuse: Json | None = None  # the error of every append
    failure: Json | None = None  # why the worker is stopped
    slow: float = 0.0  # seconds before an answer
    settle_after: float = 0.0  # seconds until appended lines settle
    sessions: dict[str, list[str]] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    producers: dict[tuple[str, str], int] = field(default_factory=dict)
    flash: dict[str, dict[str, Json]] = field(default_factory=dict)
    batches: int = 0
    lock: threading.Condition = field(default_factory=threading.Condition)

    def session(self, name: str) -> Json:
        lines, version = len(self.sessions[name]), self.versions.get(name, 0)
        settled = self.settled.get(name, 0)
        return {
            "name": name, "state": self.state, "limit": 4096, "tokens": lines * 9, "lines": lines,
            "settled_lines": lines if settled == version else 0,
            "pending": 0 if settled == version else lines, "version": version,
            "settled": settled, "window_from": 1, "flash": len(self.flash.get(name, {})),
            "created": time.time(), "last_used": time.time(), "system": None,
            "on_full": "stop",
            "left_out": 0, "note": "",
        }  # fmt: skip

    def status(self) -> Json:
        return {
            "version": {"version": "0.1.0", "protocol": self.protocol, "pid": 1, "started": 0.0},
            "worker": "stopped" if self.failure else "ready", "worker_pid": None, "restarts": 0,
            "last_error": self.failure["message"] if self.failure else "", "model": None,
            "sessions": len(self.sessions), "cells": 0, "cells_reserved": 0, "cells_used": 0,
            "usage": {}, "counters": {}, "paths": {}, "failure": self.failure,
        }  # fmt: skip

    def settle(self, name: str, version: int) -> None:
        with self.lock:
            self.settled[name] = max(self.settled.get(name, 0), version)
            self.lock.notify_all()


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.body = {"error": {"code": code, "message": message, "hint": "a hint"}}


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    script: Script
    connections: list[socket.socket]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def hang_up(self) -> None:
        """End every conversation, as a process that is killed does."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else {}
        parts = self.path.partition("?")[0].strip("/").split("/")[1:]
        try:
            self._route(self.command, parts, body)
        except Refused as refused:
            self._reply(refused.body, refused.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = _any

    def _route(self, method: str, parts: list[str], body: Json) -> None:
        script = self.server.script
        match (method, *parts):
            case ("GET", "version"):
                self._reply(
                    {"version": "0.1.0", "protocol": script.protocol, "pid": 1, "started": 0.0}
                )
            case ("GET", "status"):
                self._reply(script.status())
            case ("GET", "sessions"):
                self._reply([script.session(name) for name in script.sessions])
            case ("POST", "sessions"):
                self._create(body["name"])
            case ("GET", "events"):
                self._events()
            case (_, "sessions", name, *rest):
                self._session(method, name, rest, body)
            case _:
                raise Refused(404, "not_found", self.path)

    def _create(self, name: str) -> None:
        if name in self.server.script.sessions:
            raise Refused(409, "exists", "exists")
        self.server.script.sessions[name] = []
        self._reply(self.server.script.session(name), 201)

    def _session(self, method: str, name: str, rest: list[str], body: Json) -> None:
        script = self.server.script
        if name not in script.sessions:
            raise Refused(404, "not_found", f"there is no session {name!r}")
        match (method, *rest):
            case ("GET",):
                self._reply(script.session(name))
            case ("DELETE",):
                del script.sessions[name]
                self._reply({})
            case ("POST", "lines"):
                self._append(name, body)
            case ("GET", "lines"):
                lines = script.sessions[name]
                first = int(parse_qs(self.path.partition("?")[2]).get("from", ["1"])[0])
                self._stream(
                    json.dumps({"seq": n, "version": 1, "at": 0.0, "text": text})
                    for n, text in enumerate(lines[first - 1 :], first)
                )
            case ("POST", "ask"):
                self._ask(name, body)
            case (_, "flash", *key):
                self._flash(method, name, key, body)

    def _append(self, name: str, body: Json) -> None:
        script = self.server.script
        if script.refuse:
            raise Refused(**script.refuse)
        with script.lock:
            key = (name, body["producer"])
            expected = script.producers.get(key, 0)
            new = body["lines"][expected - body["first_seq"] :]
            script.sessions[name] += new
            script.producers[key] = body["first_seq"] + len(body["lines"])
            script.versions[name] = version = script.versions.get(name, 0) + bool(new)
            script.batches += 1
        threading.Timer(script.settle_after, script.settle, (name, version)).start()
        if script.lose_replies:
            script.lose_replies -= 1
            self.close_connection = True
            return
        self._reply(
            {
                "accepted_seq": script.producers[key], "lines": len(script.sessions[name]),
                "version": version, "settled": script.settled.get(name, 0), "pending": 0,
            }
        )  # fmt: skip

    def _ask(self, name: str, body: Json) -> None:
        script = self.server.script
        time.sleep(script.slow)
        answer = {
            "session": name, "question": body["question"], "answer": "".join(script.pieces),
            "source": "live", "fresh": True, "version": 1, "lines": 1, "window_from": 1,
            "pending": 0,
            "confidence": 3.5, "cached_tokens": 90, "new_tokens": 9, "completion_tokens": 2,
            "ttft_ms": 1.0, "total_ms": 2.0, "finish_reason": "stop", "schema_version": 1,
        }  # fmt: skip
        answer |= script.answer
        if not body["stream"]:
            return self._reply(answer)
        events = [("piece", {"text": piece}) for piece in script.pieces] + [("answer", answer)]
        self._stream(f"event: {kind}\ndata: {json.dumps(data)}\n" for kind, data in events)

    def _flash(self, method: str, name: str, key: list[str], body: Json) -> None:
        found = self.server.script.flash.setdefault(name, {})
        if method == "POST":
            made = {
                **body, "session": name, "id": body["id"] or "q1", "answer": None, "fresh": False,
                "version": None, "confidence": None, "evaluated_at": None, "device_ms": None,
                "evaluations": 0,
            }  # fmt: skip
            found[made["id"]] = made
            return self._reply(made, 201)
        if not key:
            return self._reply(list(found.values()))
        if key[0] not in found:
            raise Refused(404, "not_found", f"no flash question {key[0]}")
        self._reply(found.pop(key[0]) if method == "DELETE" else found[key[0]])

    def _events(self) -> None:
        def told() -> Any:
            script = self.server.script
            with script.lock:
                for number in range(1, 1000):
                    data = {"settled": dict(script.settled)}
                    kind = "connected" if number == 1 else "settled"
                    yield json.dumps(
                        {"id": number, "type": kind, "session": "", "at": 0.0, "data": data}
                    )
                    script.lock.wait(0.5)

        self._stream(told())

    def _stream(self, lines: Any) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            data = line.encode() + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _reply(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve(place: Path, script: Script) -> Callable[[], None]:
    """Serve the script at a socket; call the result to stop."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = Server(str(place), Handler)
    server.script, server.connections = script, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()
        place.unlink(missing_ok=True)
        server.hang_up()

    return stop
