"""A GGUF of llama architecture for engines that read Hugging Face folders: the same values, in F32.

    python -m sticli.bench.export MODEL FOLDER

writes FOLDER for them and FOLDER/f32.gguf for the others, so that all run the very same numbers.
"""

import json
import struct
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import gguf
import numpy as np
from gguf.quants import dequantize
from numpy.typing import NDArray

from sticli.bench import spelling
from sticli.errors import SticliError, refused

Values: TypeAlias = NDArray[np.float32]

NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTSIDE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
LLAMA = "export a GGUF file of a plain llama model"
BIASED = ("attn_q", "attn_k", "attn_v", "attn_output")


class Source:
    """An open GGUF file: header and values."""

    def __init__(self, path: Path) -> None:
        try:
            self.reader = gguf.GGUFReader(path)
        except OSError as error:
            raise refused(error) from None
        except ValueError as error:
            raise SticliError("model", f"{path} is no GGUF file: {error}", LLAMA) from None
        self.tensors = {tensor.name: tensor for tensor in self.reader.tensors}

    def get(self, key: str, default: Any = None) -> Any:
        """A value of the header."""
        field = self.reader.get_field(key)
        return default if field is None else field.contents()

    def number(self, key: str) -> int:
        """A whole number that the header must have.

        Raises:
            SticliError: it has none.
        """
        if not isinstance(found := self.get(f"llama.{key}"), int):
            raise SticliError("model", f"the file's header has no number llama.{key}", LLAMA)
        return found

    def shape(self, name: str) -> list[int]:
        """Rows and columns, or the length, of a tensor."""
        return [int(n) for n in reversed(self.tensors[name].shape)]

    def values(self, name: str) -> Values:
        """A tensor in F32, of that shape."""
        tensor = self.tensors[name]
        found = dequantize(tensor.data, tensor.tensor_type).reshape(self.shape(name))
        return np.ascontiguousarray(found, np.float32)


def export(model: Path, folder: Path) -> Path:
    """Write the folder; returns the F32 GGUF in it.

    Raises:
        SticliError: the model is of a kind that this does not know, or the folder is refused.
    """
    source = Source(model)
    _check(source)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        documents = {"config": _config(source), **spelling.documents(source.get)}
        for name, document in documents.items():
            (folder / f"{name}.json").write_text(json.dumps(document, indent=1))
        _write_safetensors(source, folder / "model.safetensors")
        _write_gguf(source, folder / "f32.gguf")
    except OSError as error:
        raise refused(error) from None
    return folder / "f32.gguf"


def _check(source: Source) -> None:
    """Refuse what would be read as something else."""
    architecture = source.get("general.architecture")
    scaling = source.get("llama.rope.scaling.type", "none") != "none"
    turned = source.get("llama.rope.dimension_count", _head_size(source))
    reasons = {
        f"its architecture is {architecture}, this knows llama": architecture != "llama",
        "it has experts": bool(source.get("llama.expert_count")),
        "its rotary positions are scaled": scaling or "rope_freqs.weight" in source.tensors,
        "its heads are turned in part only": turned != _head_size(source),
    }
    for reason, holds in reasons.items():
        if holds:
            raise SticliError("model", f"the model cannot be exported: {reason}", LLAMA)


def _head_size(source: Source) -> int:
    if source.get("general.architecture") != "llama":
        return 0
    width = source.number("embedding_length") // source.number("attention.head_count")
    return int(source.get("llama.attention.key_length", width))


def _config(source: Source) -> dict[str, object]:
    heads = source.number("attention.head_count")
    theta = float(source.get("llama.rope.freq_base", 10000.0))
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "torch_dtype": "float32",
        "vocab_size": source.shape("token_embd.weight")[0],
        "hidden_size": source.number("embedding_length"),
        "intermediate_size": source.number("feed_forward_length"),
        "num_hidden_layers": source.number("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": int(source.get("llama.attention.head_count_kv", heads)),
        "head_dim": _head_size(source),
        "max_position_embeddings": source.number("context_length"),
        "rms_norm_eps": float(source.get("llama.attention.layer_norm_rms_epsilon", 1e-5)),
        "rope_theta": theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": theta},
        "hidden_act": "silu",
        "attention_bias": _biased(source),
        "mlp_bias": False,
        "tie_word_embeddings": "output.weight" not in source.tensors,
        "bos_token_id": source.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": source.get("tokenizer.ggml.eos_token_id"),
    }


def _biased(source: Source) -> bool:
    return any(f"blk.0.{name}.bias" in source.tensors for name in BIASED)


def _write_safetensors(source: Source, path: Path) -> None:
    """Header length, header, values: the whole of the format."""
    names = list(_names(source))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for theirs, _, shape in names:
        begin, end = end, end + 4 * int(np.prod(shape))
        header[theirs] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        for _, ours, shape in names:
            known = ours in source.tensors
            file.write((_turned(source, ours) if known else np.zeros(shape, np.float32)).data)


def _names(source: Source) -> Iterator[tuple[str, str, list[int]]]:
    """(their name, ours, shape) of all tensors; theirs has biases at all of BIASED or at none."""
    for ours, theirs in OUTSIDE.items():
        if ours in source.tensors:
            yield theirs, ours, source.shape(ours)
    for layer in range(source.number("block_count")):
        for short, name in NAMES.items():
            ours, theirs = f"blk.{layer}.{short}", f"model.layers.{layer}.{name}"
            yield f"{theirs}.weight", f"{ours}.weight", source.shape(f"{ours}.weight")
            if short in BIASED and _biased(source):
                yield f"{theirs}.bias", f"{ours}.bias", source.shape(f"{ours}.weight")[:1]


def _turned(source: Source, name: str) -> Values:
    """Values as they are there: a head's rows in two halves, where GGUF has them in pairs."""
    values = source.values(name)
    heads = source.number("attention.head_count")
    if ".attn_k." in name:
        heads = int(source.get("llama.attention.head_count_kv", heads))
    elif ".attn_q." not in name:
        return values
    pairs = values.reshape(heads, -1, 2, *values.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(values.shape))


def _write_gguf(source: Source, path: Path) -> None:
    """The file again, every tensor in F32."""
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        for field in source.reader.fields.values():
            if not field.name.startswith(("GGUF.", "general.architecture", "general.file_type")):
                inner = field.types[-1] if len(field.types) > 1 else None
                writer.add_key_value(field.name, field.contents(), field.types[0], inner)
        writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        for name in source.tensors:
            shape = source.shape(name)
            size = 4 * int(np.prod(shape))
            writer.add_tensor_info(name, shape, np.dtype(np.float32), size)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name in source.tensors:
            writer.write_tensor_data(source.values(name))


def main(arguments: list[str]) -> None:
    """The command.

    Raises:
        SticliError: as `export`.
    """
    if len(arguments) != 2:
        raise SystemExit("usage: python -m sticli.bench.export MODEL FOLDER")
    model, folder = map(Path, arguments)
    try:
        print(export(model, folder))
    except SticliError as error:
        raise SystemExit(f"export: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
