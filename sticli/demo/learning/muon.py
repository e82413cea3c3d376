"""Muon: steps along momentum made orthogonal, for the matrices of a network's layers."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

from sticli.demo.learning.half import has_half

# Of the quintic that takes singular values towards 1, applied TURNS times.
FIRST, THIRD, FIFTH, TURNS = 3.4445, -4.7750, 2.0315, 5


def orthogonal(matrices: Tensor) -> Tensor:
    """Matrices [n, rows, columns] with the same singular vectors, but values near 1."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    x = x.bfloat16() if has_half(x.device.type) else x
    for _ in range(TURNS):
        gram = x @ x.mT
        x = torch.baddbmm(
            x, torch.baddbmm(gram, gram, gram, beta=THIRD, alpha=FIFTH), x, beta=FIRST
        )
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped to mypy here
    """Keller Jordan's optimiser (2024), its steps as large as AdamW's are (Moonshot AI, 2025).

    torch's own always multiplies in bfloat16, which takes fifty times as long on some CPUs, and
    takes matrices of one shape one by one.
    """

    def __init__(
        self, matrices: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.95
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    def step(self, closure: None = None) -> None:
        """One step of every matrix that has a gradient."""
        with torch.no_grad():
            for group in self.param_groups:
                self._step(group["params"], group["lr"], group["momentum"])

    def _step(self, matrices: list[Tensor], lr: float, momentum: float) -> None:
        alike = defaultdict[torch.Size, list[Tensor]](list)
        for matrix in matrices:
            if matrix.grad is not None:
                alike[matrix.shape].append(matrix)
        for shape, some in alike.items():
            moved = torch.stack([self._momentum(one, momentum) for one in some])
            for matrix, one in zip(some, orthogonal(moved), strict=True):
                matrix.sub_(one, alpha=lr * 0.2 * max(shape) ** 0.5)

    def _momentum(self, matrix: Tensor, share: float) -> Tensor:
        """The gradient and those before it, as Nesterov has them."""
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(matrix)
        state["momentum"].lerp_(matrix.grad, 1 - share)
        found: Tensor = matrix.grad.lerp(state["momentum"], share)
        return found
