"""Text and token ids of a loaded model, by llama.cpp's own tokeniser."""

import ctypes

import llama_cpp
import numpy as np

from sticli.daemon.engines.model import Model

_NONE = -1  # llama.cpp's id of a token that the vocabulary does not have


class ModelVocabulary:
    """The vocabulary of `model`; of no use after the model was closed."""

    def __init__(self, model: Model) -> None:
        self._model = model  # it must outlive this
        self._vocabulary = model.vocabulary
        self._make_room(4096)
        self._bytes = ctypes.create_string_buffer(64)
        self.size = model.vocabulary_size
        template = llama_cpp.llama_model_chat_template(model.pointer, None)
        self.template = None if template is None else template.decode("utf-8", "replace")
        self._bos = llama_cpp.llama_vocab_bos(self._vocabulary)
        self.bos = self._text(self._bos)
        self.eos = self._text(llama_cpp.llama_vocab_eos(self._vocabulary))

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids; with `special`, control tokens written in the text are taken as such."""
        data = text.encode("utf-8", "replace")
        count = self._tokenize(data, special)
        if count < 0:
            self._make_room(-count * 2)
            count = self._tokenize(data, special)
        tokens: list[int] = self._tokens[:count].tolist()
        return tokens

    def _make_room(self, tokens: int) -> None:
        """Hold so many ids; the pointer is made once, for making it costs as much as a word."""
        self._tokens = np.zeros(tokens, np.int32)
        self._pointer = self._tokens.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))

    def _tokenize(self, data: bytes, special: bool) -> int:
        """How many tokens were written, or, negative, how many there would be."""
        count: int = llama_cpp.llama_tokenize(
            self._vocabulary,
            data,
            len(data),
            self._pointer,
            len(self._tokens),
            False,
            special,
        )
        return count

    def start(self) -> list[int]:
        """What must stand ahead of everything: the beginning-of-sequence token, or nothing."""
        wanted = llama_cpp.llama_vocab_get_add_bos(self._vocabulary)
        return [self._bos] if wanted and self._bos != _NONE else []

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes that a token stands for; nothing for control tokens, or, `special`, a name."""
        count = self._write_piece(token, special)
        if count < 0:
            self._bytes = ctypes.create_string_buffer(-count)
            count = self._write_piece(token, special)
        return self._bytes.raw[:count]

    def _write_piece(self, token: int, special: bool) -> int:
        count: int = llama_cpp.llama_token_to_piece(
            self._vocabulary, token, self._bytes, len(self._bytes), 0, special
        )
        return count

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def _text(self, token: int) -> str:
        if token == _NONE:
            return ""
        text: bytes = llama_cpp.llama_vocab_get_text(self._vocabulary, token)
        return text.decode("utf-8", "replace")
