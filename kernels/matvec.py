"""Up to 32 rows of activations times plain f16 or bf16 weights, each weight read once.

The idea: as in the product with packed weights, weights are the first operand of the tensor cores,
so that few tokens waste nothing, and the sums over columns are split among programs. Floor: the
bytes of the weights over the memory's bandwidth.
"""

import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels.device import launches
from sticli.kernels.operands import Dense

ROWS, STEP = 64, 128  # of weights: of a program, and columns of one step of its loop


@triton.jit(do_not_specialize=["rows", "pieces", "tokens", "piece_stride", "stride"])
def _matvec(
    x,  # half [tokens, columns]
    weights,  # half [rows, columns]
    out,  # f32 [pieces, tokens, rows]
    columns,
    x_stride,
    rows,
    pieces,
    tokens,
    piece_stride,
    stride,
    WIDTH: tl.constexpr,
    ROWS: tl.constexpr,
    STEP: tl.constexpr,
):
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    # A row past the last repeats it and is not stored.
    from_weights = weights + tl.minimum(row, rows - 1).to(tl.int64)[:, None] * columns
    token = tl.arange(0, WIDTH)
    from_x = x + tl.minimum(token, tokens - 1)[None, :] * x_stride
    k = tl.arange(0, STEP)
    total = tl.zeros([ROWS, WIDTH], tl.float32)
    piece, steps = tl.program_id(1), tl.cdiv(columns, STEP)
    for step in range(piece * steps // pieces, (piece + 1) * steps // pieces):
        column = step * STEP + k
        inside = column < columns
        a = tl.load(from_weights + column[None, :], inside[None, :], other=0.0)
        b = tl.load(from_x + column[:, None], inside[:, None], other=0.0)
        if a.dtype == b.dtype:
            total = tl.dot(a, b, total)
        else:  # the type tf32 holds the numbers of both
            total = tl.dot(a.to(tl.float32), b.to(tl.float32), total, input_precision="tf32")
    piece_out = out + piece.to(tl.int64) * piece_stride
    at = piece_out + token[None, :] * stride + row[:, None]
    tl.store(at, total, (token < tokens)[None, :] & (row < rows)[:, None])


def product(x: Tensor, weight: Dense, out: Tensor) -> None:
    """The product of half numbers, [tokens, columns], with half weights, as a sum of pieces.

    `out`, f32 [pieces, tokens, rows], may be a part of wider rows; all of it is written.
    """
    pieces, tokens, rows = out.shape
    if not launches(x):
        out[0] = x.float() @ weight.values.float().T
        out[1:].zero_()
        return
    _matvec[triton.cdiv(rows, ROWS), pieces](
        *(x, weight.values, out),
        *(weight.columns, x.stride(0), rows, pieces, tokens, out.stride(0), out.stride(1)),
        WIDTH=max(8, triton.next_power_of_2(tokens)),
        ROWS=ROWS,
        STEP=STEP,
        num_warps=2,
        num_stages=3,
    )
