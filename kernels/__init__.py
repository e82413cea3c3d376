"""Triton kernels of the GPU engine. They know tensors and nothing of ours."""
