"""Triton kernels of the GPU engine. They know tensors and nothing of ours.

Begin with reference.py, then norm.py, the plainest kernel. `kernel[grid](...)` runs one program for
each place of the grid; a program works on whole blocks of numbers, whose edges `mask` cuts off.
What is in capitals, or None, a kernel is compiled for; `do_not_specialize` names what it is not.
"""

import os

# One rounding for a product and a sum, as kernels count on; Triton asks to be told which.
os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")
