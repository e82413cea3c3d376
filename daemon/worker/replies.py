"""What the front is told of a question: its answer, or why there is none."""

from sticli.daemon import messages
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.sessions import Session
from sticli.errors import SticliError


def not_live(session: str) -> SticliError:
    """A session that the worker does not know."""
    return SticliError("not_found", f"session {session} is not live")


def never_settles(session: Session, version: int) -> SticliError:
    """A version that a full session will never come to hold."""
    return SticliError(
        "context_length_exceeded",
        f"version {version} does not fit session {session.name}: it is full at version "
        f"{session.version} with {session.length} of {session.limit} tokens",
        "start a new session with a higher limit",
    )


def too_long(session: Session, tail: int, max_tokens: int) -> SticliError:
    """A question that does not fit what is left of its session."""
    return SticliError(
        "context_length_exceeded",
        f"the question takes {tail} tokens and its answer up to {max_tokens}; session "
        f"{session.name} holds {session.length} of {session.limit}, so "
        f"{session.limit - session.length} are left",
        "ask less, lower max_tokens, or start a session with a higher limit",
    )


def done(question: Question, now: float) -> messages.Done:
    """The whole answer to an ask."""
    return messages.Done(
        id=int(question.id),
        text=str(question.text),
        version=question.version,
        lines=question.lines,
        window_from=question.window_from,
        confidence=question.confidence,
        cached_tokens=question.cached,
        new_tokens=len(question.tail),
        completion_tokens=len(question.produced),
        first_token_s=question.first_token - question.asked,
        total_s=now - question.asked,
        finish_reason=question.finish,
    )


def evaluated(question: Question) -> messages.Evaluated:
    """The whole answer to a standing question."""
    return messages.Evaluated(
        session=question.session.name,
        id=str(question.id),
        text=str(question.text),
        version=question.version,
        lines=question.lines,
        window_from=question.window_from,
        confidence=question.confidence,
        cached_tokens=question.cached,
        new_tokens=len(question.tail),
        completion_tokens=len(question.produced),
        device_s=question.device_s,
        finish_reason=question.finish,
    )
