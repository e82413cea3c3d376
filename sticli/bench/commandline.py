"""What the command line costs as whole processes: an answer that is there, and a file of lines."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sticli import protocol
from sticli.bench.estimate import level, ratio
from sticli.bench.feeds import LAST_SYMBOL, Trades
from sticli.bench.filling import figure
from sticli.bench.home import daemon
from sticli.bench.report import Figure
from sticli.bench.stage import Advance
from sticli.client import Client
from sticli.errors import SticliError

BLOCK = 1_000  # lines of the feed that a long file repeats
LIMIT = 120.0  # seconds after which a process hangs
FAST = 200_000.0  # lines a second


def timed(action: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def answer(model: Path, rounds: int, advance: Advance) -> Figure:
    """`sticli ask` of a fresh flash answer beside a Python that does nothing, in turn.

    Raises:
        SticliError: the daemon or the program fails.
    """
    with daemon(str(model), response_cache="0") as client:
        _prepare(client, "ticks")
        ours, floor = [], []
        for _ in range(rounds):
            ours.append(timed(lambda: _sticli(client, "ask", "ticks", LAST_SYMBOL)))
            floor.append(timed(lambda: _process([sys.executable, "-c", "pass"])))
            advance("a whole process")
    took = f"{level(ours).value * 1e3:.0f} over {level(floor).value * 1e3:.0f} ms"
    name = "`sticli ask` of a fresh flash answer, whole process, over `python3 -c pass`"
    return figure("overhead", name, ratio(ours, floor), f"{took}, {rounds} each", target=5.0)


def _prepare(client: Client, name: str) -> None:
    """A session with a fresh flash answer."""
    market = Trades(1)
    client.new(protocol.NewSession(name))
    client.append(name, protocol.Append([market.line() for _ in range(20)]))
    client.add_flash(name, protocol.NewFlash(LAST_SYMBOL, max_tokens=8, debounce_ms=0))
    end = time.monotonic() + LIMIT
    while (found := client.session(name)).pending or not client.flashes(name)[0].fresh:
        if time.monotonic() > end:
            raise SticliError(
                "timeout",
                f"no flash answer within {LIMIT:g} s: {found.state}",
                "run the bench again while the machine has less to do",
            )
        time.sleep(0.01)


def appends(model: Path, lines: int, rounds: int, durability: str, advance: Advance) -> Figure:
    """Lines a second of `sticli append`, from its start to its end, each time into a new session.

    Raises:
        SticliError: the daemon or the program fails.
    """
    found = []
    with daemon(str(model), durability=durability) as client, _file(lines) as path:
        for turn in range(rounds):
            found.append(lines / _taken(client, f"flood{turn}", path, lines))
            advance("lines through append")
    synced = durability == "full"
    name = "accepted lines/s through `append`, " + ("synced to disk" if synced else "durable")
    detail = f"{lines:,} lines, durability {durability}, the start of the program included"
    return figure("overhead", name, level(found), detail, target=FAST, least=True, unit="lines/s")


def _taken(client: Client, name: str, path: Path, lines: int) -> float:
    """Seconds until a new session holds the lines of a file."""
    seconds = timed(lambda: _append(client, name, path))
    kept = client.session(name).lines
    client.remove(name)
    if kept != lines:
        raise SticliError(
            "internal", f"{kept:,} of {lines:,} lines were accepted", "run the bench again"
        )
    return seconds


def _append(client: Client, name: str, path: Path) -> None:
    with path.open("rb") as file:
        _sticli(client, "append", "--wait", "accepted", name, file=file)


def _sticli(client: Client, *words: str, file: IO[bytes] | None = None) -> None:
    """One call of the command line, against this daemon."""
    environ = {**os.environ, "STICLI_SOCKET": str(client.path)}
    _process([sys.executable, "-P", "-m", "sticli", *words], file, environ)


def _process(
    program: Sequence[str],
    file: IO[bytes] | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    try:
        subprocess.run(
            program,
            stdin=file or subprocess.DEVNULL,
            check=True,
            capture_output=True,
            env=environ,
            timeout=LIMIT,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        told = (error.stderr or b"").decode("utf-8", "replace").strip()
        raise SticliError(
            "internal", f"a process failed: {error}. {told}", "`sticli doctor` checks what it needs"
        ) from None


@contextmanager
def _file(lines: int) -> Iterator[Path]:
    """A feed of so many lines."""
    market = Trades(9)
    block = "".join(f"{market.line()}\n" for _ in range(BLOCK)).encode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(block * (lines // BLOCK))
        file.flush()
        yield Path(file.name)
