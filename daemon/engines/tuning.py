"""How a context computes, in our words and in llama.cpp's."""

from dataclasses import dataclass

import llama_cpp

from sticli.daemon.engines.model import Model

SLOTS = 72  # sequences a family: 64 flash questions, the durable one, a few asks


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a context computes: flash attention, tokens of one pass, CPU threads."""

    flash: bool
    chunk: int
    threads: int


def parameters(model: Model, tuning: Tuning, limit: int) -> llama_cpp.llama_context_params:
    """What llama.cpp needs to know for a context of `limit` cells."""
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = -(-limit // 256) * 256
    params.n_batch = params.n_ubatch = tuning.chunk
    params.n_seq_max = 2 * SLOTS if model.window else SLOTS
    params.n_outputs_max = max(params.n_seq_max, tuning.chunk)  # llama.cpp aborts on fewer
    params.n_threads = params.n_threads_batch = tuning.threads
    params.flash_attn_type = (
        llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
        if tuning.flash
        else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    )
    params.offload_kqv = params.op_offload = False
    params.no_perf = params.swa_full = params.kv_unified = True
    return params
