"""The engine on torch and Triton: a GGUF file's own bits, one pool of cells for all sessions."""
