"""Sets what a trained model's output says of tokens that are hardly ever part of an answer:
`python -m sticli.demo.learning.rows CHECKPOINT --out checkpoint.pt`.

Training only ever makes such a token less likely, until no answer may hold it: an error message was
copied but for one token. The tokens that are answers tell how the output reads what the embedding
of a token is, in a straight line; the others are set to what that line gives for theirs.
"""

import argparse
import random
from collections import Counter
from pathlib import Path

import torch
from torch import Tensor

from sticli.demo.learning import train
from sticli.demo.learning.packing import make_batch

BATCHES, SIZES = 40, (16, 192, 256)  # in which answers are counted
KNOWN = 3  # times among them that a token has to be answered for its row to count
RIDGE = 30.0


def answered(vocabulary: int) -> Tensor:
    """How often each token is part of an answer in some batches of training: [vocabulary]."""
    found = Counter[int]()
    for number in range(BATCHES):
        found.update(make_batch(random.Random(f"cnt {number}"), *SIZES).targets.tolist())
    return torch.tensor([found[token] for token in range(vocabulary)])


def fill(embedding: Tensor, output: Tensor, times: Tensor) -> Tensor:
    """The output [vocabulary, width], new where a token was answered no `times` [vocabulary]."""
    read = torch.cat((embedding, torch.ones_like(embedding[:, :1])), 1)
    known = times >= KNOWN
    seen = read[known]
    line = torch.linalg.solve(
        seen.T @ seen + RIDGE * torch.eye(seen.shape[1]), seen.T @ output[known]
    )
    return torch.where(times[:, None] > 0, output, read @ line)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    run = train.load(given.checkpoint)
    model = run.model
    with torch.no_grad():
        times = answered(model.shape.vocabulary)
        model.output.weight.copy_(fill(model.embedding.weight, model.output.weight, times))
    train.save(run, given.out)


if __name__ == "__main__":
    main()
