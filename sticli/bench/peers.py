"""How other servers are started at their best, so that a comparison with them is one."""

NOTES = """\
Any server with an OpenAI-compatible API can be measured beside sticli:

    sticli bench stream --model MODEL.gguf --peer NAME=URL[,KEY=VALUE…]

URL is http://HOST:PORT or unix:/PATH. The keys:

    api=completions|chat   completions (the default) are sent the very tokens that sticli computes;
                           with chat the server fills its template itself, and its tokens may differ
    prompt=ids|text        text for servers that take no token ids (completions only)
    model=NAME             which of its models; else the first
    warm=yes               send the prompt so far whenever lines arrive, too: what a client can do
                           who knows that it will ask; else only questions are sent
    pid=N                  its process: CPU seconds and memory are measured, children included
    cache=unchecked        do not insist on its prefix cache

Before anything is measured, a long prompt that nobody has sent before is sent twice. If the second
time is not at most half the work (as the server counts it, else by the clock), the bench stops.
Give each server the same weights in the same quantisation, the same context, the same number of
threads, and no speculation. LIMIT is the context of a session, N the number of sessions.

llama-server (llama.cpp)
    llama-server -m MODEL.gguf --parallel N --ctx-size $((N * LIMIT)) --no-kv-unified \\
        --cache-prompt --port 8080
    --peer llama-server=http://127.0.0.1:8080

    Over a Unix socket: --host /tmp/llama.sock, and --peer llama-server=unix:/tmp/llama.sock.
    Each session is pinned to a slot of its own (`id_slot`): without that, sessions push each other
    out. --cache-reuse makes up for a window that moves; what it answers then is not exact.
    Take the version of llama.cpp that sticli runs, built for this machine (GGML_NATIVE), and the
    --threads and --flash-attn that sticli's calibration has found: `sticli daemon status --json`.
    Where it crashes on 8-bit weights (CPUs with AMX, the release that sticli runs): --no-repack.

vLLM
    vllm serve FOLDER --served-model-name NAME --dtype float32 --max-model-len LIMIT \\
        --enable-prefix-caching --enable-prompt-tokens-details --port 8000
    --peer vllm=http://127.0.0.1:8000

    FOLDER holds the same values as a GGUF: `python -m sticli.bench.export MODEL.gguf FOLDER` writes
    it for llama architectures, and FOLDER/f32.gguf for sticli and llama.cpp, all in F32.
    The cache counts in blocks: the smaller they are, the less of a prompt is computed again. On a
    CPU add --block-size 32: that is the least there, and 128 what it takes unless told. It must
    hold N × LIMIT tokens (--gpu-memory-utilization; on a CPU VLLM_CPU_KVCACHE_SPACE, in GiB). On a
    CPU its keys and values are as wide as its weights, those of llama.cpp are F16. Of few cores it
    leaves one idle unless told VLLM_CPU_OMP_THREADS_BIND=0-1 (or as many as there are). Streaming
    input exists in Python only. The package vllm-cpu 0.32.0 works without torchvision, torchaudio
    and torchcodec, called as python -m vllm.entrypoints.openai.api_server --model FOLDER.

SGLang
    python -m sglang.launch_server --model-path FOLDER --context-length LIMIT \\
        --enable-cache-report --port 30000
    --peer sglang=http://127.0.0.1:30000

    Its radix cache is on unless it is told --disable-radix-cache.

llama-cpp-python's server
    python -m llama_cpp.server --model MODEL.gguf --n_ctx LIMIT --n_threads 2 \\
        --n_threads_batch 2 --logits_all false --interrupt_requests false --port 8001
    --peer llama-cpp-python=http://127.0.0.1:8001,prompt=text

    It has one sequence: what the last request left in it is its prefix cache, so it is at its best
    with one session. Unless told otherwise it computes logits of the whole prompt, and breaks off
    an answer when the next question comes. It cannot be told --no-repack: with AMX, take F32.
"""
