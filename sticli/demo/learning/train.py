"""Trains the embedded model: `python -m sticli.demo.learning.train --out DIR`, continued with
`--resume`.
"""

import argparse
import io
import json
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sticli.demo.learning import circuits, heap, recipe, vocabulary
from sticli.demo.learning.circuits import BINDING, MATCHING
from sticli.demo.learning.half import has_half
from sticli.demo.learning.model import Model, Probe, Shape, unseen
from sticli.demo.learning.muon import Muon
from sticli.demo.learning.packing import Batch, make_batch
from sticli.demo.learning.pointing import Pointing
from sticli.demo.learning.probes import Probes, Probing
from sticli.demo.world.simulate import Make, make_feed

REPORT_STEPS, SAVE_SECONDS = 25, 60.0
FASTER = 8.0  # the learning rate of biases and probes beside that of all else
# What the losses of probes and of heads count beside that of answers.
MARKED, POINTED, BOUND = 0.25, 0.3, 0.15


@dataclass
class Run:
    """Everything a training run carries from step to step; `seconds` of training so far.

    `make` draws the feeds, `scale` times as many in a step as the recipe says.
    """

    model: Model
    probes: Probes
    optimisers: list[torch.optim.Optimizer]
    seed: int
    steps: int
    step: int = 0
    seconds: float = 0.0
    tally: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    make: Make = make_feed
    scale: int = 1

    @property
    def device(self) -> torch.device:
        """Where it is trained."""
        found: torch.device = self.model.embedding.weight.device
        return found

    def drawing(self, step: int) -> Callable[[], Batch]:
        """What draws the batch of a step, always the same one, in any process."""
        feeds, tokens, room = recipe.sizes(step, self.steps)
        rng = random.Random(f"{self.seed} {step}")
        return partial(make_batch, rng, feeds * self.scale, tokens, room, make=self.make)


def start(seed: int, steps: int, device: str = "cpu", shape: Shape | None = None) -> Run:
    """A fresh run with an initialised model."""
    torch.manual_seed(seed)
    model = Model(shape or Shape(len(vocabulary.TOKENS)))
    circuits.initialise(model)
    return begin(model.to(device), seed, steps)


def begin(model: Model, seed: int, steps: int) -> Run:
    """The first step of training a model."""
    torch.manual_seed(seed)
    probes = Probes(model.shape).to(model.embedding.weight.device)
    return Run(model, probes, optimisers(model, probes), seed, steps)


def optimisers(model: Model, probes: Probes) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for everything else.

    Biases are large where they say how far a head looks, and take larger steps, as the probes do,
    which have to follow what they read.
    """
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    chosen = {id(p) for p in matrices + biases}
    others = [p for p in model.parameters() if id(p) not in chosen]
    fast = [*biases, *probes.parameters()]
    groups = [{"params": others, "faster": 1.0}, {"params": fast, "faster": FASTER}]
    return [
        Muon(matrices),
        torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def answers(model: Model, batch: Batch, probe: Probe = unseen) -> Tensor:
    """Logits [answers, vocabulary] at the batch's answer rows."""
    device = batch.ids.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=has_half(device)):
        stream = model.stream(batch.ids, batch.layout, probe)
        logits: Tensor = model.output(stream[batch.rows[:, 0], batch.rows[:, 1]])
    return logits.float()


def each(*probes: Probe) -> Probe:
    """Shows what leaves each layer to all of them."""

    def shown(layer: int, stream: Tensor) -> None:
        for probe in probes:
            probe(layer, stream)

    return shown


def count(batch: Batch, right: list[bool], tally: dict[str, list[bool]]) -> None:
    """Adds to `tally`, by kind, whether each answer of the batch was right as a whole."""
    whole = True
    for kind, end, hit in zip(batch.kinds, batch.ends, right, strict=True):
        whole = whole and hit
        if end:
            tally[kind].append(whole)
            whole = True


def advance(run: Run, drawn: Batch | None = None) -> float:
    """One training step, on the batch of that step if it has been drawn; returns its loss.

    Nobody can ask about feeds too short for a whole line: only what their tokens are part of is
    learned from them.
    """
    batch = (drawn or run.drawing(run.step)()).to(run.device)
    probing = Probing(run.probes, batch)
    pointing = Pointing(run.model, batch.layout, batch.pointed, MATCHING)
    binding = Pointing(run.model, batch.layout, batch.bound, (BINDING,))
    logits = answers(run.model, batch, each(probing, pointing, binding))
    loss = F.cross_entropy(logits, batch.targets, reduction="sum") / max(1, len(batch.targets))
    told = MARKED * probing.loss + POINTED * pointing.loss + BOUND * binding.loss
    (loss + told).backward()
    nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    for optimiser in run.optimisers:
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(run.step, run.steps) * group.get("faster", 1.0)
        optimiser.step()
        optimiser.zero_grad()
    count(batch, (logits.argmax(-1) == batch.targets).tolist(), run.tally)
    for name, right in probing.right.items():
        run.tally[name] += right
    run.step += 1
    return float(loss.detach())


def save(run: Run, path: Path) -> None:
    """Writes a checkpoint, whole or not at all."""
    kept = ("seed", "steps", "step", "seconds", "scale")
    state = {
        "model": run.model.state_dict(),
        "probes": run.probes.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in run.optimisers],
        "run": {name: getattr(run, name) for name in kept},
        "shape": asdict(run.model.shape),
        "tokens": vocabulary.TOKENS,
    }
    data, new = io.BytesIO(), path.with_suffix(".new")
    torch.save(state, data)  # of a full disk torch itself would raise no OSError
    new.write_bytes(data.getbuffer())
    new.replace(path)


def load(path: Path, steps: int | None = None, device: str = "cpu") -> Run:
    """Continues a checkpoint, its schedule stretched to `steps` if given.

    Raises:
        ValueError: it was trained with another vocabulary, or by a version without probes.
    """
    state = torch.load(path, weights_only=True, map_location=device)
    if state.get("tokens") != vocabulary.TOKENS or "probes" not in state:
        raise ValueError(f"{path} was trained with other tokens, or by another version")
    kept, model = state["run"], Model(Shape(**state["shape"])).to(device)
    run = begin(model, kept["seed"], steps or kept["steps"])
    if state["probes"].keys() != run.probes.state_dict().keys():
        raise ValueError(f"{path} was trained by another version, with other probes")
    run.model.load_state_dict(state["model"])
    run.probes.load_state_dict(state["probes"])
    for optimiser, saved in zip(run.optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(saved)
    run.step, run.seconds, run.scale = kept["step"], kept["seconds"], kept["scale"]
    return run


def report(run: Run, loss: float) -> None:
    """Prints one line of progress: training accuracy by kind since the last one."""
    shares = {
        kind: round(sum(hits) / len(hits), 3) for kind, hits in sorted(run.tally.items()) if hits
    }
    line = {"step": run.step, "tokens": recipe.sizes(run.step - 1, run.steps)[1]}
    print(json.dumps(line | {"s": round(run.seconds), "loss": round(loss, 3)} | shares), flush=True)
    run.tally.clear()


def batches(run: Run, workers: int) -> Iterator[Batch]:
    """The batches from the run's step to its last; `workers` processes draw them ahead."""
    drawings = map(run.drawing, range(run.step, run.steps))
    if not workers:
        yield from (drawing() for drawing in drawings)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        ahead = deque(map(pool.submit, islice(drawings, 2 * workers)))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(map(pool.submit, islice(drawings, 1)))


def train(run: Run, path: Path, minutes: float, workers: int = 0) -> None:
    """Trains to the schedule's end or for so many minutes, saving about once a minute."""
    began = saved = stepped = time.monotonic()
    for batch in batches(run, workers):
        loss = advance(run, batch)
        run.seconds += time.monotonic() - stepped
        stepped = time.monotonic()
        if run.step % REPORT_STEPS == 0:
            report(run, loss)
        if time.monotonic() - saved > SAVE_SECONDS:
            save(run, path)
            saved = time.monotonic()
        if stepped - began > 60 * minutes:
            break
    save(run, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="length of the schedule", default=None)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw feeds ahead")
    parser.add_argument("--scale", type=int, help="so many times the feeds in a step, 1 at first")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    heap.keep()
    path = given.out / "checkpoint.pt"
    given.out.mkdir(parents=True, exist_ok=True)
    if given.resume:
        run = load(path, given.steps, given.device)
    elif path.exists():
        parser.error(f"{path} exists: go on with --resume, or name another folder")
    else:
        run = start(given.seed, given.steps or 5000, given.device)
    run.scale = given.scale or run.scale
    train(run, path, given.minutes, given.workers)


if __name__ == "__main__":
    main()
