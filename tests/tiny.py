"""A real model file that needs no training: random weights, byte-level vocabulary, milliseconds."""

import functools
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

Tensor = tuple[str, NDArray[np.float32]]
LAYERS, WIDTH, HEADS, KV_HEADS, FORWARD = 2, 64, 4, 2, 128
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
PAIRS = ("th", "in", "er", "an", "re", "on", "at", "en")
CELL_BYTES = 2 * 2 * LAYERS * KV_HEADS * (WIDTH // HEADS)  # keys and values, 16 bits each

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_model(
    path: Path,
    *,
    seed: int,
    template: str | None = None,
    context: int = 4096,
    architecture: str = "llama",
    window: int = 0,
) -> Path:
    """Write a random model; the same arguments give the same bytes.

    With a `window` every other layer attends to that many tokens only (architecture "gemma2").
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"tiny-{seed}")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    if window:
        writer.add_sliding_window(window)
    add_vocabulary(writer, template)
    return _finish(
        writer, path, _weights(np.random.default_rng(seed), len(vocabulary()), window > 0)
    )


def vocabulary() -> list[str]:
    """Token texts in the order of their ids: 256 bytes, merged pairs, control tokens."""
    return [*_byte_letters(), *PAIRS, *CONTROLS]


def add_vocabulary(writer: gguf.GGUFWriter, template: str | None) -> None:
    """Write the tokeniser's part of a header."""
    tokens = vocabulary()
    plain = len(tokens) - len(CONTROLS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [int(gguf.TokenType.NORMAL)] * plain + [int(gguf.TokenType.CONTROL)] * len(CONTROLS)
    )
    writer.add_token_merges([f"{pair[0]} {pair[1]}" for pair in PAIRS])
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(True)
    if template is not None:
        writer.add_chat_template(template)


def _byte_letters() -> list[str]:
    """One printable letter a byte, as byte-level vocabularies spell them."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(spare)) for byte in range(256)]


def write_recurrent(path: Path, *, seed: int) -> Path:
    """Write a random model of the mamba shape: a state in place of cells."""
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(LAYERS)
    writer.add_ssm_conv_kernel(4)
    writer.add_ssm_inner_size(2 * WIDTH)
    writer.add_ssm_state_size(16)
    writer.add_ssm_time_step_rank(8)
    writer.add_layer_norm_rms_eps(1e-5)
    add_vocabulary(writer, None)
    return _finish(writer, path, _recurrent_weights(np.random.default_rng(seed)))


def _finish(writer: gguf.GGUFWriter, path: Path, tensors: Iterator[Tensor]) -> Path:
    """Write header and tensors to the file."""
    for name, tensor in tensors:
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _matrix(
    rng: np.random.Generator, rows: int, columns: int, gain: float = 1.5
) -> NDArray[np.float32]:
    """A random matrix; gains above 1 make logits that differ clearly."""
    values = rng.standard_normal((rows, columns)) * gain / np.sqrt(columns)
    return values.astype(np.float32)


def _recurrent_weights(rng: np.random.Generator) -> Iterator[Tensor]:
    matrix = functools.partial(_matrix, rng)
    inner, state, rank = 2 * WIDTH, 16, 8
    yield "token_embd.weight", matrix(len(vocabulary()), WIDTH, 8.0)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", np.ones(WIDTH, np.float32)
        yield block + "ssm_in.weight", matrix(2 * inner, WIDTH)
        yield block + "ssm_conv1d.weight", matrix(inner, 4)
        yield block + "ssm_conv1d.bias", np.zeros(inner, np.float32)
        yield block + "ssm_x.weight", matrix(rank + 2 * state, inner)
        yield block + "ssm_dt.weight", matrix(inner, rank)
        yield block + "ssm_dt.bias", np.zeros(inner, np.float32)
        yield block + "ssm_a", -np.exp(matrix(inner, state))
        yield block + "ssm_d", np.ones(inner, np.float32)
        yield block + "ssm_out.weight", matrix(WIDTH, inner)
    yield "output_norm.weight", np.ones(WIDTH, np.float32)
    yield "output.weight", matrix(len(vocabulary()), WIDTH, 4.0)


def _weights(rng: np.random.Generator, vocabulary_size: int, gemma: bool) -> Iterator[Tensor]:
    """Every tensor of the model."""

    matrix = functools.partial(_matrix, rng)
    keys = WIDTH // HEADS * KV_HEADS
    yield "token_embd.weight", matrix(vocabulary_size, WIDTH, 8.0)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", np.ones(WIDTH, np.float32)
        yield block + "attn_q.weight", matrix(WIDTH, WIDTH)
        yield block + "attn_k.weight", matrix(keys, WIDTH)
        yield block + "attn_v.weight", matrix(keys, WIDTH)
        yield block + "attn_output.weight", matrix(WIDTH, WIDTH)
        yield block + "ffn_norm.weight", np.ones(WIDTH, np.float32)
        yield block + "ffn_gate.weight", matrix(FORWARD, WIDTH)
        yield block + "ffn_up.weight", matrix(FORWARD, WIDTH)
        yield block + "ffn_down.weight", matrix(WIDTH, FORWARD)
        for norm in ("post_attention_norm", "post_ffw_norm") if gemma else ():
            yield f"{block}{norm}.weight", np.ones(WIDTH, np.float32)
    yield "output_norm.weight", np.ones(WIDTH, np.float32)
    if not gemma:
        yield "output.weight", matrix(vocabulary_size, WIDTH, 4.0)
