"""What a header says of a model's size: parameters, layers, heads, memory of a cell."""

import math
from collections import Counter
from collections.abc import Mapping

from sticli.models.formats import FORMATS, MIXTURES
from sticli.models.header import Header

KINDS = {"f16": (2, 0), "bf16": (2, 0), "q8": (1, 2)}  # bytes of a number, and beside each head
PLACE_BYTES = 12  # of a cell on llama.cpp: its position, and whose it is
STATE = ("ssm.state_size", "wkv.head_size", "shortconv.l_cache")  # keys of layers without cells


def number(header: Header, key: str, usual: int = 0) -> int:
    """A whole number under the architecture's name; the largest where there is one a layer."""
    found = header.values.get(f"{header.architecture}.{key}", usual)
    if isinstance(found, tuple):
        found = max(found, default=usual)
    return found if isinstance(found, int) and found >= 0 else usual


def layers(header: Header) -> int:
    """How many blocks it has."""
    return number(header, "block_count")


def heads(header: Header) -> tuple[int, ...]:
    """Heads of keys, a layer."""
    count = layers(header)
    key = f"{header.architecture}.attention.head_count_kv"
    found = header.values.get(key, number(header, "attention.head_count"))
    each = found if isinstance(found, tuple) else (found,) * min(count, 10_000)
    every = number(header, "full_attention_interval", 1) or 1
    return tuple(
        int(one) if isinstance(one, int) and one > 0 and (at + 1) % every == 0 else 0
        for at, one in enumerate(each[: count - number(header, "attention.shared_kv_layers")])
    )


def cell_bytes(header: Header, kind: str, engine: str) -> int:
    """Memory of one token's keys and values in all layers; 0 where it keeps none."""
    count = sum(heads(header))
    if not count:
        return 0
    usual = number(header, "embedding_length") // (number(header, "attention.head_count") or 1)
    key = number(header, "attention.key_length", usual)
    value = number(header, "attention.value_length", usual)
    item, beside = KINDS[kind]
    each = count * ((key + value) * item + 2 * beside)
    return each + (PLACE_BYTES if engine == "llama.cpp" else 0)


def recurrent(header: Header) -> bool:
    """Whether some or all of its layers keep a state in place of cells."""
    return any(number(header, key) for key in STATE)


def context(header: Header) -> int:
    """Tokens that it was trained for; 0: the header does not say."""
    return number(header, "context_length")


def vocabulary(header: Header) -> int:
    """How many different tokens there are."""
    return header.lengths.get("tokenizer.ggml.tokens", 0)


def parameters(header: Header) -> int:
    """How many numbers its tensors hold."""
    return sum(math.prod(one.shape) for one in header.tensors.values())


def weights(header: Header) -> int:
    """Bytes of all tensors."""
    return sum(one.size for one in header.tensors.values())


def mixture(header: Header) -> Mapping[str, int]:
    """Bytes by type of numbers, the most first."""
    found: Counter[str] = Counter()
    for one in header.tensors.values():
        found[FORMATS[one.kind].name] += one.size
    return dict(found.most_common())


def quantisation(header: Header) -> str:
    """What people call the mixture, as Q4_K_M; else its largest part."""
    kind = header.values.get("general.file_type")
    known = MIXTURES.get(kind) if isinstance(kind, int) else None
    return known or next(iter(mixture(header)), "-")


def text(header: Header, key: str) -> str:
    """A value of the header that is text; empty if it is none."""
    found = header.values.get(key)
    return found if isinstance(found, str) else ""
