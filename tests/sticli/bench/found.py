"""A report as a bench would make it, its times drawn: for tests of what is made from one."""

import random

from sticli.bench.report import Case, Figure, Report, Run, Sample, Usage

ENGINES = {"sticli live": 0.9, "bare": 0.8, "llama.cpp reuse": 4.0, "llama.cpp stateless": 40.0}
CASES: tuple[Case, ...] = tuple(
    {"context": context, "delta": delta} for context in (4096, 16384) for delta in (64, 1024)
)


def found(
    *, seed: int = 1, slower: float = 1.0, machine: float = 1.0, engines: dict[str, float] = ENGINES
) -> Report:
    """`slower` is how many times as long sticli takes, `machine` how long everybody does."""
    random_ = random.Random(seed)
    paces = {
        name: pace * machine * (slower if name.startswith("sticli") else 1)
        for name, pace in engines.items()
    }
    report = empty(seed)
    report.engines |= {name: {"threads": "2"} for name in engines}
    for case in CASES:
        for number in range(4):
            moods = [machine * random_.uniform(0.8, 1.3) for _ in range(5)]
            report.runs += [
                run(name, dict(case), number, pace, moods, random_) for name, pace in paces.items()
            ]
    report.figures.append(
        Figure(
            "stream",
            "ask at 16,384 cells, delta 1,024: live, times as fast as llama.cpp reuse",
            4.4,
            "×",
            5.9,
            True,
            4.1,
            4.8,
            "20 pairs",
        )
    )
    report.figures.append(
        Figure("stream", "ask over the bare engine", 1.08, "×", 1.1, False, 1.02, 1.14)
    )
    report.notes.append("the machine was busy | or so")
    return report


def empty(seed: int = 1) -> Report:
    """Before anything was measured."""
    return Report(
        command="sticli bench stream",
        started="2026-05-04T10:05:00+02:00",
        seed=seed,
        machine={"processor": "a processor", "cores": "2 of 2", "memory": "8 GiB"},
        versions={"sticli": "0.1.0"},
        model={"name": "feed", "weights": "Q8_0", "file": "feed.gguf, 4.5 MB"},
        settings={"quick": "yes"},
    )


def run(
    name: str, case: Case, number: int, pace: float, moods: list[float], random_: random.Random
) -> Run:
    """One round: what weighs on the machine weighs on every engine."""
    size = float(case["context"]) ** 0.3 * 1e-3
    samples = [
        sample(f"s{n}", pace * mood * size * random_.uniform(0.97, 1.03), name)
        for n, mood in enumerate(moods)
    ]
    lag = [0.02 * pace] * 3 if name == "sticli live" else None
    return Run("stream", case, name, number, samples, Usage(2.0, 1.5 * pace, 300_000_000), lag)


def sample(session: str, first: float, engine: str = "") -> Sample:
    """An answer after `first` seconds."""
    source = "live" if engine.startswith("sticli") else ""
    return Sample(
        session, "last price?", "131.40", source, first, first * 1.5, first / 4,
        4096, 80 if first < 1 else 4096, 8, 300, 0, 0.0,
    )  # fmt: skip
