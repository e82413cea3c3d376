"""Where we stand, as ratios measured in one run: `python -m sticli.bench.ratios`.

Each pair of timings alternates, so that a noisy machine weighs on both sides alike.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sticli import protocol
from sticli.bench.bare import Bare, bare, seconds
from sticli.bench.home import daemon
from sticli.client import Client
from sticli.demo.market import Market

QUESTION = "which symbol traded last?"
LINE = 14  # tokens of a line of the feed, at most


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report."""

    name: str
    value: str
    target: str
    detail: str


def median(values: list[float]) -> float:
    return statistics.median(values)


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def feed(seed: int) -> Iterator[str]:
    market = Market(seed)
    while True:
        yield market.line()


def fill(client: Client, name: str, tokens: int, seed: int) -> protocol.Session:
    """A session that holds about `tokens` tokens, all settled."""
    client.new(protocol.NewSession(name))
    source = feed(seed)
    session = client.session(name)
    while session.tokens < tokens:
        lines = [next(source) for _ in range(8)]
        client.append(name, protocol.Append(lines))
        session = settled(client, name)
    return session


def settled(client: Client, name: str) -> protocol.Session:
    """The session once everything accepted is in its cache."""
    while (session := client.session(name)).pending and session.state != "full":
        time.sleep(0.002)
    return session


def ask_over_bare(client: Client, engine: Bare, name: str, rounds: int) -> Figure:
    request = protocol.Ask(QUESTION, max_tokens=1, live=True)
    answer = client.ask(name, request)
    held = client.session(name).tokens
    tokens = engine.encode("\n".join(line for line, _ in zip(feed(1), range(held), strict=False)))
    engine.prefill(tokens[:held], 0)
    tail = tokens[: answer.new_tokens]
    ours, floor = [], []
    for _ in range(rounds):
        ours.append(timed(lambda: client.ask(name, request)))
        floor.append(seconds(engine, tail, held))
    ratio = median([a / b for a, b in zip(ours, floor, strict=True)])
    detail = (
        f"{median(ours) * 1e3:.2f} ms over {median(floor) * 1e3:.2f} ms bare, "
        f"{answer.new_tokens} tokens on {held} cells"
    )
    return Figure("ask over the bare engine", f"{ratio:.2f}", "≤ 1.10", detail)


def neighbours(client: Client, name: str, tokens: int, rounds: int) -> Figure:
    """Alone means: before the others were filled; both halves alternate with a bare call nearby."""
    request = protocol.Ask(QUESTION, max_tokens=1, live=True)
    alone = [timed(lambda: client.ask(name, request)) for _ in range(rounds)]
    for n in range(8):
        fill(client, f"n{n}", tokens, seed=100 + n)
    among = [timed(lambda: client.ask(name, request)) for _ in range(rounds)]
    ratio = median(among) / median(alone)
    return Figure(
        "ask among 8 resident sessions, over alone",
        f"{ratio:.2f}",
        "≤ 1.05",
        f"{median(among) * 1e3:.2f} over {median(alone) * 1e3:.2f} ms, {tokens} cells each",
    )


def ingest_over_bare(client: Client, engine: Bare, tokens: int, rounds: int) -> Figure:
    """Bulk ingest, from the append to the settled version, against one bare prefill."""
    ratios = []
    for n in range(rounds):
        name = f"bulk{n}"
        client.new(protocol.NewSession(name))
        text = [line for line, _ in zip(feed(n), range(tokens // LINE), strict=False)]
        batch = protocol.Append(text)

        def ingest(name: str = name, batch: protocol.Append = batch) -> None:
            client.append(name, batch)
            settled(client, name)

        ours = timed(ingest)
        ids = engine.encode("\n".join(text))[: client.session(name).tokens]
        engine.forget(0)
        ratios.append(timed(lambda ids=ids: engine.prefill(ids, 0)) / ours)  # type: ignore[misc]
        client.remove(name)
    return Figure(
        "ingest tokens/s over bare prefill",
        f"{median(ratios):.2f}",
        "≥ 0.95",
        f"about {tokens} tokens at once",
    )


def flash_hits(client: Client, name: str, rounds: int) -> Figure:
    client.add_flash(name, protocol.NewFlash(QUESTION, id="last"))
    while not client.flash(name, "last").fresh:
        time.sleep(0.01)
    request = protocol.Ask(QUESTION)
    assert client.ask(name, request).source == "flash"
    times = [timed(lambda: client.ask(name, request)) * 1e3 for _ in range(rounds)]
    value = f"{median(times):.2f} / {quantile(times, 0.99):.2f} ms"
    return Figure("fresh flash answer, p50 / p99", value, "≤ 1.0 / ≤ 1.35 ms", f"{rounds} asks")


def whole_process(socket: Path, name: str, rounds: int) -> Figure:
    """`sticli ask` of a fresh flash answer as a process, over an empty Python."""
    program = [sys.executable, "-P", "-m", "sticli", "ask", name, QUESTION]
    empty = [sys.executable, "-c", "pass"]
    ours, floor = [], []
    environ = {**os.environ, "STICLI_SOCKET": str(socket)}
    for _ in range(rounds):
        ours.append(
            timed(lambda: subprocess.run(program, check=True, capture_output=True, env=environ))
        )
        floor.append(timed(lambda: subprocess.run(empty, check=True)))
    ratio = median([a / b for a, b in zip(ours, floor, strict=True)])
    detail = f"{median(ours) * 1e3:.0f} over {median(floor) * 1e3:.0f} ms"
    return Figure(
        "`sticli ask`, whole process, over `python3 -c pass`", f"{ratio:.1f}", "≤ 5", detail
    )


def accepted(socket: Path, name: str, lines: int) -> Figure:
    """Lines a second through `sticli append`, journalled, reading a file."""
    with tempfile.TemporaryFile() as file:
        source = feed(9)
        block = "".join(f"{next(source)}\n" for _ in range(1000)).encode()
        file.write(block * (lines // 1000))
        file.seek(0)
        program = [sys.executable, "-P", "-m", "sticli", "append", "--wait", "accepted", name]
        environ = {**os.environ, "STICLI_SOCKET": str(socket)}
        taken = timed(
            lambda: subprocess.run(
                program, stdin=file, check=True, capture_output=True, env=environ
            )
        )
    detail = f"{lines:,} lines in {taken:.2f} s, start of the program included"
    return Figure("accepted lines/s through `append`", f"{lines / taken:,.0f}", "≥ 200,000", detail)


def measure(client: Client, options: argparse.Namespace) -> Iterator[Figure]:
    session = fill(client, "main", options.tokens, seed=1)
    model = client.status().model
    assert model
    flash = model.detail.get("flash_attention", "off") == "on"
    threads = int(model.detail.get("threads", "2"))
    with bare(Path(model.path), options.tokens * 2, flash=flash, threads=threads) as engine:
        yield ask_over_bare(client, engine, session.name, options.rounds)
        yield ingest_over_bare(client, engine, options.tokens, max(3, options.rounds // 10))
    yield neighbours(client, session.name, options.tokens, options.rounds)
    yield flash_hits(client, session.name, options.rounds * 50)
    yield whole_process(client.path, session.name, max(7, options.rounds // 3))
    yield accepted(client.path, "flood", options.lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="path of a GGUF file; none: the embedded model")
    parser.add_argument("--tokens", type=int, default=700, help="cells of context, about")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    with daemon(options.model, engine="llama.cpp") as client:  # as the bare calls are
        for figure in measure(client, options):
            print(f"{figure.name:52} {figure.value:>18}  target {figure.target:18} {figure.detail}")


if __name__ == "__main__":
    main()
