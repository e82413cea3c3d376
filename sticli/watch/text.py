"""The dashboard as plain text: for pipes, for screen readers, for one look."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sticli import decision
from sticli.protocol import Flash, Session, Status
from sticli.render import age, count, one_line, plural, short, size
from sticli.watch.bars import bar
from sticli.watch.grid import Column, fit, grid
from sticli.watch.spark import spark
from sticli.watch.state import CLASSES, State
from sticli.watch.symbols import symbols
from sticli.watch.words import clock, told

T = TypeVar("T")

BAR = 8  # columns
PAST = 12  # past values of an answer that are shown
SHOWN = 10  # of the last events and lines
JUST_NOW = 3.0  # seconds that an answer counts as changed

SESSIONS = (
    Column("", None),
    Column("NAME", None),
    Column("CELLS", 1),
    Column("", 4),
    Column("VERSION", 3, right=True),
    Column("LAG", 2, right=True),
    Column("DROPS", 2, right=True),
    Column("STATE", 5),
    Column("PLACE", 6),
    Column("WHEN FULL", 7),
)
FLASHES = (
    Column("ID", 2),
    Column("VALUE", None),
    Column("AS OF", 1),
    Column("STATE", 1),
    Column("PAST", 3),
    Column("SURE", 5, right=True),
    Column("MS", 4, right=True),
)
WORK = (
    Column("CLASS", None),
    Column("SHARE", 1, right=True),
    Column("", 3),
    Column("TOKENS/S", 2, right=True),
    Column("STEP P50", 2, right=True),
    Column("P99 MS", 2, right=True),
)


@dataclass(frozen=True)
class Section:
    """Some lines under a title; as long as `said` is the same it says nothing new."""

    title: str
    lines: list[str]
    said: object = None


def sections(state: State, width: int, events: int = 0, lines: int = 0) -> list[Section]:
    """All that is known; no line is wider than `width` columns.

    Of events and lines only those behind the first `events` and `lines` that ever came.
    """
    return [
        Section(one.title, [fit(line, width) for line in one.lines], one.said)
        for one in (*_sections(state, width), *_news(state, events, lines))
    ]


def drawn(found: Iterable[Section]) -> str:
    """Sections below each other, an empty line between them."""
    return "\n".join(f"{one.title}\n" + "".join(f"{line}\n" for line in one.lines) for one in found)


def _sections(state: State, width: int) -> Iterator[Section]:
    yield _steady("DAEMON", _daemon(state))
    if state.status is None:
        return
    yield _steady("SESSIONS", _table(state, width))
    name = one_line(state.chosen or "")
    if state.chosen in state.sessions:
        said = [(one.id, one.answer, one.fresh) for one in state.flashes.values()]
        yield Section(f"FLASH ANSWERS of {name}", [*_flashes(state, width)], said)
    yield Section("SCHEDULER", [*_scheduler(state, state.status.usage, width)])
    yield Section("DEVICE", [*_device(state)])


def _news(state: State, events: int, lines: int) -> Iterator[Section]:
    """The last of what has come; lines that began anew have all come since."""
    if found := _last(state.events, state.event_count - events):
        said = [f"{clock(event.at)}  {told(event)}" for event in found]
        yield Section("LAST EVENTS", said, state.event_count)
    new = state.line_count - (lines if lines <= state.line_count else 0)
    if state.chosen in state.sessions and (rows := _last(state.lines, new)):
        said = [f"{line.seq:,}  {one_line(line.text)}" for line in rows]
        title = f"LAST LINES of {one_line(state.chosen or '')}"
        yield Section(title, said, (state.begun, state.line_count))


def _last(found: Sequence[T], new: int) -> list[T]:
    return [*found][-min(new, SHOWN) :] if new > 0 else []


def _steady(title: str, lines: Iterable[str]) -> Section:
    """What it says is what stands there."""
    found = [*lines]
    return Section(title, found, found)


def _daemon(state: State) -> Iterator[str]:
    if state.lost:
        yield one_line(f"no news since {clock(state.lost_at)}: {state.lost}")
    if status := state.status:
        yield one_line(f"{_model(status)}, worker {_worker(status)}")
        yield f"pid {status.version.pid}, up since {_moment(status.version.started, state.at)}"
        if status.cells:
            used = f"{status.cells_used:,} used, {status.cells_reserved:,} reserved"
            yield f"cells: {used} of {status.cells:,}"
        if status.last_error:
            yield one_line(f"last error: {status.last_error}")


def _moment(at: float, now: float) -> str:
    """The time of day, with the date where that is not today's."""
    date = time.strftime("%Y-%m-%d ", time.localtime(at))
    return (
        clock(at) if time.strftime("%Y-%m-%d ", time.localtime(now)) == date else date + clock(at)
    )


def _model(status: Status) -> str:
    return f"{status.model.name} ({status.model.engine})" if status.model else "no model"


def _worker(status: Status) -> str:
    loading = f", {status.loading}" if status.loading else ""
    restarts = f", {plural(status.restarts, 'restart')}" if status.restarts else ""
    return f"{status.worker}{loading}{restarts}"


def _table(state: State, width: int) -> Iterator[str]:
    if not state.sessions:
        yield "none yet: `tail -f feed | sticli append NAME` makes one"
        return
    yield from grid(SESSIONS, [_session(one, state) for one in state.sessions.values()], width)


def _session(session: Session, state: State) -> tuple[str, ...]:
    chosen = symbols().cursor if session.name == state.chosen else ""
    share = session.tokens / session.limit if session.limit else 0.0
    since = session.behind_since
    pinned = f" {symbols().pinned} pinned" if session.pinned else ""
    return (
        chosen,
        one_line(session.name),
        f"{short(session.tokens)}/{short(session.limit)}",
        bar(share, BAR),
        short(session.version),
        "0s" if since is None else age(state.at - since),
        short(session.dropped),
        "refused" if session.refused else one_line(session.state),
        (one_line(session.place) or symbols().none) + pinned,
        one_line(session.on_full),
    )


def _flashes(state: State, width: int) -> Iterator[str]:
    if not state.flashes:
        yield f"none yet: `sticli flash add {one_line(state.chosen or '')} QUESTION` adds one"
        return
    yield from grid(FLASHES, [_flash(one, state) for one in state.flashes.values()], width)


def _flash(flash: Flash, state: State) -> tuple[str, ...]:
    past = state.past(flash.session, flash.id)
    return (
        one_line(flash.id),
        symbols().none if flash.answer is None else one_line(flash.answer),
        clock(flash.evaluated_at) if flash.evaluated_at else symbols().none,
        _standing(flash, changed=0 < state.at - past.changed_at < JUST_NOW),
        spark(past.values, PAST),
        symbols().none if flash.confidence is None else f"{flash.confidence:.1f}",
        symbols().none if flash.device_ms is None else f"{flash.device_ms:.1f}",
    )


def _standing(flash: Flash, *, changed: bool) -> str:
    """How far the answer is to be trusted: a word and its mark."""
    marks = symbols()
    if decision.is_open(flash):
        return f"{marks.open} open"
    mark, word = (marks.fresh, "fresh") if flash.fresh else (marks.stale, "stale")
    return f"{marks.changed} {word}, changed" if changed else f"{mark} {word}"


def _scheduler(state: State, usage: dict[str, float], width: int) -> Iterator[str]:
    shares, rates = state.shares(), state.token_rates()
    yield from grid(WORK, [_work(kind, shares, rates, usage) for kind in CLASSES], width)
    waiting, running = (count(int(usage.get(f"asks_{one}", 0))) for one in ("waiting", "running"))
    yield f"asks: {waiting} waiting, {running} running"
    p99, longest = (1000 * usage.get(f"stall_s_{what}", 0.0) for what in ("p99", "max"))
    yield f"asks stalled: p99 {p99:.1f} ms, longest {longest:.1f} ms"


def _work(
    kind: str, shares: dict[str, float], rates: dict[str, float], usage: dict[str, float]
) -> tuple[str, ...]:
    p50, p99 = (1000 * usage.get(f"step_s_{kind}_{what}", 0.0) for what in ("p50", "p99"))
    share = f"{shares[kind]:.0%}"
    return kind, share, bar(shares[kind], BAR), f"{rates[kind]:,.0f}", f"{p50:.1f}", f"{p99:.1f}"


def _device(state: State) -> Iterator[str]:
    device = state.device
    if device.name:
        yield one_line(device.name)
    said = []
    if device.busy is not None:
        said.append(f"busy {device.busy:.0%}")
    if device.memory is not None:
        total = f" of {size(device.memory_total)}" if device.memory_total else ""
        said.append(f"memory {size(device.memory)}{total}")
    if device.watts is not None:
        said.append(f"{device.watts:.0f} W")
    yield ", ".join(said) or "nothing measures it"
    if device.worker_cpu is not None or device.worker_memory is not None:
        cpu = "" if device.worker_cpu is None else f"{device.worker_cpu:.2f} cores, "
        yield f"daemon: {cpu}{size(device.worker_memory or 0)}"
