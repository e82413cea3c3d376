"""Workers with cells for a few sessions, and more sessions than that."""

from sticli.config import Settings
from sticli.daemon import messages
from tests.daemon.worker.link import Link, lines, opened
from tests.fakes import Clock, FakeEngine, Price

LIMIT = 512
FEED = [f"line {n} says {n * 37 % 101}" for n in range(60)]


def crowded(fit: int, **options: object) -> Link:
    """A worker with cells for `fit` sessions, where time passes as it computes."""
    clock = Clock()
    engine = FakeEngine(fit * LIMIT, clock=clock, price=Price(0.002, 0.001))
    settings = Settings(snapshot_idle_s=1e6, **options.pop("settings", {}))  # type: ignore[arg-type]
    return Link(engine, clock=clock, settings=settings, **options)  # type: ignore[arg-type]


def filled(link: Link, *names: str, count: int = 5, on_full: str = "stop") -> None:
    """Sessions with their own lines, one after the other."""
    for name in names:
        link.rest(opened(name, limit=LIMIT, uid=name, on_full=on_full))
        link.rest(lines(texts(name, count), session=name))


def texts(name: str, count: int = 5) -> list[str]:
    return [f"{name} {text}" for text in FEED[:count]]


def moves(link: Link, name: str) -> list[str]:
    return [move.place for move in link.of(messages.Moved) if move.session == name]


def place(link: Link, name: str) -> str:
    return link.loop._desk.sessions[name].place


def computed(link: Link) -> int:
    return int(link.loop._usage.counters["tokens_ingest"])
