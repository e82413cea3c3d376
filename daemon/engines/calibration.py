"""The engine's settings for a model on this machine: measured once, then remembered."""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import llama_cpp
import msgspec

from sticli.daemon.engines import machine
from sticli.daemon.engines.measurement import Finding, measure, measure_again
from sticli.daemon.engines.model import Model

DOUBTFUL = 3600.0  # seconds for which a disturbed finding is believed


def calibrated(model: Model, sha256: str, threads: Sequence[int], cache: Path) -> Finding:
    """The best of the numbers of threads and of all else, as the file `cache` remembers it.

    It is measured anew for another model, machine or build, and where the file is lost; the
    number of threads that others disturbed is believed for an hour only.
    """
    key = f"{sha256} {llama_cpp.__version__} {machine.cpu_name()} {list(threads)}"
    known = _read(cache)
    found = known.get(key)
    if found is None or not _holds(found):
        known[key] = measure_again(model, threads, found) if found else measure(model, threads)
        with contextlib.suppress(OSError):  # without a cache the next start measures again
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_bytes(msgspec.json.encode(known))
    return known[key]


def _holds(found: Finding) -> bool:
    return found.quiet or time.time() - found.at < DOUBTFUL


def _read(cache: Path) -> dict[str, Finding]:
    try:
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, Finding])
    except (OSError, msgspec.MsgspecError):
        return {}
