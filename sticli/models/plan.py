"""Whether a model and its sessions fit on this machine, told from its header before it is loaded.

A cell holds the keys and values of one token. Engines hold the cells of sliding windows in full.
"""

from dataclasses import dataclass, replace

from sticli.config import Settings
from sticli.models import shape
from sticli.models.engine import Running
from sticli.models.header import Header
from sticli.models.memory import BUDGET, Memory, most
from sticli.render import plural, size

MOST_CELLS = 8192  # of a session, where nobody says otherwise
FEWEST_CELLS = 256  # with which a session is of use
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to fit: cells of a session (0: as the settings say), sessions at once."""

    context: int = 0
    sessions: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Bytes, cells and sessions; `verdict` is fits, fits with less or does not fit."""

    engine: str
    reason: str
    on_gpu: bool
    weights: int
    kv_type: str
    cell: int
    recurrent: bool
    context: int
    sessions: int
    budget: int  # bytes for cells on the device; more than `room` may be promised than there is
    room: int  # bytes for cells that there really are now
    host_budget: int
    memory: Memory | None
    gpu: Memory | None
    verdict: str = ""
    advice: str = ""

    @property
    def session(self) -> int:
        """Bytes of the cells of one session."""
        return self.cell * self.context

    @property
    def at_once(self) -> int:
        """Sessions of that size that the device holds; 0 also where they take no cells."""
        return self.room // self.session if self.session else 0

    @property
    def in_host(self) -> int:
        """How many more wait in main memory."""
        return self.host_budget // self.session if self.session else 0

    @property
    def said(self) -> str:
        """The verdict in one line."""
        return f"{self.verdict}: {self.advice}"


def plan(
    header: Header,
    running: Running,
    settings: Settings,
    wish: Wish,
    memory: Memory | None,
    gpu: Memory | None,
) -> Plan:
    """What running a model takes, against what there is."""
    weights = shape.weights(header)
    held = (gpu if running.on_gpu else memory) or Memory(0, 0)
    left = max(0, held.free - weights)
    budget = settings.kv_budget_mb * MB
    if running.on_gpu:
        left = most(left)
        budget = budget or left
    budget = budget or BUDGET
    trained = shape.context(header) or MOST_CELLS
    found = Plan(
        engine=running.engine,
        reason=running.reason,
        on_gpu=running.on_gpu,
        weights=weights,
        kv_type=settings.kv_type,
        cell=shape.cell_bytes(header, settings.kv_type, running.engine),
        recurrent=shape.recurrent(header),
        context=wish.context or settings.context or min(trained, MOST_CELLS),
        sessions=wish.sessions,
        budget=budget,
        room=min(budget, left) if held.total else budget,
        host_budget=settings.host_budget_mb * MB,
        memory=memory,
        gpu=gpu,
    )
    verdict, advice = _judge(found, held, left)
    return replace(found, verdict=verdict, advice=advice)


def _judge(found: Plan, held: Memory, left: int) -> tuple[str, str]:
    """The verdict, and what to do."""
    place = "of the GPU" if found.on_gpu else "of memory"
    if held.total and found.weights >= held.free:
        why = f"its weights take {size(found.weights)}, {size(held.free)} {place} are free"
        return "does not fit", f"{why}: take a smaller quantisation or model"
    if not found.cell:
        return "fits", "each session keeps a state of fixed size in place of cells"
    cells = f"{plural(found.context, 'cell')}"
    if found.at_once >= found.sessions:
        many = plural(found.at_once, "session")
        return "fits", f"{many} of {cells} at once, and {found.in_host:,} more in main memory"
    why = f"{plural(found.sessions, 'session')} of {cells} take {size(_asked(found))}"
    why += f", {size(found.room)} {place} are for cells"
    fewer = found.room // (found.cell * found.sessions)
    ways = [*_wider(found, held, left), *_narrower(found, fewer)]
    if not ways:
        return "does not fit", f"{why}: take a smaller quantisation or model"
    return "fits with less", f"{why}: {', or '.join(ways)}"


def _asked(found: Plan) -> int:
    return found.session * found.sessions


def _wider(found: Plan, held: Memory, left: int) -> list[str]:
    """Where only the budget is in the way: a larger one."""
    if not held.total or _asked(found) > left:
        return []
    return [f"`sticli config set kv_budget_mb {-(-_asked(found) // MB)}`"]


def _narrower(found: Plan, fewer: int) -> list[str]:
    """Shorter sessions, or some of them resting in main memory, whichever are of use."""
    ways = []
    if fewer >= FEWEST_CELLS:
        ways.append(f"sessions of {plural(fewer, 'cell')} (the setting `context`)")
    if found.at_once:
        resting = plural(found.sessions - found.at_once, "session")
        ways.append(f"let {resting} at a time rest in main memory or on disk")
    return ways
