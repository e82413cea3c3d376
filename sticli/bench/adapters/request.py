"""What a server is sent: the prompt of a session, as ids, as text or as messages."""

from dataclasses import dataclass

import msgspec

from sticli.bench.adapters.dialect import Dialect
from sticli.bench.adapters.peer import Peer
from sticli.bench.prompt import Prompter
from sticli.bench.schedule import Question
from sticli.daemon.worker.template import SYSTEM


@dataclass(frozen=True, slots=True)
class Request:
    """One that is ready to be sent."""

    path: str
    body: bytes
    tokens: int  # of its prompt, as sticli counts them
    lines: int  # of the session that are in it


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the requests that one server is sent."""

    peer: Peer
    dialect: Dialect
    prompter: Prompter

    def write(self, tokens: list[int], lines: int, slot: int, question: Question | None) -> Request:
        """The request for an answer, or, without a question, to compute the prompt so far.

        `tokens` are prefix and lines.
        """
        tail = self.prompter.tail(question.text) if question else []
        fields: dict[str, object] = {
            "model": self.dialect.model,
            "max_tokens": _most(question) if question else 1,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self.dialect.extras(slot, question.choices if question else ()),
        }
        if self.prompter.frame.one_line:
            fields["stop"] = ["\n"]
        if self.peer.api == "chat":
            fields["messages"] = self._messages(tokens, question)
        else:
            fields["prompt"] = self._prompt([*tokens, *tail])
        path = "/v1/chat/completions" if self.peer.api == "chat" else "/v1/completions"
        return Request(path, msgspec.json.encode(fields), len(tokens) + len(tail), lines)

    def _prompt(self, tokens: list[int]) -> list[int] | str:
        if self.peer.prompt == "ids":
            return tokens
        start = len(self.prompter.vocabulary.start())  # servers put it ahead of a text themselves
        return self.prompter.written(tokens[start:])

    def _messages(self, tokens: list[int], question: Question | None) -> list[dict[str, str]]:
        """As sticli would fill the model's template, which here is the server's business."""
        frame = self.prompter.frame
        data = self.prompter.written(tokens[len(frame.prefix) :])
        asked = frame.lead + question.text if question else ""
        return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": data + asked}]


def _most(question: Question) -> int:
    """Tokens of the answer; a choice is always told to its end."""
    return max(question.max_tokens, *(len(one.encode()) + 1 for one in question.choices), 1)
