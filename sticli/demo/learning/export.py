"""Writes a trained model as GGUF: llama architecture, Q8_0 matrices, F32 norms and biases.

A whole one has F32 matrices too: what Q8_0 costs is measured beside it.
"""

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from torch import Tensor

from sticli.demo.learning import train, vocabulary
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.train import Run
from sticli.models.gap import KEY

NAME, CONTEXT = "sticli-feed-v2", 8448

_LAYER_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.o": "attn_output",
    "mlp_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
_OTHER_NAMES = {"embedding": "token_embd", "norm": "output_norm", "output": "output"}


def tensor_name(parameter: str) -> str:
    """The GGUF name of a parameter of the torch model."""
    path, part = parameter.rsplit(".", 1)
    if path.startswith("blocks."):
        _, layer, inner = path.split(".", 2)
        return f"blk.{layer}.{_LAYER_NAMES[inner]}.{part}"
    return f"{_OTHER_NAMES[path]}.{part}"


def _write_shape(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_license("MIT")
    writer.add_description("Answers short questions about a feed of lines.")
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)


def _write_vocabulary(writer: GGUFWriter) -> None:
    kinds = [
        TokenType.CONTROL if token in vocabulary.CONTROL else TokenType.NORMAL
        for token in vocabulary.TOKENS
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(vocabulary.TOKENS)
    writer.add_token_types(kinds)
    writer.add_token_merges(vocabulary.MERGES)
    writer.add_bos_token_id(vocabulary.BOS_ID)
    writer.add_eos_token_id(vocabulary.END_ID)
    writer.add_eot_token_id(vocabulary.END_ID)
    writer.add_pad_token_id(vocabulary.END_ID)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(vocabulary.CHAT_TEMPLATE)


def _write_tensor(writer: GGUFWriter, name: str, tensor: Tensor, whole: bool) -> None:
    values = tensor.detach().float().numpy().astype(np.float32)
    if whole or values.ndim == 1:
        writer.add_tensor(name, values)
        return
    kind = GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)


def training(run: Run) -> dict[str, str]:
    """What a file says of the run that its model comes from."""
    return {
        "seed": str(run.seed), "step": str(run.step), "scale": str(run.scale),
        "seconds": f"{run.seconds:.0f}",
    }  # fmt: skip


def export(
    model: Model,
    path: Path,
    facts: dict[str, str] | None = None,
    *,
    name: str = NAME,
    whole: bool = False,
    gap: float | None = None,
) -> None:
    """Writes the model, its tokeniser, facts about its training and, if that is known, the gap that
    suits its decisions; whole or not at all."""
    writer = GGUFWriter(path.with_suffix(".new"), "llama")
    kinds = gguf.LlamaFileType
    writer.add_name(name)
    writer.add_file_type(kinds.ALL_F32 if whole else kinds.MOSTLY_Q8_0)
    _write_shape(writer, model.shape)
    _write_vocabulary(writer)
    for key, value in (facts or {}).items():
        writer.add_string(f"sticli.training.{key}", value)
    if gap is not None:
        writer.add_float32(KEY, gap)
    for own_name, parameter in model.named_parameters():
        _write_tensor(writer, tensor_name(own_name), parameter, whole)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path.with_suffix(".new").replace(path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("path", type=Path)
    parser.add_argument("--whole", action="store_true", help="F32, for `card --whole`")
    parser.add_argument("--gap", type=float, help="of decisions, by `sticli.demo.exam.gap`")
    given = parser.parse_args()
    torch.set_num_threads(1)
    run = train.load(given.checkpoint)
    export(run.model, given.path, training(run), whole=given.whole, gap=given.gap)


if __name__ == "__main__":
    main()
