"""The daemon's account of itself: status as JSON, and as Prometheus text."""

import os

from sticli import __version__, protocol
from sticli.daemon.messages import Ready
from sticli.daemon.service import Service
from sticli.errors import SticliError
from sticli.paths import Paths


def version(started: float) -> protocol.Version:
    return protocol.Version(__version__, protocol.PROTOCOL, os.getpid(), started)


def status(service: Service, paths: Paths, started: float) -> protocol.Status:
    supervisor, usage = service.supervisor, service.dispatch.usage
    return protocol.Status(
        version=version(started),
        worker=supervisor.state,
        worker_pid=supervisor.pid,
        restarts=supervisor.restarts,
        last_error=supervisor.last_error or service.store.note,
        model=_model(supervisor.model) if supervisor.model else None,
        sessions=len(service.sessions),
        cells=supervisor.model.cells if supervisor.model else 0,
        cells_reserved=usage.cells_reserved,
        cells_used=usage.cells_used,
        usage=usage.counters,
        counters=dict(service.counters) | {"events": service.bus.published},
        failure=_problem(supervisor.failure),
        paths={
            "socket": str(paths.socket),
            "config": str(paths.config_file),
            "database": str(paths.database),
            "snapshots": str(paths.snapshots),
            "log": str(paths.log),
        },
    )


def metrics(service: Service, paths: Paths, started: float) -> str:
    """Prometheus text exposition format 0.0.4."""
    found = status(service, paths, started)
    values: dict[str, tuple[str, float]] = {
        "worker_ready": ("gauge", found.worker == "ready"),
        "worker_restarts_total": ("counter", found.restarts),
        "sessions": ("gauge", found.sessions),
        "pending_lines": ("gauge", sum(session.pending for session in service.sessions)),
        "cells": ("gauge", found.cells),
        "cells_reserved": ("gauge", found.cells_reserved),
        "cells_used": ("gauge", found.cells_used),
    }
    values |= {f"{name}_total": ("counter", count) for name, count in found.counters.items()}
    values |= {f"worker_{_plain(name)}": ("gauge", n) for name, n in found.usage.items()}
    return "".join(
        f"# TYPE sticli_{name} {kind}\nsticli_{name} {float(value):g}\n"
        for name, (kind, value) in values.items()
    )


def _problem(error: SticliError | None) -> protocol.Problem | None:
    return protocol.Problem.of(error) if error else None


def _model(ready: Ready) -> protocol.Model:
    return protocol.Model(
        ready.path,
        ready.name,
        ready.sha256,
        ready.engine,
        ready.context,
        ready.vocabulary,
        ready.detail,
    )


def _plain(name: str) -> str:
    """A metric name: letters, digits and underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)
