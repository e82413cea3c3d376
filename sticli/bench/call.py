"""One call of the bench: the model is found, workloads run, the report keeps what they measured."""

import contextlib
import datetime
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from sticli.bench import facts, subject
from sticli.bench.adapters import peer
from sticli.bench.adapters.base import NAMES
from sticli.bench.prompt import prompter
from sticli.bench.report import Report
from sticli.bench.stage import Bar, Options, Stage, Subject
from sticli.bench.workloads.catalogue import ALL, PRESETS, WORKLOADS, workload
from sticli.errors import SticliError

STOLEN = 0.02  # of the processors' time that others may take unmentioned

Keep = Callable[[Report], None]  # is given the report whenever a workload has ended
Tell = Callable[[str], None]  # is given what comes next


@dataclass(frozen=True, slots=True)
class Call:
    """What is about to run; `report` fills while it does."""

    model: Subject
    options: Options
    report: Report


def chosen(name: str, preset: str) -> list[str]:
    """The workloads that a command stands for: one, or all; of a preset only that which has it.

    Raises:
        SticliError: there is no such preset, or the workload does not have it.
    """
    names = list(WORKLOADS) if name == ALL else [name]
    if not preset:
        return names
    _known("preset", [preset], PRESETS)
    if PRESETS[preset] not in names:
        hint = f"`sticli bench {PRESETS[preset]} --preset {preset}`"
        raise SticliError("bad_request", f"{name} has no preset {preset}", hint)
    return [PRESETS[preset]]


def prepare(command: str, wish: subject.Wish, options: Options) -> Call:
    """Look that everything is there, and begin the report.

    Raises:
        SticliError: an engine is unknown, a peer misspelt, or the model cannot be had.
    """
    _known("engine", options.engines, NAMES)
    for text in options.peers:
        peer.parse(text)
    if not math.isfinite(options.rate):
        raise SticliError(
            "bad_request", f"--rate: {options.rate} is no number of lines", "as --rate 20"
        )
    model, about = subject.find(wish, options.seed)
    report = Report(
        command=command,
        started=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        seed=options.seed,
        machine=facts.machine(),
        versions=facts.versions(),
        model=about,
        settings=_settings(options),
    )
    return Call(model, options, report)


def run(call: Call, names: Sequence[str], bar: Bar, keep: Keep, tell: Tell) -> None:
    """Run the workloads, each in turn; one that fails does not end the others.

    Raises:
        Exception: the first failure, once all have run.
    """
    failures: list[Exception] = []
    with prompter(call.model.path) as found:
        stage = Stage(call.options, call.model, found, call.report, bar)
        if call.model.synthetic:
            stage.note("The weights are random: times mean something, answers do not.")
        for name in names:
            tell(f"{name}: {WORKLOADS[name]}")
            try:
                _one(stage, name, keep)
            except Exception as error:  # noqa: BLE001  it is raised when the others have run
                failures.append(error)
                if name != names[-1]:
                    tell(f"{name} failed: {error}")
    if failures:
        raise failures[0]


def _one(stage: Stage, name: str, keep: Keep) -> None:
    """Run one workload, and say in the report when it did not reach its end."""
    with contextlib.ExitStack() as ending:
        ending.callback(keep, stage.report)
        ending.callback(_say_stolen, stage, name, facts.stolen())
        try:
            workload(name)(stage)
        except Exception as error:
            kind = "" if isinstance(error, SticliError) else f"{type(error).__name__}: "
            stage.note(f"`{name}` failed: {kind}{error}")
            raise
        except BaseException:
            stage.note(f"`{name}` was broken off: what it has is what it had by then.")
            raise


def _say_stolen(stage: Stage, name: str, before: tuple[int, int]) -> None:
    """Say how much of the processors' time other machines of this host took meanwhile."""
    taken, ticks = (now - then for now, then in zip(facts.stolen(), before, strict=True))
    if taken > STOLEN * ticks:
        share = f"{taken / ticks:.0%} of the processors' time"
        stage.note(f"while `{name}` ran, the hypervisor gave {share} to others: trust ratios only")


def _known(what: str, given: Iterable[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            hint = f"known: {', '.join(known)}"
            raise SticliError("bad_request", f"no {what} {name!r}", hint)


def _settings(options: Options) -> dict[str, str]:
    """What was chosen, as text; what was left to the workloads is left out."""
    chosen = {name: value for name, value in asdict(options).items() if value and name != "seed"}
    return {name: _text(value) for name, value in chosen.items()}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)
