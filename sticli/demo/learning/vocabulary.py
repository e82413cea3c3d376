"""The embedded model's byte-level BPE: its tokens, its merges, and an encoder equal to llama.cpp's.

The pre-tokeniser is llama.cpp's "llama-bpe". Merges are made, not learned: pairs of letters, so
that a name is the same few tokens wherever it stands; the words of questions and of feeds, but
not those of names and messages; none of digits, so that numbers are copied digit by digit.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from itertools import pairwise, product
from string import ascii_lowercase, ascii_uppercase

from sticli.demo.world.question import WORDS as _ALL

BOS, END, ANSWER = "<|bos|>", "<|end|>", "<|answer|>"
CONTROL = (BOS, END, ANSWER)
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|answer|>{% endif %}"
)

# Each character is reduced to one ASCII class; the classes spell llama-bpe's pattern for `re`.
_WORDS = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)|[^\n0a-z]?[a-z]+|0{1,3}| ?[^ \t\n0a-z]+\n*"
    r"|[ \t\n]*\n+|[ \t\n]+(?![^ \t\n])|[ \t\n]+"
)
_SPACE = "Ġ"
WORDS = frozenset(_ALL)


def _byte_letters() -> list[str]:
    """The printable stand-in of each byte, as in GPT-2: itself, or else a letter from U+0100 on."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = (byte for byte in range(256) if byte not in kept)
    stand_in = dict(zip(kept, map(chr, kept), strict=True))
    stand_in |= {byte: chr(256 + index) for index, byte in enumerate(moved)}
    return [stand_in[byte] for byte in range(256)]


_LETTERS = _byte_letters()
_BYTES = {letter: byte for byte, letter in enumerate(_LETTERS)}


def _class(char: str) -> str:
    if char in " '":
        return char
    if char in "\r\n":
        return "\n"
    if char.isspace():
        return "\t"
    kind = unicodedata.category(char)[0]
    if kind == "L":
        return char.lower() if char.isascii() else "x"
    return "0" if kind == "N" else "#"


def split(text: str) -> Iterator[str]:
    """The words of llama-bpe's pre-tokeniser, in order; joined they are the text."""
    for found in _WORDS.finditer("".join(map(_class, text))):
        yield text[found.start() : found.end()]


def _merge(pieces: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Applies the lowest-ranked merge, leftmost first, until none is left."""
    while len(pieces) > 1:
        pairs = list(pairwise(pieces))
        best = min(range(len(pairs)), key=lambda at: ranks.get(pairs[at], len(ranks)))
        if pairs[best] not in ranks:
            break
        pieces = [*pieces[:best], "".join(pairs[best]), *pieces[best + 2 :]]
    return pieces


def _merges() -> dict[tuple[str, str], int]:
    """All merges with their ranks: letter pairs, then words grown left to right."""
    pairs = [pair for case in (ascii_uppercase, ascii_lowercase) for pair in product(case, case)]
    ranks = {pair: rank for rank, pair in enumerate(pairs)}
    for word in _ALL:
        pieces = _merge(list(word), ranks)
        while len(pieces) > 1:
            ranks.setdefault((pieces[0], pieces[1]), len(ranks))
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
    for word in _ALL:
        # Two-letter words stay apart from their space: names may begin with them.
        if len(word) > 2:
            ranks[_SPACE, word] = len(ranks)
    return ranks


_RANKS = _merges()
MERGES = [f"{left} {right}" for left, right in _RANKS]
TOKENS = list(dict.fromkeys([*_LETTERS, *(left + right for left, right in _RANKS), *CONTROL]))
_IDS = {token: index for index, token in enumerate(TOKENS)}
BOS_ID, END_ID, ANSWER_ID = (_IDS[token] for token in CONTROL)


class Trait(IntEnum):
    """What kind of token it is; a digit shows its value, and any whether it begins with a space."""

    UPPER = 0
    LOWER = 1
    DIGIT = 2
    VALUE = 3
    WORD = 4
    SPACE = 5
    MARK = 6
    NEWLINE = 7
    CONTROL = 8
    SPACED = 9


def _trait(token: str) -> Trait:
    plain = token.removeprefix(_SPACE)
    if token in CONTROL:
        return Trait.CONTROL
    if plain in WORDS:
        return Trait.WORD
    if plain.isascii() and plain.isalnum():
        return Trait.DIGIT if plain.isdigit() else Trait.UPPER if plain.isupper() else Trait.LOWER
    if token == _LETTERS[ord("\n")]:
        return Trait.NEWLINE
    return Trait.MARK if plain else Trait.SPACE


def _traits(token: str) -> list[float]:
    """2 at the token's traits, and a digit's value from -2.25 to 2.25."""
    trait = _trait(token)
    row = [2.0 * (trait == each) for each in Trait]
    row[Trait.SPACED] = 2.0 * token.startswith(_SPACE)
    row[Trait.VALUE] = (int(token) - 4.5) / 2 if trait == Trait.DIGIT else 0.0
    return row


def spaced() -> list[tuple[int, int]]:
    """Ids of the words that have another token after a space: that token's, and the word's."""
    return [
        (index, _IDS[token.removeprefix(_SPACE)])
        for token, index in _IDS.items()
        if token.startswith(_SPACE) and len(token) > 1
    ]


def traits() -> list[list[float]]:
    """What every token shows of itself: [tokens, traits]."""
    return [_traits(token) for token in TOKENS]


@cache
def _word_ids(word: str) -> tuple[int, ...]:
    return tuple(_IDS[piece] for piece in _merge([_LETTERS[b] for b in word.encode()], _RANKS))


def encode(text: str) -> list[int]:
    """Token ids of plain text; control tokens are never recognised in it."""
    return [index for word in split(text) for index in _word_ids(word)]


def decode(ids: list[int]) -> str:
    """The text of token ids, control tokens left out."""
    letters = "".join(TOKENS[index] for index in ids if index < BOS_ID)
    return bytes(_BYTES[letter] for letter in letters).decode(errors="replace")


def line_ids(line: str) -> list[int]:
    """Token ids of one line of a feed, its newline included."""
    return encode(f"{line}\n")


def tail_ids(text: str) -> list[int]:
    """Token ids that follow the feed when a question is asked, up to the answer."""
    return [*encode(f"\n{text}"), ANSWER_ID]
