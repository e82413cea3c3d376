"""Settings: defaults < config.toml < STICLI_* < flags; read here and nowhere else."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sticli.errors import SticliError, refused

PREFIX = "STICLI_"
NOT_SETTINGS = {"HOME", "SOCKET", "NO_AUTOSTART", "NO_COLOR"}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting, with its default; `DOC` says what each means."""

    model: str = ""
    engine: str = "auto"
    context: int = 0
    kv_budget_mb: int = 0
    kv_type: str = "f16"
    host_budget_mb: int = 2048
    disk_budget_mb: int = 8192
    threads: int = 0
    durability: str = "normal"
    step_ms: int = 50
    snapshot_idle_s: float = 30.0
    spill_after_s: float = 600.0
    unload_after_s: float = 1800.0
    exit_after_s: float = 14400.0
    pending_tokens: int = 4_000_000
    ask_wait_s: float = 60.0
    flash_budget_s: float = 60.0
    speculate_below: int = 4
    response_cache: int = 256
    log_level: str = "info"


DOC = {
    "model": "path of a GGUF file; empty: the embedded model",
    "engine": "gpu, llama.cpp, or auto: gpu where there is a CUDA GPU that can run the model",
    "context": "cells of a new session; 0: what the model was trained for, at most 8192",
    "kv_budget_mb": "memory for the caches of the sessions at work, MiB; 0: 2048 on a CPU, on a"
    " GPU what the model leaves free, less a tenth",
    "kv_type": "numbers in the caches: f16, bf16 or q8; on llama.cpp f16 only",
    "host_budget_mb": "memory for the caches of sessions that made room for others, MiB",
    "disk_budget_mb": "disk for snapshots of sessions, MiB",
    "threads": "CPU threads of the engine; 0: measured, at most one a physical core",
    "durability": "normal: survives kill -9; full: fsync a commit, survives power loss",
    "step_ms": "the longest step of background work, milliseconds: how long an ask may wait",
    "snapshot_idle_s": "seconds of rest after which a changed session is snapshot",
    "spill_after_s": "seconds of rest after which a session leaves the device for memory or disk,"
    " unless it is pinned; 0: never",
    "unload_after_s": "seconds without lines or asks of anybody after which the model is unloaded;"
    " the next one loads it again; 0: never",
    "exit_after_s": "seconds without lines or asks after which a daemon that a service manager"
    " started ends; 0: never",
    "pending_tokens": "tokens accepted and not settled, a session, before `append` waits or drops",
    "ask_wait_s": "seconds that a question waits for cells before it is refused",
    "flash_budget_s": "device seconds a minute that flash questions may use; 60: all, 0: none",
    "speculate_below": "questions decoding at once below which answers are drafted; 0: never",
    "response_cache": "answers kept for exact repeats, a tenant; 0: none",
    "log_level": "debug, info, warning or error",
}

KINDS = {str: "text", int: "a whole number", float: "a number"}

CHOICES = {
    "engine": ("auto", "gpu", "llama.cpp"),
    "kv_type": ("f16", "bf16", "q8"),
    "durability": ("normal", "full"),
    "log_level": ("debug", "info", "warning", "error"),
}
LARGEST = 2**31 - 1  # of any number
RANGES = {"step_ms": (1, 10_000), "pending_tokens": (1, LARGEST), "flash_budget_s": (0, 60)}


def load(
    file: Path, environ: Mapping[str, str] = os.environ, **flags: object
) -> tuple[Settings, dict[str, str]]:
    """The settings in force and where each came from (default, file, env, flag).

    Raises:
        SticliError: an unknown key, a value of the wrong kind, or a file that is no TOML.
    """
    values: dict[str, object] = {}
    origin = dict.fromkeys(DOC, "default")
    for source, found in (
        (str(file), _from_file(file)),
        ("environment", _from_environment(environ)),
        ("flag", {key: value for key, value in flags.items() if value is not None}),
    ):
        _check_keys(found, source)
        values |= found
        origin |= dict.fromkeys(found, source)
    return _convert(values, origin), origin


def value(key: str, text: str) -> str | int | float:
    """The value of a setting that a text spells.

    Raises:
        SticliError: there is no such setting, or it cannot be that.
    """
    place = "the command line"
    _check_keys({key: text}, place)
    found: str | int | float = getattr(_convert({key: text}, {key: place}), key)
    return found


def _from_file(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise refused(error) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SticliError(
            "bad_request", f"{file} is not valid TOML: {error}", "`sticli config edit` mends it"
        ) from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    """STICLI_* variables that name a setting; others are for other parts of the program."""
    names = {key: key.removeprefix(PREFIX) for key in environ if key.startswith(PREFIX)}
    return {
        name.lower(): environ[key]
        for key, name in names.items()
        if name.lower() in DOC and name not in NOT_SETTINGS
    }


def _check_keys(found: Mapping[str, object], source: str) -> None:
    for key in found:
        if key not in DOC:
            close = difflib.get_close_matches(key, DOC, 1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(DOC)}"
            raise SticliError("bad_request", f"unknown setting {key!r} in {source}", hint)


def _convert(values: Mapping[str, object], origin: Mapping[str, str]) -> Settings:
    found = {}
    for key, value in values.items():
        kind = Settings.__annotations__[key]
        try:
            found[key] = msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError:
            raise _bad(key, f"must be {KINDS[kind]}", value, origin) from None
        if key in CHOICES and value not in CHOICES[key]:
            raise _bad(key, f"must be {' or '.join(CHOICES[key])}", value, origin)
        least, most = RANGES.get(key, (0, LARGEST))
        if kind is not str and not least <= found[key] <= most:
            raise _bad(key, f"must be {least} to {most:,}", value, origin)
    return Settings(**found)


def _bad(key: str, wanted: str, value: object, origin: Mapping[str, str]) -> SticliError:
    places = {"environment": f"{PREFIX}{key.upper()}", "flag": f"--{key}"}
    place = places.get(origin[key], origin[key])
    return SticliError("bad_request", f"{key} {wanted}, is {value!r} (from {place})", DOC[key])
