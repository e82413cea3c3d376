"""Typed answers: which tokens may come next, so that an answer takes the form it was asked for.

The grammars are llguidance's; the likeliest token among the allowed ones is the question's to take.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from llguidance import LLMatcher, LLParserLimits, LLTokenizer

from sticli.daemon.engines.base import Allowed, Vocabulary
from sticli.daemon.worker import grammar
from sticli.errors import SticliError
from sticli.form import Form

KEPT = 64  # compiled forms
LIMITS = LLParserLimits(
    initial_lexer_fuel=500_000,  # about 10 ms
    step_lexer_fuel=200_000,  # about 14 ms
    step_max_items=50_000,
    max_lexer_states=50_000,  # about 100 MB
    max_grammar_size=100_000,
    verbose_errors=False,
)


class Guide:
    """The way of one answer through its form; follows the tokens that are produced, no guesses."""

    def __init__(self, matcher: LLMatcher, need: int, lines: Allowed | None) -> None:
        self.need = need  # tokens within which the answer is complete; 0: nobody knows
        self._matcher = matcher
        self._lines = lines  # the tokens that end an answer of one line

    def allowed(self) -> Allowed:
        """The tokens that may come next.

        Once the answer is complete its end is among those that may.

        Raises:
            SticliError: nothing goes on with the form, or it takes too much work to tell.
        """
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        if self._matcher.is_error():  # it would allow an end, for an incomplete answer
            raise _never(self._matcher)
        if self._lines is None or not self._matcher.is_accepting():
            return bits
        allowed = bits.copy()
        allowed[: len(self._lines)] |= self._lines
        return allowed

    def take(self, token: int) -> None:
        """Follow a token that was produced.

        Raises:
            SticliError: it was not allowed.
        """
        if not self._matcher.consume_token(token):
            raise _never(self._matcher)

    @property
    def ended(self) -> bool:
        """Whether the answer is complete and nothing may follow."""
        return bool(self._matcher.is_stopped())

    def forced(self) -> list[int]:
        """Tokens of the text that must come next; other tokens may spell the same text."""
        tokens = self._matcher.compute_ff_tokens()
        return tokens[: self.allows(tokens)]

    def allows(self, tokens: Sequence[int]) -> int:
        """How many of these tokens may come next, in this order."""
        return self._matcher.validate_tokens(list(tokens)) if tokens else 0


@dataclass(frozen=True, slots=True)
class Words:
    """What the grammars need to know of a vocabulary."""

    tokenizer: LLTokenizer
    lines: Allowed  # the tokens that begin with a newline


class Guides:
    """Compiles forms, and keeps them, for one vocabulary, which is read at once: nobody waits yet.

    A schema's answer that does not end within its `max_tokens` is incomplete: no JSON.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._words = _read(vocabulary)
        self._compiled: dict[bytes, LLMatcher] = {}  # those used last at the end

    def start(self, form: Form, *, one_line: bool) -> Guide:
        """The guide of an answer that begins; with `one_line` a newline ends it too.

        Raises:
            SticliError: bad_request: no answer can have this form, or it takes too much to tell.
        """
        words = self._words
        key = msgspec.json.encode(form)
        found = self._compiled.pop(key, None) or _compile(form, words.tokenizer)
        self._compiled[key] = found
        if len(self._compiled) > KEPT:
            del self._compiled[next(iter(self._compiled))]
        return Guide(found.deep_copy(), grammar.need(form), words.lines if one_line else None)


def _compile(form: Form, tokenizer: LLTokenizer) -> LLMatcher:
    matcher = LLMatcher(tokenizer, grammar.of(form), log_level=0, limits=LIMITS)
    if matcher.is_error():
        raise _never(matcher)
    return matcher


def _never(matcher: LLMatcher) -> SticliError:
    return SticliError(
        "bad_request",
        f"no answer can have this form: {grammar.line(matcher.get_error())}",
        "simplify it; llguidance says which keywords of JSON schema it knows",
    )


def _read(vocabulary: Vocabulary) -> Words:
    """Half a second for 150,000 tokens."""
    ends = [token for token in range(vocabulary.size) if vocabulary.ends(token)]
    pieces = [vocabulary.piece(token) for token in range(vocabulary.size)]
    for token in ends:
        pieces[token] = b""  # only an end, never text
    lines = np.packbits([piece.startswith(b"\n") for piece in pieces], bitorder="little")
    # one end more than the model has, for a vocabulary without any
    tokens = Tokens([*pieces, b""], vocabulary)
    return Words(LLTokenizer(tokens, eos_token=[*ends, len(pieces)], slices=[]), lines)  # type: ignore[arg-type]


class Tokens:
    """A vocabulary as llguidance reads it."""

    bos_token_id = None
    is_tokenizer_wrapper = True

    def __init__(self, tokens: Sequence[bytes], vocabulary: Vocabulary) -> None:
        self.tokens = tokens
        self.eos_token_id = len(tokens) - 1
        self.special_token_ids = [len(tokens) - 1]
        self._vocabulary = vocabulary

    def __call__(self, text: str) -> list[int]:
        return self._vocabulary.encode(text)
