"""What a daemon does with standing questions by itself: it tells new answers, and shares work."""

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sticli import protocol
from sticli.bench import filling
from sticli.bench.estimate import level, ratio
from sticli.bench.feeds import LAST_SYMBOL, Source
from sticli.bench.home import daemon
from sticli.bench.report import Figure
from sticli.bench.stage import Advance, Stage
from sticli.client import Client
from sticli.errors import SticliError
from sticli.machine import cuda

NAME = "flash"
QUESTIONS = (
    LAST_SYMBOL,
    "which symbol traded first?",
    "how many symbols traded?",
    "what is the last price?",
    "what is the highest price?",
    "what is the lowest price?",
    "did the price rise since the start?",
    "when was the last trade?",
)
OTHER = "what is the latest symbol?"  # none of them
TOGETHER = "8 flash questions on one 4k session evaluated together, over one after the other"
TOKENS = 32  # of a flash answer, as `sticli flash add` has it
LIMIT = 60.0  # seconds that an evaluation may take
UNCHANGED = 2.0  # seconds after which an answer that was evaluated stays as it was
HOPELESS = 3  # lines without news after which none is waited for
LOOK = 0.02  # seconds between two looks


def rounds(chosen: int) -> int:
    """How often the questions are evaluated together, and then one by one."""
    return max(3, chosen)


def figures(
    stage: Stage, context: int, pushes: int, chosen: int, advance: Advance
) -> Iterator[Figure]:
    """Push delay, and eight questions together over one after the other.

    Raises:
        SticliError: the daemon fails, or an evaluation takes too long.
    """
    source = filling.market(stage, 4)
    speculate = "0" if stage.model.synthetic else "4"
    settings = {"response_cache": "0", "kv_budget_mb": "4096", "speculate_below": speculate}
    with daemon(str(stage.model.path), **settings) as client:
        limit = filling.cells(stage, 2 * context)
        client.new(protocol.NewSession("standing", limit=limit))
        client.append("standing", protocol.Append(source.take(context)))
        yield from _pushes(client, source, pushes, advance)
        yield _together(client, source, rounds(chosen), context, advance)


@dataclass(frozen=True, slots=True)
class News:
    """An answer event, and when it was there."""

    at: float  # of time.perf_counter
    version: int


class Listener(threading.Thread):
    """Reads the answer events of a session until the daemon ends."""

    def __init__(self, client: Client, session: str) -> None:
        super().__init__(daemon=True)
        self.news: queue.Queue[News] = queue.Queue()
        self.connected = threading.Event()
        self._client = client
        self._session = session

    def run(self) -> None:
        try:
            for event in self._client.events(session=self._session, type="answer"):
                self.connected.set()
                if event.type == "answer":
                    self.news.put(News(time.perf_counter(), int(str(event.data["version"]))))
        except SticliError:
            self.connected.set()  # the daemon has gone: who waits for news finds none

    def since(self, version: int, seconds: float) -> News | None:
        """The first news of this version or a later one; None: none came in so many seconds."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            try:
                found = self.news.get(timeout=left)
            except queue.Empty:
                return None
            if found.version >= version:
                return found
        return None


def _pushes(client: Client, source: Source, count: int, advance: Advance) -> Iterator[Figure]:
    """From the accepted lines to the event that tells the changed answer, without a debounce."""
    request = protocol.NewFlash(LAST_SYMBOL, id="push", max_tokens=8, debounce_ms=0)
    client.add_flash("standing", request)
    _fresh(client)
    listener = Listener(client.again(), "standing")
    listener.start()
    listener.connected.wait(LIMIT)
    delays, missed = list[float](), 0
    for _ in range(count):
        if missed < HOPELESS:
            found = _push(client, listener, source)
            delays += [] if found is None else [found]
            missed = missed + 1 if found is None else 0
        advance("push delay")
    client.remove_flash("standing", "push")
    yield from _of_pushes(delays, count)


def _push(client: Client, listener: Listener, source: Source) -> float | None:
    """Seconds; None where the model gives the old answer to new lines."""
    before, lines = source.feed.truth(LAST_SYMBOL), list[str]()
    while not lines or source.feed.truth(LAST_SYMBOL) == before:
        lines.append(source.feed.line())
    taken = client.append("standing", protocol.Append(lines))
    accepted = time.perf_counter()
    news = listener.since(taken.version, UNCHANGED)
    if news is None:  # it is slow, or had no news to tell: a late answer must not go uncounted
        _fresh(client)
        news = listener.since(taken.version, LOOK)
    return None if news is None else max(0.0, news.at - accepted)


def _of_pushes(delays: list[float], count: int) -> Iterator[Figure]:
    told = f"{len(delays)} of {count} changes of the truth changed the answer"
    detail = f"{told}; debounce 0, where the default waits 200 ms for more lines"
    for place, q in (("p50", 0.5), ("p99", 0.99)):
        name = f"push delay, append accepted → answer event: {place}"
        if delays:
            found = level([one * 1e3 for one in delays], q)
            yield filling.figure(NAME, name, found, detail, unit="ms")
        else:
            yield Figure(NAME, name, None, "ms", detail=detail)


def _together(client: Client, source: Source, turns: int, context: int, advance: Advance) -> Figure:
    """Device time of eight evaluations in one go over the same eight, each by itself, in turn."""
    grouped, single = list[float](), list[float]()
    for _ in range(turns):
        single.append(sum(_alone(client, text) for text in QUESTIONS))
        grouped.append(_grouped(client, source))
        advance("evaluated together")
    times = f"{level(grouped).value:,.1f} over {level(single).value:,.1f} ms of the device"
    detail = f"{times}, at {context:,} cells"
    target = filling.long(context, 0.6 if cuda.unfit(cuda.find()) else 0.25)
    return filling.figure(NAME, TOGETHER, ratio(grouped, single), detail, target=target)


def _alone(client: Client, text: str) -> float:
    """Device milliseconds of one question, which is evaluated because it is new."""
    _add(client, "alone", text)
    found = sum(_fresh(client))
    client.remove_flash("standing", "alone")
    return found


def _grouped(client: Client, source: Source) -> float:
    """Device milliseconds of all questions together, which are evaluated because of a line."""
    for n, text in enumerate(QUESTIONS):
        _add(client, f"q{n}", text)
    _fresh(client)
    client.append("standing", protocol.Append([source.feed.line()]))
    found = sum(_fresh(client))
    for n in range(len(QUESTIONS)):
        client.remove_flash("standing", f"q{n}")
    return found


def _add(client: Client, key: str, text: str) -> None:
    client.add_flash("standing", protocol.NewFlash(text, id=key, max_tokens=TOKENS, debounce_ms=50))


def _fresh(client: Client) -> list[float]:
    """Device milliseconds of all answers, once all lines have settled and each has seen them.

    Raises:
        SticliError: it takes too long.
    """
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if not client.session("standing").pending:
            found = client.flashes("standing")
            if all(one.fresh for one in found):
                return [one.device_ms or 0.0 for one in found]
        time.sleep(LOOK)
    raise SticliError(
        "timeout",
        f"a flash question was not evaluated within {LIMIT:g} s",
        "run the bench again while the machine has less to do",
    )
