"""Sessions beside each other, as ratios measured in one run: `python -m sticli.bench.tenants`.

A real daemon in a temporary home: asks while others ingest, standing questions evaluated together,
asks while a full session goes on with its newest half.
"""

import argparse
import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sticli import protocol
from sticli.bench.home import daemon
from sticli.bench.ratios import QUESTION, Figure, feed, fill, median, quantile, settled, timed
from sticli.client import Client
from sticli.errors import SticliError

FEEDS = 8
BATCH = 40  # lines of one append of a busy feed: more settle than windows move past
REST = 0.6  # seconds until the worker has told its counters
QUESTIONS = (
    "which symbol traded last?",
    "which symbol traded first?",
    "how many symbols traded?",
    "what is the last price?",
    "what is the highest price?",
    "what is the lowest price?",
    "did the price rise since the start?",
    "when was the last trade?",
)


class Feed(threading.Thread):
    """Keeps one session behind: there are always more lines than have settled."""

    def __init__(self, client: Client, name: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.over = threading.Event()
        self.lines = 0
        self._client = client
        self._name = name
        self._source = feed(seed)

    def run(self) -> None:
        while not self.over.is_set():
            lines = [next(self._source) for _ in range(BATCH)]
            pending = self._client.append(self._name, protocol.Append(lines)).pending
            self.lines += BATCH
            while pending > BATCH // 2 and not self.over.wait(0.02):
                pending = self._client.session(self._name).pending


@contextmanager
def feeding(client: Client, count: int, limit: int) -> Iterator[list[Feed]]:
    """So many sessions that ingest as fast as they can; removed at the end."""
    feeds = []
    for n in range(count):
        client.new(protocol.NewSession(f"feed{n}", limit=limit))
        feeds.append(Feed(client.again(), f"feed{n}", 100 + n))
    for one in feeds:
        one.start()
    try:
        yield feeds
    finally:
        for one in feeds:
            one.over.set()
        for one in feeds:
            one.join()
            client.remove(one.name)


def usage(client: Client) -> dict[str, float]:
    """The worker's counters once it has told them."""
    time.sleep(REST)
    return client.status().usage


def ask_times(client: Client, name: str, rounds: int, pause: float) -> list[float]:
    """Seconds to the first token, ask by ask, not in step with anything else."""
    request = protocol.Ask(QUESTION, max_tokens=1, live=True)
    found = []
    for n in range(rounds):
        time.sleep(pause * (n % 7) / 7)
        found.append(timed(lambda: client.ask(name, request)))
    return found


def told(times: list[float]) -> str:
    if not times:
        return "none was answered"
    p50, p99, longest = median(times), quantile(times, 0.99), max(times)
    return f"{p50 * 1e3:.1f} / {p99 * 1e3:.1f} / {longest * 1e3:.1f} ms"


def under_load(client: Client, options: argparse.Namespace) -> Iterator[Figure]:
    """Asks of one session, idle and while eight others ingest; idle on both sides of the load."""
    name = fill(client, "main", options.tokens, seed=1).name
    ask_times(client, name, 5, 0)
    idle = ask_times(client, name, options.rounds // 2, 0.05)
    with feeding(client, FEEDS, options.limit) as feeds:
        ask_times(client, name, 20, 0.05)  # the model of cost learns what eight feeds cost
        before, begin = usage(client), time.monotonic()
        busy = ask_times(client, name, options.rounds, 0.05)
        after, lasted = usage(client), time.monotonic() - begin
        lines = sum(one.lines for one in feeds)
    idle += ask_times(client, name, options.rounds // 2, 0.05)
    step = options.step_ms / 1e3
    bound = 1.1 * (quantile(idle, 0.99) + step)
    speed = (after["tokens_ingest"] - before["tokens_ingest"]) / lasted
    met = "met" if quantile(busy, 0.99) <= bound else "missed"
    yield Figure("ask, idle: p50 / p99 / max", told(idle), "", f"{len(idle)} asks")
    yield Figure(
        f"ask while {FEEDS} sessions ingest",
        told(busy),
        f"≤ {bound * 1e3:.1f} ms p99",
        f"{met}: idle p99 + one step of {step * 1e3:.0f} ms, and 10 %; "
        f"{speed:,.0f} tokens/s, {lines:,} lines",
    )
    yield Figure(
        "step of ingest: p50 / p99 of the newest",
        f"{after['step_s_ingest_p50'] * 1e3:.1f} / {after['step_s_ingest_p99'] * 1e3:.1f} ms",
        f"≤ {step * 1e3:.0f} ms",
        f"longest since the start {after['step_s_ingest_max'] * 1e3:.1f} ms",
    )
    yield Figure(
        "stall of an ask: p50 / p99 / largest",
        f"{after['stall_s_p50'] * 1e3:.1f} / {after['stall_s_p99'] * 1e3:.1f} / "
        f"{after['stall_s_max'] * 1e3:.1f} ms",
        "one step",
        "between an ask's arrival and the end of the pass that ran",
    )


def fresh(client: Client, name: str) -> bool:
    return all(item.fresh for item in client.flashes(name))


def until(done: Callable[[], bool]) -> None:
    while not done():
        time.sleep(0.01)


def evaluate(client: Client, name: str, questions: list[str], line: str) -> tuple[float, float]:
    """Device and wall seconds until the standing questions have seen one more line."""
    for n, text in enumerate(questions):
        client.add_flash(name, protocol.NewFlash(text, id=f"q{n}", debounce_ms=50))
    until(lambda: fresh(client, name))
    before = usage(client)["device_s_flash"]
    begin = time.monotonic()
    client.append(name, protocol.Append([line]))
    settled(client, name)
    until(lambda: fresh(client, name))
    wall = time.monotonic() - begin
    device = usage(client)["device_s_flash"] - before
    for n in range(len(questions)):
        client.remove_flash(name, f"q{n}")
    return device, wall


def together(client: Client, options: argparse.Namespace) -> Iterator[Figure]:
    """Eight standing questions in one go over the same one by one, alternating."""
    most = fill(client, "standing", 50, seed=2).limit * 2 // 3  # below that nothing is rebased
    tokens = min(options.flash_tokens, most)
    name, source = fill(client, "full", tokens, seed=2).name, feed(3)
    ratios, walls, detail = [], [], ""
    for _ in range(options.flash_rounds):
        grouped = evaluate(client, name, list(QUESTIONS), next(source))
        single = [evaluate(client, name, [text], next(source)) for text in QUESTIONS]
        ratios.append(grouped[0] / sum(device for device, _ in single))
        walls.append(grouped[1] / sum(wall for _, wall in single))
        detail = f"device {grouped[0] * 1e3:.0f} over {sum(one for one, _ in single) * 1e3:.0f} ms"
    tokens = client.session(name).tokens
    yield Figure(
        f"{len(QUESTIONS)} flash questions together, over one by one",
        f"{median(ratios):.2f}",
        "≤ 0.6",
        f"{tokens} cells; {detail}; wall, debounce included, {median(walls):.2f}",
    )
    client.remove(name)


def during_rebase(client: Client, options: argparse.Namespace) -> Iterator[Figure]:
    """Asks of a session that becomes full again and again while two others ingest."""
    with feeding(client, 3, options.rebase_limit):
        before, times, refused = usage(client)["rebases"], [], 0
        for _ in range(options.rounds):
            try:
                times += ask_times(client, "feed0", 1, 0)
            except SticliError:
                refused += 1
            time.sleep(0.01)
        rebases = usage(client)["rebases"] - before
    yield Figure(
        "asks while rebases go on: refused",
        f"{refused} of {refused + len(times)}",
        "0",
        f"{rebases:.0f} rebases of {options.rebase_limit} cells; {told(times)} p50 / p99 / max",
    )


def measure(client: Client, options: argparse.Namespace) -> Iterator[Figure]:
    if "a" in options.parts:
        yield from under_load(client, options)
    if "b" in options.parts:
        yield from together(client, options)
    if "c" in options.parts:
        yield from during_rebase(client, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="path of a GGUF file; none: the embedded model")
    parser.add_argument("--parts", default="abc", help="a: load, b: flash questions, c: rebase")
    parser.add_argument("--tokens", type=int, default=700, help="cells of the session asked")
    parser.add_argument("--limit", type=int, default=8192, help="cells of a session that ingests")
    parser.add_argument("--rebase-limit", type=int, default=512)
    parser.add_argument("--flash-tokens", type=int, default=4000)
    parser.add_argument("--flash-rounds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--step-ms", type=int, default=50)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the daemon has to end too
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    with daemon(options.model, step_ms=str(options.step_ms)) as client:
        model = client.status().model
        print(f"model {model.name if model else '-'}, steps of {options.step_ms} ms")
        for figure in measure(client, options):
            print(
                f"{figure.name:48} {figure.value:>24}  {figure.target:16} {figure.detail}",
                flush=True,
            )


if __name__ == "__main__":
    main()
