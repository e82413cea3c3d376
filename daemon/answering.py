"""Turns flash answers and the worker's answers into what `ask` returns."""

import time

from sticli import protocol
from sticli.daemon.messages import Done
from sticli.daemon.sessions import Session
from sticli.daemon.standing import Standing


def flash_answer(session: Session, standing: Standing, ask: protocol.Ask) -> protocol.Answer | None:
    """The newest flash answer, when it is fresh or young enough for this request."""
    answer = standing.answer
    if answer is None or ask.live or answer.version < (ask.min_version or 0):
        return None
    fresh = standing.fresh(session)
    age = time.time() - answer.evaluated_at
    if not fresh and (ask.max_age is None or age > ask.max_age):
        return None
    return protocol.Answer(
        session=session.name,
        question=standing.record.question,
        answer=answer.value,
        source="flash",
        fresh=fresh,
        version=answer.version,
        lines=answer.lines,
        window_from=answer.window_from + 1,
        pending=session.lines - answer.lines,
        confidence=answer.confidence,
        cached_tokens=answer.cached_tokens,
        new_tokens=answer.new_tokens,
        completion_tokens=answer.completion_tokens,
        ttft_ms=0.0,
        total_ms=0.0,
        finish_reason=answer.finish_reason,
    )


def live_answer(session: Session, question: str, done: Done, total_s: float) -> protocol.Answer:
    """The worker's answer; the times count from the request's arrival, waiting included."""
    first_s = total_s - (done.total_s - done.first_token_s)
    return protocol.Answer(
        session=session.name,
        question=question,
        answer=done.text,
        source="live",
        fresh=done.lines == session.settled_lines,
        version=done.version,
        lines=done.lines,
        window_from=done.window_from + 1,
        pending=session.lines - done.lines,
        confidence=done.confidence,
        cached_tokens=done.cached_tokens,
        new_tokens=done.new_tokens,
        completion_tokens=done.completion_tokens,
        ttft_ms=first_s * 1000,
        total_ms=total_s * 1000,
        finish_reason=done.finish_reason,
    )
