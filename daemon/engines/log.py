"""What llama.cpp says: errors and warnings go to Python's logging, nothing to the terminal."""

import contextlib
import ctypes
import logging
from collections.abc import Iterator

import llama_cpp

_WARNING, _ERROR = 3, 4  # of enum ggml_log_level
_LEVELS = {
    _ERROR: logging.ERROR,
    # llama.cpp warns at every context that is shorter than the model's; of use to us only
    _WARNING: logging.DEBUG,
}
_logger = logging.getLogger(__name__)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _to_logging(level: int, text: bytes, _data: ctypes.c_void_p) -> None:
    if level in _LEVELS:
        _logger.log(_LEVELS[level], text.decode("utf-8", "replace").rstrip())


def quiet() -> None:
    """Send llama.cpp's messages to logging from now on."""
    llama_cpp.llama_log_set(_to_logging, ctypes.c_void_p())


@contextlib.contextmanager
def heard() -> Iterator[list[str]]:
    """The errors that llama.cpp reports inside the block, instead of logging them."""
    errors: list[str] = []

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def collect(level: int, text: bytes, _data: ctypes.c_void_p) -> None:
        if level == _ERROR:
            errors.append(text.decode("utf-8", "replace").strip())

    llama_cpp.llama_log_set(collect, ctypes.c_void_p())
    try:
        yield errors
    finally:
        quiet()
