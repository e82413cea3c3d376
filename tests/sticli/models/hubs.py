"""A hub on this machine: it tells of one repository, sends files by redirects, and may misbehave.

Its pages are on 127.0.0.1 and its storage on localhost: another host, as the real one's is.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPOSITORY = "org/tiny-GGUF"
REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Seen:
    """A request: what it asked for, and the headers that matter."""

    method: str
    path: str
    range: str
    token: str
    agent: str


@dataclass
class Hub:
    """What the hub holds and how it fails; `cuts` are bytes after which connections end."""

    files: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # sha256, where not the true one
    linked: dict[str, str] = field(default_factory=dict)  # sha256, where files are sent otherwise
    plain: set[str] = field(default_factory=set)  # files that are not in LFS
    status: int = 200
    error: str = ""
    cuts: list[int] = field(default_factory=list)
    failing: int = 0  # so many requests for bytes end in 503
    idle: bool = False  # requests for bytes get none, and no error
    ranges: bool = True
    page: bytes = b""  # what is said of the repository, where that is nonsense
    port: int = 0
    seen: list[Seen] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sha256(self, file: str) -> str:
        return self.told.get(file) or hashlib.sha256(self.files[file]).hexdigest()

    def sent(self) -> list[Seen]:
        """The requests for bytes."""
        return [one for one in self.seen if one.path.startswith("/storage/")]

    def sibling(self, file: str) -> dict[str, object]:
        size = len(self.files[file])
        lfs = {"sha256": self.sha256(file), "size": size, "pointerSize": 130}
        found = {"rfilename": file, "size": size, "blobId": "0" * 40}
        return found if file in self.plain else found | {"lfs": lfs}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Nothing: stderr is what tests look at."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path, hub = self.path.partition("?")[0], self.hub
        header = self.headers.get
        hub.seen.append(
            Seen(
                self.command,
                path,
                header("Range", ""),
                header("Authorization", ""),
                header("User-Agent", ""),
            )
        )
        if found := re.fullmatch(r"/storage/(.+)", path):
            return self._send(hub.files[found[1]])
        if hub.status != 200:
            return self._reply(hub.status, b"{}", {"X-Error-Code": hub.error})
        if path == f"/api/models/{REPOSITORY}":
            siblings = [hub.sibling(file) for file in hub.files]
            body = {"id": REPOSITORY, "sha": REVISION, "siblings": siblings}
            return self._reply(200, hub.page or json.dumps(body).encode())
        if found := re.fullmatch(rf"/{REPOSITORY}/resolve/{REVISION}/(.+)", path):
            return self._redirect(found[1])
        self._reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _redirect(self, file: str) -> None:
        headers = {
            "Location": f"http://localhost:{self.hub.port}/storage/{file}",
            "X-Repo-Commit": REVISION,
            "X-Linked-Etag": f'"{self.hub.linked.get(file) or self.hub.sha256(file)}"',
            "X-Linked-Size": str(len(self.hub.files[file])),
            "X-Xet-Hash": "f" * 64,  # as the hub has it for what is also stored by chunks
            "X-Xet-Refresh-Route": f"/api/models/{REPOSITORY}/xet-read-token/{REVISION}",
        }
        self._reply(302, b"", headers)

    def _send(self, data: bytes) -> None:
        if self.hub.failing:
            self.hub.failing -= 1
            return self._reply(503, b"")
        if self.hub.idle:
            return self._reply(200, b"")
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked or not self.hub.ranges:
            return self._reply(200, data)
        start, end = int(asked[1]), int(asked[2] or len(data) - 1) + 1
        where = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"}
        self._reply(206, data[start:end], where)

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.hub.cuts.pop(0) if self.hub.cuts and "/storage/" in self.path else len(body)
        self.wfile.write(body[:cut])
        if cut < len(body):
            self.close_connection = True


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """The hub, on a free port until the block ends."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield hub
        server.shutdown()
        thread.join()
