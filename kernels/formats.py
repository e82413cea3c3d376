"""The block formats of GGUF that stay quantised on the device, as sums of bit fields.

A block of 256 columns is 8 groups of 32. The number of a weight is low + (high << bits of low)
minus `offset`, and its value scale · number, minus (or in the old formats plus) a minimum. Fields
of `low` and `high` bits lie in planes of 32 bytes a row, several groups to a plane:

    low 8: plane g                      high 1: one more plane, bit g
    low 4: plane g / 2, nibble g % 2    high 2: two more planes, plane g / 4, bits 2 (g % 4)
    low 2: plane g / 4, bits 2 (g % 4)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """How one type of GGUF block is laid out."""

    name: str
    low: int  # bits: 8, 4 or 2
    high: int  # bits: 0, 1 or 2
    offset: int
    group: int  # columns that share a scale: 32 or 16
    supers: bool  # scales are integers, times one f16 a block of 256; else f16 themselves
    mins: bool

    @property
    def groups(self) -> int:
        """Scales in a block of 256."""
        return 256 // self.group

    @property
    def planes(self) -> int:
        """Planes of 32 bytes in a block of 256."""
        return self.low + self.high


FORMATS = {
    item.name: item
    for item in (
        Format("Q8_0", low=8, high=0, offset=0, group=32, supers=False, mins=False),
        Format("Q4_0", low=4, high=0, offset=8, group=32, supers=False, mins=False),
        Format("Q4_1", low=4, high=0, offset=0, group=32, supers=False, mins=True),
        Format("Q5_0", low=4, high=1, offset=16, group=32, supers=False, mins=False),
        Format("Q5_1", low=4, high=1, offset=0, group=32, supers=False, mins=True),
        Format("Q2_K", low=2, high=0, offset=0, group=16, supers=True, mins=True),
        Format("Q3_K", low=2, high=1, offset=4, group=16, supers=True, mins=False),
        Format("Q4_K", low=4, high=0, offset=0, group=32, supers=True, mins=True),
        Format("Q5_K", low=4, high=1, offset=0, group=32, supers=True, mins=True),
        Format("Q6_K", low=4, high=2, offset=32, group=16, supers=True, mins=False),
    )
}
