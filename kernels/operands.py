"""What the operations take and give: weights, activations, the pool of cells, and lists of work."""

from dataclasses import dataclass

from torch import Tensor

from sticli.kernels.formats import Format

TILE = 32  # rows of weights in a tile of packed planes
BLOCK = 256  # columns of weights that share one scale of the activations
CELLS = 64  # cells in a block of the pool
SKINNY = 32  # rows of activations up to which weights are read as integers


@dataclass(frozen=True, slots=True)
class Dense:
    """Weights as numbers: `values` of shape [rows, columns], f32, f16 or bf16."""

    values: Tensor

    @property
    def rows(self) -> int:
        return int(self.values.shape[0])

    @property
    def columns(self) -> int:
        return int(self.values.shape[1])


@dataclass(frozen=True, slots=True)
class Packed:
    """Weights with a file's own bits, in tiles of 32 rows by blocks of 256 columns.

    Rows are padded to whole tiles and columns to whole blocks, with scales of zero. Every byte of
    `planes` but those of 8-bit formats is XORed with 0x80, so that the topmost field of a byte,
    masked, is a signed number.
    """

    format: Format
    rows: int
    columns: int
    planes: Tensor  # u8 [tiles, blocks, format.planes, 32 rows, 32]
    scales: Tensor  # [tiles, blocks, groups, 32 rows]: i8 where there are supers, else f16
    mins: Tensor | None  # as scales; u8 where there are supers
    supers: Tensor | None  # f16 [tiles, blocks, 1, or 2 with mins, 32 rows]: of scales, of mins


Weight = Dense | Packed


@dataclass(frozen=True, slots=True)
class Columns:
    """Activations as 8-bit integers, one scale a block of 256: the columns of a skinny product.

    Row t stands in column t. Where there are two planes, column `width` / 2 + t holds what rounding
    left of that row, with a scale of its own: the sum of both is as good as 16 bits.
    """

    planes: int  # 1 or 2; nothing to do with the planes of weights
    values: Tensor  # i8 [blocks, 8, width, 32]; zero in unused columns
    scales: Tensor  # f32 [blocks, width]; zero in unused columns
    sums: Tensor  # i32 [blocks, 16, width]: of 16 values each

    @property
    def width(self) -> int:
        return int(self.scales.shape[1])


@dataclass(frozen=True, slots=True)
class Activations:
    """What enters a product: numbers, and where a skinny product will read them also integers."""

    values: Tensor  # [tokens, columns]: f16 or bf16, f32 on a CPU
    columns: Columns | None = None


def shape_of_columns(tokens: int) -> tuple[int, int]:
    """Planes and width of the columns that hold so many tokens, at most 32."""
    if tokens <= SKINNY // 2:
        return 2, 8 if tokens <= 4 else 16 if tokens <= 8 else 32
    return 1, 32


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotations by position: cos and sin of shape [positions, rotated dimensions / 2], f32.

    Pairs are neighbours where `interleaved`, else half the rotated dimensions apart.
    """

    cos: Tensor
    sin: Tensor
    interleaved: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """The cells of all sequences: keys (0), already rotated, and values (1), by block and layer.

    8-bit cells have one scale a head.
    """

    cells: Tensor  # [blocks, layers, 2, kv heads, 64, head size]: f16, bf16, f32 or i8
    scales: Tensor | None = None  # f16 [blocks, layers, 2, kv heads, 64], of 8-bit cells only

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All that a cell consists of."""
        return (self.cells,) if self.scales is None else (self.cells, self.scales)


@dataclass(frozen=True, slots=True)
class Work:
    """Attention as a list of work: an item is a tile of tokens against a run of blocks.

    Tensors may be longer than what they hold; `counts` says how much counts. All are i32.
    """

    positions: Tensor  # [tokens]
    tiles: Tensor  # [tiles, tokens of a tile]: which tokens, -1 for none
    items: Tensor  # [items, 3]: tile, first entry of `table`, how many entries
    table: Tensor  # [entries, 3]: block, position of its first cell, how many cells count
    starts: Tensor  # [tokens + 1]: where the entries of `merges` of a token start
    merges: Tensor  # [..., 2]: an item that saw the token, and the token's place in its tile
    counts: Tensor  # [1]: items
