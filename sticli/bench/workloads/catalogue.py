"""Which workloads there are; a module is imported when its workload runs."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line reads the names, and must stay light
    from sticli.bench.stage import Stage

# name → what it measures, in one line; `sticli/bench/workloads/NAME.py` has `run(stage)`
WORKLOADS = {
    "stream": "lines arrive, a question follows: time to an answer against context and delta",
    "window": "the same past the limit of the context, where prefix caches miss",
    "tenants": "sessions beside each other: asks while others ingest",
    "flash": "standing questions and decisions: hits, staleness, push delay, what they cost others",
    "overhead": "what the daemon adds to the bare engine calls, and the client to python",
    "agents": "replayed turns of tool-calling agents",
}

ALL = "all"  # the command that runs every one of them

# name → the workload that it is a set of sizes for, after a paper
PRESETS = {"p1": "stream", "p2": "agents", "p3": "flash"}


def workload(name: str) -> "Callable[[Stage], None]":
    """The workload of this name."""
    found: Callable[[Stage], None] = importlib.import_module(f"sticli.bench.workloads.{name}").run
    return found
