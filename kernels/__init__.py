"""Triton kernels of the GPU engine. They know tensors and nothing of ours."""

import os

# One rounding for a product and a sum, as kernels count on; Triton asks to be told which.
os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")
