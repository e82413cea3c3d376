"""The daemon's log: counts, ids and states; never a line, a question or an answer."""

import logging
import logging.handlers
import os
from pathlib import Path

SIZE, KEPT = 10 << 20, 2  # bytes of a log file, older files kept
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start_logging(path: Path, level: str, foreground: bool) -> None:
    """Log to the file, and to stderr in the foreground."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(path, maxBytes=SIZE, backupCount=KEPT)
    ]
    if foreground:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(level=level.upper(), format=FORMAT, handlers=handlers, force=True)
    for noisy in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
