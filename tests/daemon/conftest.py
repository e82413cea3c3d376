"""A front with a real store, a real socket and a scripted worker, in the test's own process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sticli.config import Settings
from sticli.daemon import front
from sticli.daemon.http import listener
from sticli.paths import Paths, make_private, resolve

SLOW = 60.0  # seconds that a busy machine may need for anything that ends
SCRIPT = Path(__file__).with_name("scripted_worker.py")


@dataclass
class Reply:
    """A response, read to its end."""

    status: int
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Http:
    """A bare HTTP client over the socket: one connection a request, streams line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=1 << 24)
        data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body else b""
        head = {"host": "x", "connection": "close", "content_length": str(len(data)), **headers}
        lines = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in head.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + data)
        return reader, writer

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        async with asyncio.timeout(SLOW):
            reader, writer = await self.open(method, path, body, **headers)
            raw = await reader.read()
            writer.close()
            await writer.wait_closed()
        head, _, rest = raw.partition(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head.lower():
            rest = unchunk(rest)
        return Reply(int(head.split()[1]), rest)

    async def ok(self, method: str, path: str, body: object = None) -> Any:
        reply = await self.call(method, path, body)
        assert reply.status < 300, reply.body
        return reply.json()


def unchunk(data: bytes) -> bytes:
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
    return body


@dataclass
class Daemon:
    """A front that serves in a task of the test's loop."""

    paths: Paths
    folder: Path  # what the scripted worker reads and notes
    settings: Settings
    http: Http
    task: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        for folder in (self.paths.socket.parent, self.paths.state, self.paths.data):
            make_private(folder)
        plug = listener.bind(self.paths.socket)
        command = (sys.executable, "-P", str(SCRIPT), str(self.folder))
        self.task = asyncio.create_task(
            front.serve(self.paths, self.settings, plug, asyncio.Event(), command)
        )

    async def stop(self) -> None:
        assert self.task
        if not self.task.done():
            await self.http.call("POST", "/v1/stop")
        await asyncio.wait_for(self.task, SLOW)

    async def append(self, name: str, *lines: str, **more: Any) -> Any:
        return await self.http.ok("POST", f"/v1/sessions/{name}/lines", {"lines": lines, **more})

    async def new(self, name: str, **more: Any) -> Any:
        return await self.http.ok("POST", "/v1/sessions", {"name": name, **more})

    async def ask(self, name: str, question: str, **more: Any) -> Any:
        body = {"question": question, **more}
        return await self.http.ok("POST", f"/v1/sessions/{name}/ask", body)

    async def session(self, name: str) -> Any:
        return await self.http.ok("GET", f"/v1/sessions/{name}")

    async def status(self) -> Any:
        return await self.http.ok("GET", "/v1/status")

    async def settled(self, name: str) -> Any:
        """The session, once everything accepted has settled."""
        return await until(lambda: self._settled(name))

    async def _settled(self, name: str) -> Any:
        session = await self.session(name)
        return session if session["state"] == "live" and session["pending"] == 0 else None

    def heard(self) -> list[str]:
        file = self.folder / "heard"
        return file.read_text().splitlines() if file.exists() else []


async def until(condition: Any, seconds: float = SLOW) -> Any:
    """The first true value of a condition, plain or asynchronous."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if value := (await found if asyncio.iscoroutine(found) else found):
                return value
            await asyncio.sleep(0.02)


@pytest.fixture
async def daemon(home: Path, tmp_path: Path) -> AsyncIterator[Daemon]:
    paths = resolve(os.environ)
    one = Daemon(paths, tmp_path, Settings(), Http(paths.socket))
    await one.start()
    yield one
    await one.stop()
