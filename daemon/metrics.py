"""What `/metrics` shows: which family each counter of front and worker belongs to."""

from collections.abc import Iterable, Iterator, Mapping

from sticli import protocol
from sticli.daemon.http.exposition import Family, Sample, render
from sticli.daemon.sessions import Session

PLACES = ("device", "host", "disk", "journal", "none")
CLASSES = ("ask", "ingest", "flash", "ready", "upkeep")

FAMILIES = tuple(
    Family(f"sticli_{name}", kind, text)
    for name, kind, text in (
        ("info", "gauge", "1, labelled with the daemon's version, its engine and its model."),
        ("worker_ready", "gauge", "Whether the worker serves."),
        ("worker_asleep", "gauge", "Whether it is unloaded until somebody comes."),
        ("worker_restarts_total", "counter", "Workers that took a dead one's place."),
        ("sessions", "gauge", "Sessions by where their cells are; none: there is no worker."),
        ("cells_budget", "gauge", "Cells of the device."),
        ("cells", "gauge", "Cells by state; used and ready ones are among those reserved."),
        ("host_bytes", "gauge", "Caches in host memory."),
        ("disk_bytes", "gauge", "Snapshots on disk."),
        ("appends_total", "counter", "Batches of lines accepted."),
        ("lines_total", "counter", "Lines accepted."),
        ("dropped_lines_total", "counter", "Lines not read, because too much was pending."),
        ("events_total", "counter", "Events published."),
        ("pending_lines", "gauge", "Lines accepted and not settled."),
        ("pending_tokens", "gauge", "About how many tokens they are."),
        ("session_pending_tokens", "gauge", "The same, of one session."),
        ("session_dropped_lines", "gauge", "Lines of a session that are not read."),
        ("ingest_lag_seconds", "gauge", "Age of the oldest line that has never settled."),
        ("session_ingest_lag_seconds", "gauge", "The same, of one session."),
        ("settle_seconds", "summary", "From a line's arrival in the worker until it settles."),
        ("settle_seconds_max", "gauge", "The longest of them."),
        ("asks_total", "counter", "Questions asked."),
        ("pending_asks", "gauge", "Of them in the worker, by whether they wait or run."),
        ("flash_hits_total", "counter", "Of them answered by a flash question's answer."),
        ("ready_exits_total", "counter", "Of them read off a prepared decision, not decoded."),
        ("ready_fallthroughs_total", "counter", "Of them decoded from a prepared decision."),
        ("repeats_total", "counter", "Of them answered as the same question was before."),
        ("questions_total", "counter", "Questions that the worker answered."),
        ("questions_failed_total", "counter", "Questions that the worker could not answer."),
        ("questions_refused_total", "counter", "Questions refused for want of cells."),
        ("flash_evaluations_total", "counter", "Evaluations of flash questions."),
        ("flash_skipped_total", "counter", "Evaluations that were not possible."),
        ("flash_deferred_seconds_total", "counter", "Time that due ones waited for their share."),
        ("ready_evaluations_total", "counter", "Decisions prepared."),
        ("tokens_total", "counter", "Tokens computed, by class of work."),
        ("device_seconds_total", "counter", "Time of the device, by class of work."),
        ("steps_total", "counter", "Passes of the engine."),
        ("step_seconds", "summary", "Length of passes, by the most urgent class in them."),
        ("step_seconds_max", "gauge", "The longest of them."),
        ("stall_seconds", "summary", "How long asks waited for the pass that ran as they came."),
        ("stall_seconds_max", "gauge", "The longest of them."),
        ("speculated_tokens_total", "counter", "Tokens guessed, and those that were right."),
        ("shared_tokens_total", "counter", "Tokens whose cells came from another session."),
        ("prefixes_kept_total", "counter", "Beginnings kept for sessions to come."),
        ("fed_lines_total", "counter", "Lines that the worker got, dropped ones included."),
        ("rebases_total", "counter", "Windows that moved, exactly."),
        ("slides_total", "counter", "Windows that moved by shifting cells."),
        ("ladder_moves_total", "counter", "Sessions moved on the memory ladder, by where to."),
        ("snapshots_total", "counter", "Snapshots, by what became of them."),
        ("sessions_failed_total", "counter", "Sessions that the worker gave up."),
        ("worker_counter", "untyped", "Other counters of the worker."),
        ("front_counter", "untyped", "Other counters of the front."),
    )
)

Place = tuple[str, Mapping[str, str]]  # family, without sticli_, and labels

FRONT: dict[str, Place] = {
    **{name: (f"{name}_total", {}) for name in ("appends", "lines", "asks", "events")},
    **{name: (f"{name}_total", {}) for name in ("flash_hits", "ready_exits", "repeats")},
    "dropped": ("dropped_lines_total", {}),
}

WORKER: dict[str, Place] = {
    **{
        name: (f"{name}_total", {})
        for name in (
            *("steps", "questions", "questions_failed", "questions_refused", "flash_evaluations"),
            *("flash_skipped", "ready_evaluations", "ready_fallthroughs", "rebases", "slides"),
            *("prefixes_kept", "sessions_failed"),
        )
    },
    **{f"tokens_{name}": ("tokens_total", {"class": name}) for name in CLASSES},
    **{f"device_s_{name}": ("device_seconds_total", {"class": name}) for name in CLASSES},
    **{f"moves_{name}": ("ladder_moves_total", {"to": name}) for name in PLACES[:4]},
    **{
        f"snapshots_{name}": ("snapshots_total", {"outcome": name})
        for name in ("saved", "restored", "corrupt", "failed")
    },
    **{f"asks_{name}": ("pending_asks", {"state": name}) for name in ("waiting", "running")},
    "drafted": ("speculated_tokens_total", {"outcome": "drafted"}),
    "accepted": ("speculated_tokens_total", {"outcome": "accepted"}),
    "flash_deferred_s": ("flash_deferred_seconds_total", {}),
    "tokens_shared": ("shared_tokens_total", {}),
    "lines": ("fed_lines_total", {}),
    "cells_ready": ("cells", {"state": "ready"}),
    "host_bytes": ("host_bytes", {}),
    "disk_bytes": ("disk_bytes", {}),
}

DURATIONS: dict[str, Place] = {
    **{f"step_s_{name}": ("step_seconds", {"class": name}) for name in CLASSES},
    "stall_s": ("stall_seconds", {}),
    "lag_s": ("settle_seconds", {}),
}


def metrics(status: protocol.Status, sessions: Iterable[Session], now: float) -> str:
    """Prometheus text of everything that is counted; `now` in seconds since the epoch."""
    return render(FAMILIES, (*_daemon(status), *_counters(status), *_sessions(sessions, now)))


def _daemon(status: protocol.Status) -> Iterator[Sample]:
    model = status.model
    labels = {
        "version": status.version.version,
        "engine": model.engine if model else "",
        "model": model.name if model else "",
    }
    yield _sample("info", 1, labels)
    yield _sample("worker_ready", status.worker == "ready")
    yield _sample("worker_asleep", status.worker == "asleep")
    yield _sample("worker_restarts_total", status.restarts)
    yield _sample("cells_budget", status.cells)
    yield _sample("cells", status.cells_used, {"state": "used"})
    yield _sample("cells", status.cells_reserved, {"state": "reserved"})
    yield _sample("cells", status.cells - status.cells_reserved, {"state": "free"})


def _counters(status: protocol.Status) -> Iterator[Sample]:
    for name, count in status.counters.items():
        family, labels = FRONT.get(name, ("front_counter", {"name": name}))
        yield _sample(family, count, labels)
    for name, value in status.usage.items():
        yield _worker(name, value)


def _worker(name: str, value: float) -> Sample:
    """One of the worker's counters; what is not known by name is shown all the same."""
    if name in WORKER:
        family, labels = WORKER[name]
        return _sample(family, value, labels)
    base, _, part = name.rpartition("_")
    if base in DURATIONS:
        family, labels = DURATIONS[base]
        if part in ("sum", "count"):
            return _sample(family, value, labels, f"_{part}")
        if part == "max":
            return _sample(f"{family}_max", value, labels)
        if part[:1] == "p" and part[1:].isdecimal():
            return _sample(family, value, {**labels, "quantile": f"{float(f'0.{part[1:]}'):g}"})
    return _sample("worker_counter", value, {"name": name})


def _sessions(sessions: Iterable[Session], now: float) -> Iterator[Sample]:
    found = list(sessions)
    lags = {session.name: _lag(session, now) for session in found}
    for place in PLACES:
        count = sum((session.place or "none") == place for session in found)
        yield _sample("sessions", count, {"place": place})
    yield _sample("pending_lines", sum(session.pending for session in found))
    yield _sample("pending_tokens", sum(session.pending_tokens for session in found))
    yield _sample("ingest_lag_seconds", max(lags.values(), default=0.0))
    for session in found:
        labels = {"session": session.name}
        yield _sample("session_pending_tokens", session.pending_tokens, labels)
        yield _sample("session_dropped_lines", session.reading.dropped, labels)
        yield _sample("session_ingest_lag_seconds", lags[session.name], labels)


def _lag(session: Session, now: float) -> float:
    since = session.behind_since
    return 0.0 if since is None else max(0.0, now - since)


def _sample(
    family: str, value: float, labels: Mapping[str, str] | None = None, suffix: str = ""
) -> Sample:
    return Sample(f"sticli_{family}", value, labels or {}, suffix)
