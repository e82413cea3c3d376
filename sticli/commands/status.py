"""What `sticli daemon status` prints of the daemon's account of itself."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator

from sticli.protocol import Model, Session, Status
from sticli.render import age, plural, size

PLACES = ("device", "host", "disk", "journal")


def facts(status: Status, sessions: Iterable[Session]) -> Iterator[tuple[str, str]]:
    """What is worth knowing, as pairs; counters that say nothing yet are left out."""
    yield "version", status.version.version
    yield "pid", f"{status.version.pid}, up {age(time.time() - status.version.started)}"
    yield "worker", f"{status.worker} ({_worker(status)})"
    if status.activated:
        yield "service", "started by its service manager, and again with the next connection"
    yield "model", _model(status.model) if status.model else "-"
    yield "model file", status.model.path if status.model else "-"
    yield "sessions", _places(status, sessions)
    if status.cells:
        used = f"{status.cells_used:,} used, {status.cells_reserved:,} reserved"
        yield "cells", f"{used} of {status.cells:,}"
    yield from _work(status.usage)
    yield from _answers(status.usage | status.counters)
    if status.last_error:
        yield "last error", status.last_error
    yield from status.paths.items()


def _worker(status: Status) -> str:
    pid = f"pid {status.worker_pid}, " if status.worker_pid else ""
    if status.worker == "asleep":
        pid = "the next line or question wakes it, "
    if status.loading:
        pid += f"{status.loading}, "
    return pid + plural(status.restarts, "restart")


def _model(model: Model) -> str:
    device = f" on {model.detail['device']}" if "device" in model.detail else ""
    return f"{model.name} ({model.engine}{device}, {model.context:,} tokens)"


def _places(status: Status, sessions: Iterable[Session]) -> str:
    """How many sessions, and of how many the cells are where."""
    found = Counter(session.place for session in sessions)
    told = ", ".join(f"{found[place]} {place}" for place in PLACES if found[place])
    return f"{status.sessions}" + (f" ({told})" if told else "")


def _work(usage: dict[str, float]) -> Iterator[tuple[str, str]]:
    """What the worker holds besides the cells, and what it has done."""
    for name, what in (("host_bytes", "host memory"), ("disk_bytes", "disk")):
        if usage.get(name):
            yield what, size(int(usage[name]))
    if usage.get("stall_s_count"):
        p99, longest = usage.get("stall_s_p99", 0.0), usage.get("stall_s_max", 0.0)
        yield "ask stall", f"p99 {1000 * p99:.1f} ms, longest {1000 * longest:.1f} ms"
    busy = {
        name.removeprefix("device_s_"): seconds
        for name, seconds in usage.items()
        if name.startswith("device_s_") and seconds
    }
    if busy:
        yield "device time", ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in busy.items())
    if drafted := int(usage.get("drafted", 0)):
        yield "drafts", f"{int(usage.get('accepted', 0)):,} of {plural(drafted, 'token')} right"


def _answers(counted: dict[str, float]) -> Iterator[tuple[str, str]]:
    """What was answered ahead of time, and how often that was of use."""

    def some(name: str) -> int:
        return int(counted.get(name, 0))

    if some("flash_evaluations"):
        hits = plural(some("flash_hits"), "hit")
        yield "flash", f"{plural(some('flash_evaluations'), 'evaluation')}, {hits}"
    if some("ready_evaluations"):
        prepared, exits = some("ready_evaluations"), some("ready_exits")
        through = some("ready_fallthroughs")
        yield "decisions", f"{prepared:,} prepared, {exits:,} read off, {through:,} decoded from"
    if some("repeats"):
        yield "repeats", f"{some('repeats'):,} answered again from memory"
