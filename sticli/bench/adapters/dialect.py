"""Which server a peer is, and what it is told beyond the common ground to do its best."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from sticli.bench.adapters.events import About, Model, Models
from sticli.bench.adapters.peer import Peer
from sticli.bench.adapters.wire import Wire
from sticli.errors import SticliError

LLAMA_SERVER, VLLM, SGLANG, PYTHON = "llama-server", "vLLM", "SGLang", "llama-cpp-python"
OWNERS = {"llamacpp": LLAMA_SERVER, "vllm": VLLM, "sglang": SGLANG, "me": PYTHON}  # in /v1/models
ABOUT = {LLAMA_SERVER: "/props", VLLM: "/version", SGLANG: "/server_info"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server says of itself; 0 and empty is what it does not say."""

    server: str
    model: str
    version: str = ""
    longest: int = 0  # tokens of a prompt and its answer
    slots: int = 0  # sequences that it keeps apart: llama-server only

    def extras(self, slot: int, choices: Sequence[str]) -> dict[str, object]:
        """Fields of a request: its own slot for a session, and the only answers allowed."""
        found: dict[str, object] = {}
        if self.server == LLAMA_SERVER:
            found = {"cache_prompt": True, "id_slot": slot}
        if choices:
            found |= self._only(choices)
        return found

    def _only(self, choices: Sequence[str]) -> dict[str, object]:
        """One grammar for all: they differ in where they look for it."""
        texts = " | ".join(json.dumps(text, ensure_ascii=False) for text in choices)
        grammar = f"root ::= [ \\n]? ({texts})"
        if self.server == VLLM:
            return {"structured_outputs": {"grammar": grammar}}
        return {"ebnf" if self.server == SGLANG else "grammar": grammar}


def dialect(peer: Peer, wire: Wire) -> Dialect:
    """Ask a server what it is.

    Raises:
        SticliError: it is gone, speaks another protocol, or does not have the model.
    """
    model = _chosen(peer, _read(peer, wire.get("/v1/models"), Models).data)
    server = OWNERS.get(model.owned_by, "another")
    about = _about(peer, wire, server)
    longest = model.max_model_len or (model.meta.n_ctx if model.meta else 0)
    version = about.version or about.build_info
    return Dialect(server, model.id, version, longest, about.total_slots)


def _about(peer: Peer, wire: Wire, server: str) -> About:
    """What it says of itself; nothing where this release of it has no such path."""
    if server not in ABOUT:
        return About()
    try:
        return _read(peer, wire.get(ABOUT[server]), About)
    except SticliError as error:
        if error.code != "bad_request":
            raise
        return About()


def _chosen(peer: Peer, models: list[Model]) -> Model:
    for model in models:
        if peer.model in ("", model.id):
            return model
    known = ", ".join(model.id for model in models)
    raise SticliError(
        "not_found",
        f"{peer.name} has no model {peer.model!r}, only {known}",
        "add ,model=NAME with one of these",
    )


def _read(peer: Peer, data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise SticliError(
            "bad_request",
            f"{peer.name} is no OpenAI-like server: {error}",
            "check its URL; `sticli bench peers` says how such servers are started",
        ) from None
