"""Which workloads there are; a module is imported when its workload runs."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line reads the names, and must stay light
    from sticli.bench.stage import Stage

# name → what it measures, in one line; `sticli/bench/workloads/NAME.py` has `run(stage)`
WORKLOADS = {
    "stream": "lines arrive, then a question: by context and new tokens",
    "window": "the same past the limit of the context: prefix caches miss",
    "tenants": "sessions beside each other: asks while others ingest",
    "flash": "standing questions and decisions: hits, staleness, cost",
    "overhead": "what the daemon adds to bare calls, the client to python",
    "agents": "replayed turns of tool-calling agents",
}

ALL = "all"  # the command that runs every one of them

# name → the workload that it is a set of sizes for, after a paper
PRESETS = {"p1": "stream", "p2": "agents", "p3": "flash"}


def workload(name: str) -> "Callable[[Stage], None]":
    """The workload of this name."""
    found: Callable[[Stage], None] = importlib.import_module(f"sticli.bench.workloads.{name}").run
    return found
