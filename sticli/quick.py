"""`sticli ask SESSION QUESTION` without options, where the daemon knows the answer already.

It is read and printed before the parser and the structs of the protocol are loaded, which takes
several times as long as all of this. Whatever is not as plain is left to the whole program, and
nothing has happened yet.
"""

import json
import os
import sys

from sticli.exchange import connect
from sticli.place import autostarts, awaited, socket_path
from sticli.schema import SCHEMA

PATIENCE = 1.0  # seconds for what takes a thousandth of one
SPECIAL = set(" %?#/")  # letters that no name of a session holds, and that an URL would act on


def answered(words: list[str]) -> bool:
    """Whether the words were such a question, and its answer is printed."""
    if len(words) < 3 or words[0] != "ask" or any(word.startswith("-") for word in words):
        return False
    try:
        if not autostarts() and awaited(socket_path()):
            return False  # to connect may start a daemon
        answer = _known(words[1], " ".join(words[2:]))
        if answer is None or sys.stdout is None:
            return False
        os.write(1, answer.encode(sys.stdout.encoding, "backslashreplace") + b"\n")
    except (OSError, ValueError, LookupError, TypeError):  # the whole program meets it again
        return False
    return True


def _known(name: str, question: str) -> str | None:
    """The answer to print, when it is known and there is nothing to say about it.

    Raises:
        OSError: no daemon answers.
        ValueError: what was asked is no Unicode, or what came back no JSON.
        LookupError, TypeError: it is no answer.
    """
    if SPECIAL & set(name) or not (name.isascii() and name.isprintable()):
        return None
    request = {"question": question, "known": True, "stream": False}
    status, body = _post(f"/v1/sessions/{name}/ask", json.dumps(request, ensure_ascii=False))
    found = json.loads(body)
    if status != 200 or found["schema_version"] != SCHEMA:
        return None
    text = str(found["answer"])
    harmless = text.replace("\n", "").isprintable()  # on a terminal
    complete = not found["pending"] and found["finish_reason"] == "stop"
    return text if harmless and complete else None


def _post(path: str, body: str) -> tuple[int, bytes]:
    exchange = connect(socket_path(), PATIENCE)
    try:
        reply = exchange.send("POST", path, body.encode(), "*/*")
        return reply.status, reply.read()
    finally:
        exchange.close()
