"""`python -P -m sticli.doctor.probe FILE`: computes one token with llama.cpp, then says so."""

import ctypes
import sys


def main(file: str) -> int:
    """Load a model and step it once; the exit status."""
    import llama_cpp

    llama_cpp.llama_backend_init()
    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    how = llama_cpp.llama_model_default_params()
    how.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(file.encode(), how)
    if not model:
        print(f"{file} cannot be loaded", file=sys.stderr)
        return 1
    size = llama_cpp.llama_context_default_params()
    size.n_ctx = size.n_batch = size.n_ubatch = 32
    size.n_threads = size.n_threads_batch = 1
    context = llama_cpp.llama_init_from_model(model, size)
    token = (llama_cpp.llama_token * 1)(1)
    if not context or llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(token, 1)):
        print("a token cannot be computed", file=sys.stderr)
        return 1
    gpu = "GPUs too" if llama_cpp.llama_supports_gpu_offload() else "the CPU only"
    print(f"llama-cpp-python {llama_cpp.__version__} computes, built for {gpu}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
