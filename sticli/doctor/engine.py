"""What computes: the settings, the model's file, llama.cpp, the GPU, and memory for them."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sticli import config
from sticli.config import Settings
from sticli.doctor.check import Check
from sticli.errors import SticliError
from sticli.machine import cuda
from sticli.models import engine, find, memory, shape
from sticli.models.header import Header, read_header
from sticli.models.plan import Wish, plan
from sticli.paths import Paths
from sticli.render import size

PROBE = 10.0  # seconds that a tiny load may take on a busy machine
BASE = 400 << 20  # bytes that the worker takes beside weights and cells
GROUPS = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")


def probe() -> "subprocess.Popen[str]":
    """llama.cpp at work on a tiny model, in a process of its own: it may die of it."""
    command = [sys.executable, "-P", "-m", "sticli.doctor.probe", str(find.embedded_model())]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def probed(process: "subprocess.Popen[str]") -> Check:
    """What became of it."""
    try:
        said, words = process.communicate(timeout=PROBE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        advice = "the machine is very busy, or the library is broken: try again"
        return Check("llama.cpp", False, f"a tiny load takes more than {PROBE:g} s", advice)
    if process.returncode == 0:
        return Check("llama.cpp", True, said.strip())
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "")
    if "No module named" in last:
        return Check("llama.cpp", False, "it is not installed", "`pip install llama-cpp-python`")
    if process.returncode == -signal.SIGILL:
        found = "it was built for another CPU: an instruction that this one does not know ended it"
    elif process.returncode < 0:
        found = f"a tiny load was killed by {signal.Signals(-process.returncode).name}"
    else:
        found = f"a tiny load failed: {last.strip() or process.returncode}"
    advice = "build it here: `pip install --force-reinstall --no-binary :all: llama-cpp-python`"
    return Check("llama.cpp", False, found, advice)


def checks(where: Paths) -> Iterator[Check]:
    """Settings, and what follows from them."""
    try:
        settings, _ = config.load(where.config_file)
    except SticliError as error:
        yield Check("settings", False, error.message, error.hint or f"edit {where.config_file}")
        settings = Settings()
    else:
        yield Check("settings", True, str(where.config_file))
    yield _gpu(settings.engine)
    try:
        file = find.find(settings.model)
        header = read_header(file)
    except SticliError as error:
        advice = f"{error.hint}; the setting `model` names it" if settings.model else error.hint
        yield Check("model", False, error.message, advice)
        return
    yield Check("model", True, str(file))
    yield from _memory(header, file, settings)


def _gpu(setting: str) -> Check:
    """A problem only where the gpu engine is insisted on and cannot run at all."""
    gpu = cuda.find()
    lacking = cuda.lacking()
    if gpu is None:
        if setting != "gpu":
            return Check("gpu", True, "none, so llama.cpp computes on the CPU")
        found = "none, so the gpu engine computes on the CPU, slowly"
        advice = f"{lacking}: `pip install 'sticli[gpu]'`" if lacking else "set `engine` to auto"
        return Check("gpu", not lacking, found, advice)
    unfit = cuda.unfit(gpu)
    found = f"{gpu.name}; {unfit or 'the gpu engine can use it'}"
    advice = "set `engine` to auto, which takes llama.cpp here" if setting == "gpu" else ""
    if lacking:
        advice = "`pip install 'sticli[gpu]'` lets the gpu engine use it"
    return Check("gpu", not (unfit and setting == "gpu"), found, advice if unfit else "")


def _memory(header: Header, file: Path, settings: Settings) -> Iterator[Check]:
    """Whether the model fits, and whether a limit that is set lets it."""
    running = engine.running(header, file, settings)
    found = plan(header, running, settings, Wish(), memory.host(), memory.gpu())
    verdict = f"{found.verdict}: {found.advice}"
    if found.verdict == "does not fit":
        advice = "`sticli plan MODEL` shows the numbers, `sticli model ls` other models"
        yield Check("memory", False, verdict, advice)
    else:
        yield Check("memory", True, verdict)
    if not running.on_gpu:
        yield _limit(BASE + shape.weights(header) + found.session)


def _limit(need: int) -> Check:
    """The lowest limit on the memory of this user's processes, against what one session needs."""
    limits = [(name, value) for name, value in _limits() if value < need]
    if not limits:
        return Check("memory limits", True, f"none below {size(need)}")
    name, value = min(limits, key=lambda one: one[1])
    advice = "raise it, or take a smaller model or `context`: the worker would be killed"
    found = f"{name} is {size(value)}; model and one session take {size(need)}"
    return Check("memory limits", False, found, advice)


def _limits() -> Iterator[tuple[str, int]]:
    for name, what in (("ulimit -v", resource.RLIMIT_AS), ("ulimit -d", resource.RLIMIT_DATA)):
        soft, _ = resource.getrlimit(what)
        if soft != resource.RLIM_INFINITY:
            yield name, soft
    for file in _group_files():
        try:
            text = file.read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            yield str(file), int(text)


def _group_files() -> Iterator[Path]:
    """Where the kernel keeps the limits of our control group and of those around it."""
    try:
        lines = OWN_GROUP.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        root = GROUPS / "memory" if kinds else GROUPS
        name = "memory.limit_in_bytes" if kinds else "memory.max"
        folder = root / path.lstrip("/")
        yield from (
            place / name for place in (folder, *folder.parents) if place.is_relative_to(root)
        )
