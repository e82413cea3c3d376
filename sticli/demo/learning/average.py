"""The mean of the weights of checkpoints of one model, each at the end of a line of training:
`python -m sticli.demo.learning.average ONE OTHER... --out checkpoint.pt`.

It is often better than each of them (Wortsman et al., "Model soups", 2022), and costs no training.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from sticli.demo.learning import train


def average(paths: Sequence[Path], out: Path) -> None:
    """Writes a checkpoint with the mean of the weights; all else is as in the last.

    Raises:
        ValueError: one was trained with another vocabulary or by another version, or has another
            shape.
    """
    runs = [train.load(path) for path in paths]
    *others, last = runs
    if any(run.model.shape != last.model.shape for run in others):
        raise ValueError("models of several shapes have no mean")
    states = [run.model.state_dict() for run in runs]
    last.model.load_state_dict(
        {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    )
    train.save(last, out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    average(given.checkpoints, given.out)


if __name__ == "__main__":
    main()
