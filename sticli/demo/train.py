"""Trains the embedded model: `python -m sticli.demo.train --out DIR`, continued with `--resume`."""

import argparse
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sticli.demo import circuits, recipe, vocabulary
from sticli.demo.model import Model, Shape
from sticli.demo.packing import Batch, make_batch

REPORT_STEPS, SAVE_SECONDS = 50, 60.0


@dataclass
class Run:
    """Everything a training run carries from step to step; `seconds` of training so far."""

    model: Model
    optimisers: list[torch.optim.Optimizer]
    seed: int
    steps: int
    step: int = 0
    seconds: float = 0.0
    tally: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


def start(seed: int, steps: int) -> Run:
    """A fresh run with an initialised model."""
    torch.manual_seed(seed)
    model = Model(Shape(len(vocabulary.TOKENS)))
    circuits.initialise(model)
    return Run(model, optimisers(model), seed, steps)


def optimisers(model: Model) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for everything else."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def answers(model: Model, batch: Batch) -> Tensor:
    """Logits [answers, vocabulary] at the batch's answer rows."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        stream = model.stream(batch.ids, batch.layout)
        logits: Tensor = model.output(stream[batch.rows[:, 0], batch.rows[:, 1]])
    return logits.float()


def count(batch: Batch, right: list[bool], tally: dict[str, list[bool]]) -> None:
    """Adds to `tally`, by kind, whether each answer of the batch was right as a whole."""
    whole = True
    for kind, end, hit in zip(batch.kinds, batch.ends, right, strict=True):
        whole = whole and hit
        if end:
            tally[kind].append(whole)
            whole = True


def advance(run: Run) -> float:
    """One training step; returns its loss."""
    rng = random.Random(f"{run.seed} {run.step}")
    batch = make_batch(rng, *recipe.sizes(run.step, run.steps))
    logits = answers(run.model, batch)
    loss = F.cross_entropy(logits, batch.targets)
    loss.backward()
    nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    for optimiser in run.optimisers:
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(run.step, run.steps)
        optimiser.step()
        optimiser.zero_grad()
    count(batch, (logits.argmax(-1) == batch.targets).tolist(), run.tally)
    run.step += 1
    return float(loss.detach())


def save(run: Run, path: Path) -> None:
    """Writes a checkpoint, whole or not at all."""
    state = {
        "model": run.model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in run.optimisers],
        "run": {"seed": run.seed, "steps": run.steps, "step": run.step, "seconds": run.seconds},
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def load(path: Path, steps: int | None = None) -> Run:
    """Continues a checkpoint, its schedule stretched to `steps` if given."""
    state = torch.load(path, weights_only=True)
    run = start(state["run"]["seed"], steps or state["run"]["steps"])
    run.model.load_state_dict(state["model"])
    for optimiser, saved in zip(run.optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(saved)
    run.step, run.seconds = state["run"]["step"], state["run"]["seconds"]
    return run


def report(run: Run, loss: float) -> None:
    """Prints one line of progress: training accuracy by kind since the last one."""
    shares = {kind: round(sum(hits) / len(hits), 3) for kind, hits in sorted(run.tally.items())}
    line = {"step": run.step, "tokens": recipe.sizes(run.step - 1, run.steps)[1]}
    print(json.dumps(line | {"s": round(run.seconds), "loss": round(loss, 3)} | shares), flush=True)
    run.tally.clear()


def train(run: Run, path: Path, minutes: float) -> None:
    """Trains to the schedule's end or for so many minutes, saving about once a minute."""
    began = saved = time.monotonic()
    while run.step < run.steps and time.monotonic() - began < 60 * minutes:
        stepped = time.monotonic()
        loss = advance(run)
        run.seconds += time.monotonic() - stepped
        if run.step % REPORT_STEPS == 0:
            report(run, loss)
        if time.monotonic() - saved > SAVE_SECONDS:
            save(run, path)
            saved = time.monotonic()
    save(run, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="length of the schedule", default=None)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    path = given.out / "checkpoint.pt"
    given.out.mkdir(parents=True, exist_ok=True)
    run = load(path, given.steps) if given.resume else start(given.seed, given.steps or 5000)
    train(run, path, given.minutes)


if __name__ == "__main__":
    main()
