"""Probes that read, while the model trains, how its numbers compare and what its tokens are part
of: see `marks` and `roles`. They are thrown away afterwards.
"""

from collections import defaultdict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sticli.demo.learning import roles
from sticli.demo.learning.circuits import COMPARING
from sticli.demo.learning.marks import RELATIONS, UNKNOWN
from sticli.demo.learning.model import Shape
from sticli.demo.learning.packing import Batch, Marked
from sticli.demo.learning.roles import ROLES

OUTCOMES = 3  # less, equal, greater


class Probes(nn.Module):  # type: ignore[misc]  # torch is untyped to mypy here
    """What leaves a layer to how its numbers compare, digits early, whole numbers late, and to what
    its tokens are part of.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        last = shape.layers - 2  # that all tokens go through
        self.layers = {"digits": min(COMPARING, last), "wholes": last}
        self.digits = nn.Linear(shape.width, len(RELATIONS) * OUTCOMES)
        self.wholes = nn.Linear(shape.width, len(RELATIONS) * OUTCOMES)
        self.roles = nn.Linear(shape.width, len(ROLES))


class Probing:
    """The probes at work on a batch: their loss, and which of their findings are right."""

    def __init__(self, probes: Probes, batch: Batch) -> None:
        self._probes = probes
        self._marked = {"digits": batch.digits, "wholes": batch.wholes}
        self._roles = batch.roles
        self.loss = torch.zeros((), device=batch.ids.device)
        self.right: dict[str, list[bool]] = defaultdict(list)

    def __call__(self, layer: int, stream: Tensor) -> None:
        """Looks at what leaves a layer, [batch, tokens, width]."""
        for name, marked in self._marked.items():
            if self._probes.layers[name] == layer:
                self._look(name, marked, stream)
        if self._probes.layers["digits"] == layer:
            self._part(stream[:, : self._roles.shape[1]])

    def _part(self, stream: Tensor) -> None:
        found = self._probes.roles(F.rms_norm(stream.float(), stream.shape[-1:])).flatten(0, 1)
        wanted = self._roles.flatten()
        loss = F.cross_entropy(found.float(), wanted, ignore_index=roles.UNKNOWN, reduction="sum")
        self.loss = self.loss + loss / (wanted != roles.UNKNOWN).sum().clamp(min=1)
        begins = F.pad(self._roles[:, 1:] != self._roles[:, :-1], (1, 0)).flatten()
        told = begins & (wanted > roles.OTHER)
        self.right["roles"] += (found.argmax(-1) == wanted)[told].tolist()

    def _look(self, name: str, marked: Marked, stream: Tensor) -> None:
        seen = stream[marked.rows[:, 0], marked.rows[:, 1]].float()
        found = getattr(self._probes, name)(F.rms_norm(seen, seen.shape[-1:]))
        found, wanted = found.float().view(-1, OUTCOMES), marked.compared.flatten()
        known = wanted != UNKNOWN
        loss = F.cross_entropy(found, wanted, ignore_index=UNKNOWN, reduction="sum")
        self.loss = self.loss + loss / known.sum().clamp(min=1)
        hits = (found.argmax(-1) == wanted).view(-1, len(RELATIONS))
        for index, relation in enumerate(RELATIONS):
            counted = known.view(-1, len(RELATIONS))[:, index]
            self.right[f"{name} {relation}"] += hits[counted, index].tolist()
