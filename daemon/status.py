"""The daemon's account of itself."""

import os

from sticli import __version__, protocol
from sticli.daemon.messages import Ready
from sticli.daemon.origin import Origin
from sticli.daemon.service import Service
from sticli.errors import SticliError
from sticli.paths import Paths


def version(origin: Origin) -> protocol.Version:
    return protocol.Version(__version__, protocol.PROTOCOL, os.getpid(), origin.at)


def status(service: Service, paths: Paths, origin: Origin) -> protocol.Status:
    supervisor, usage = service.supervisor, service.dispatch.usage
    return protocol.Status(
        version=version(origin),
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
        loading=supervisor.loading,
        given=origin.model,
        activated=origin.activated,
        paths={
            "socket": str(paths.socket),
            "config": str(paths.config_file),
            "database": str(paths.database),
            "snapshots": str(paths.snapshots),
            "log": str(paths.log),
        },
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
