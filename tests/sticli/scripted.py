"""A small daemon of the wire only: it serves a script."""

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs

from tests.sticli.script import Json, Script


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
        self.server.script.requests.append(f"{self.command} {self.path}")
        parts = self.path.partition("?")[0].strip("/").split("/")[1:]
        try:
            self._route(self.command, parts, body)
        except Refused as refused:
            self._reply(refused.body, refused.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _any

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
                self._create(body)
            case ("GET", "events"):
                self._events()
            case (_, "sessions", name, *rest):
                self._session(method, name, rest, body)
            case _:
                raise Refused(404, "not_found", self.path)

    def _create(self, body: Json) -> None:
        script, name = self.server.script, body["name"]
        if name in script.sessions:
            raise Refused(409, "exists", "exists")
        script.sessions[name] = list(script.sessions[body["source"]]) if body.get("source") else []
        known = ("system", "limit", "on_full", "tenant", "source", "at")
        script.facts[name] = {key: body[key] for key in known if body.get(key) is not None}
        self._reply(script.session(name), 201)

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
            case (_, "lines"):
                self._append(name, body) if method == "POST" else self._lines(name)
            case ("POST", "ask"):
                self._ask(name, body)
            case (_, "flash", *key):
                self._flash(method, name, key, body)
            case _:
                self._settings(method, name, rest, body)

    def _settings(self, method: str, name: str, rest: list[str], body: Json) -> None:
        script = self.server.script
        match (method, *rest):
            case ("POST", "fork"):
                self._create({**body, "source": name})
            case ("PUT", "pin"):
                script.facts.setdefault(name, {})["pinned"] = body["pinned"]
                self._reply(script.session(name))
            case ("GET", "explain"):
                self._reply(script.explain(name))
            case ("GET", "feeds"):
                self._reply(list(script.feeds.get(name, {}).values()))
            case ("PUT", "feeds", producer):
                self._reply(script.register(name, producer, body))

    def _lines(self, name: str) -> None:
        lines = self.server.script.sessions[name]
        first, limit = int(self._query("from", 1)), int(self._query("limit", len(lines)))
        self._stream(
            json.dumps({"seq": n, "version": (n + 1) // 2, "at": 0.0, "text": text})
            for n, text in enumerate(lines[first - 1 : first - 1 + limit], first)
        )

    def _append(self, name: str, body: Json) -> None:
        script = self.server.script
        script.appended = body
        if script.refuse:
            raise Refused(**script.refuse)
        with script.lock:
            key = (name, body["producer"])
            first = body["first_seq"]
            expected = script.producers.get(key, first) if body["producer"] else first
            new = body["lines"][expected - first :]
            script.sessions[name] += new
            script.producers[key] = first + len(body["lines"])
            script.heard(name, body)
            script.versions[name] = version = script.versions.get(name, 0) + bool(new)
            script.batches += 1
        settling = threading.Timer(script.settle_after, script.settle, (name, version))
        settling.daemon = True  # nobody may wait for it
        settling.start()
        if script.lose_replies:
            script.lose_replies -= 1
            self.close_connection = True
            return
        self._reply(
            {
                "accepted_seq": script.producers[key], "lines": len(script.sessions[name]),
                "version": version, "settled": script.settled.get(name, 0), "pending": 0,
                "dropped": script.facts.get(name, {}).get("dropped", 0),
            }
        )  # fmt: skip

    def _ask(self, name: str, body: Json) -> None:
        script = self.server.script
        if body.get("known") and not script.known:
            raise Refused(404, "not_fresh", "no answer is there")
        script.asked = body
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
        events = [("progress", progress) for progress in script.progress]
        if body["pieces"]:
            events += [("piece", {"text": piece}) for piece in script.pieces]
        events += [("answer", answer)]
        self._stream(
            f"event: {kind}\ndata: {json.dumps(data)}\n"
            for kind, data in events
            if kind == "progress" or self._lingers()
        )

    def _lingers(self) -> bool:
        """Wait before the answer, unless whoever asked hangs up."""
        script = self.server.script
        if select.select([self.connection], [], [], script.linger)[0]:
            script.hung_up = not self.connection.recv(1, socket.MSG_PEEK)
        script.linger = 0.0
        return not script.hung_up

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
        lines = self.server.script.sessions[name]
        decided = found[key[0]] | self.server.script.decide(lines)
        self._reply(found.pop(key[0]) if method == "DELETE" else decided)

    def _events(self) -> None:
        script = self.server.script
        newest = script.events[-1]["id"] if script.events else 1
        since = int(self._query("since", newest))

        def told() -> Any:
            known = since
            with script.lock:
                yield _event(newest, "connected", {})
                while True:
                    for event in [one for one in script.events if one["id"] > known]:
                        known = event["id"]
                        yield json.dumps(event)
                    yield _event(max(known, 1), "settled", {"settled": dict(script.settled)})
                    script.lock.wait(0.5)

        self._stream(told())

    def _query(self, name: str, default: int) -> str:
        return parse_qs(self.path.partition("?")[2]).get(name, [str(default)])[0]

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


def _event(key: int, kind: str, data: Json) -> str:
    return json.dumps({"id": key, "type": kind, "session": "", "at": 0.0, "data": data})


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
