"""Other engines on the same device, same shape, same run: transformers, and llama.cpp's own bench.

Each is optional: what is not installed is not measured, and the report says so.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from sticli.bench.shapes import Shape
from sticli.errors import SticliError

ROOM = 512  # cells beyond the context, for the tokens of all repetitions


class Transformers:
    """A random model of a shape in transformers: SDPA, a static cache, all in bf16 on a GPU.

    Not compiled, so that in short passes it waits for its launches.
    """

    def __init__(self, shape: Shape, device: torch.device) -> None:
        import transformers

        families = {"llama": transformers.LlamaConfig, "qwen3": transformers.Qwen3Config}
        self.config = families[shape.architecture](
            num_hidden_layers=shape.layers,
            hidden_size=shape.width,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            head_dim=shape.head_size,
            intermediate_size=shape.forward,
            vocab_size=shape.vocabulary,
            max_position_embeddings=1 << 18,
            tie_word_embeddings=shape.tied,
        )
        self.version: str = transformers.__version__
        self._cache_of = transformers.StaticCache
        self._shape = shape
        self._device = device
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        with device:
            self._model: Any = transformers.AutoModelForCausalLM.from_config(
                self.config, dtype=dtype, attn_implementation="sdpa"
            ).eval()

    def step(self, rows: int, context: int, tokens: int) -> Callable[[], object]:
        """A pass of so many tokens a row, each row behind a context of its own."""
        cache = self._cache_of(config=self.config, max_cache_len=context + ROOM)
        shape = (rows, tokens)
        ids = torch.randint(0, self._shape.vocabulary, shape, device=self._device)
        with torch.inference_mode():
            for at in range(0, context, 2048):
                count = min(2048, context - at)
                filler = torch.randint(
                    0, self._shape.vocabulary, (rows, count), device=self._device
                )
                self._model(input_ids=filler, past_key_values=cache, logits_to_keep=1)

        def run() -> object:
            with torch.inference_mode():
                found = self._model(input_ids=ids, past_key_values=cache, logits_to_keep=1)
                return found.logits.argmax(-1)

        return run


def llama_bench(
    program: Path, model: Path, contexts: Sequence[int], chunk: int
) -> Iterator[tuple[str, int, int, float]]:
    """What llama.cpp does at each context, tokens a second, by its own `llama-bench`.

    One token after the other, and a chunk of a prompt: what, context, tokens, rate.

    Raises:
        SticliError: the program failed.
    """
    depths = ",".join(map(str, contexts))
    options = f"-ngl 999 -fa 1 -p {chunk} -ub {chunk} -n 64 -r 5 -o json -d {depths}".split()
    words = [str(program), "-m", str(model), *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2] or "and said nothing"
        raise SticliError(
            "internal",
            f"{program} failed with {done.returncode}: {said}",
            "build it anew for this GPU, or leave out --llama-bench",
        )
    for item in json.loads(done.stdout):
        prompt, rate = int(item["n_prompt"]), float(item["avg_ts"])
        yield "prefill" if prompt else "decode", int(item["n_depth"]), prompt or 1, rate
