"""The tokeniser of a GGUF as the JSON documents of a Hugging Face folder (byte-level BPE only)."""

from collections.abc import Callable
from typing import Any

import gguf

from sticli.errors import SticliError

# how text is split before tokens are merged, by the name that GGUF has for it
SPLITS = {
    "llama-bpe": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "gpt-2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
}
WHOLE = ("llama-bpe",)  # a word that is a token is taken as one, whatever its merges

Get = Callable[..., Any]  # (key, default) → a value of the GGUF's header


def documents(get: Get) -> dict[str, dict[str, object]]:
    """Their contents, by the name of the file without `.json`.

    Raises:
        SticliError: the tokeniser is of another kind.
    """
    kind, split = get("tokenizer.ggml.model"), get("tokenizer.ggml.pre")
    if kind != "gpt2" or split not in SPLITS:
        known = ", ".join(SPLITS)
        raise SticliError(
            "model",
            f"no tokeniser is known for {kind}, {split}",
            f"export a model whose tokeniser is gpt2 with one of: {known}",
        )
    texts = get("tokenizer.ggml.tokens")
    bos, eos = (_token(get, texts, name) for name in ("bos", "eos"))
    begins = bool(get("tokenizer.ggml.add_bos_token", False))
    return {
        "tokenizer": {
            "version": "1.0",
            "added_tokens": _controls(texts, get("tokenizer.ggml.token_type")),
            "pre_tokenizer": _splitter(SPLITS[split]),
            "post_processor": _beginning(bos, texts) if begins and bos else None,
            "decoder": _bytes(),
            "model": {
                "type": "BPE",
                "vocab": {text: number for number, text in enumerate(texts)},
                "merges": [pair.split(" ") for pair in get("tokenizer.ggml.merges")],
                "ignore_merges": split in WHOLE,
            },
        },
        "tokenizer_config": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": bos,
            "eos_token": eos,
            "chat_template": get("tokenizer.chat_template"),
            "clean_up_tokenization_spaces": False,
        },
    }


def _token(get: Get, texts: list[str], name: str) -> str | None:
    number = get(f"tokenizer.ggml.{name}_token_id")
    return None if number is None else texts[number]


def _controls(texts: list[str], kinds: list[int]) -> list[dict[str, object]]:
    return [
        {
            "id": number,
            "content": text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for number, (text, kind) in enumerate(zip(texts, kinds, strict=True))
        if kind == gguf.TokenType.CONTROL
    ]


def _splitter(pattern: str) -> dict[str, object]:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"}
    return {"type": "Sequence", "pretokenizers": [{**split, "invert": False}, _bytes()]}


def _bytes() -> dict[str, object]:
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": False,
    }


def _beginning(bos: str, texts: list[str]) -> dict[str, object]:
    """Puts the beginning-of-sequence token ahead of a text."""
    begin = {"SpecialToken": {"id": bos, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [begin, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [begin, *({"Sequence": {"id": one, "type_id": 0}} for one in "AB")],
        "special_tokens": {bos: {"id": bos, "ids": [texts.index(bos)], "tokens": [bos]}},
    }
