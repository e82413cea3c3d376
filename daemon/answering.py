"""Turns what is known of a question into what `ask` returns."""

import msgspec

from sticli import protocol
from sticli.daemon.disk.records import AnswerRecord
from sticli.daemon.messages import Done
from sticli.daemon.sessions import Session


def known(
    session: Session, question: str, found: AnswerRecord | Done, source: str, fresh: bool
) -> protocol.Answer:
    """An answer that was there before it was asked for, so it took no time."""
    return protocol.Answer(
        session=session.name,
        question=question,
        answer=found.text if isinstance(found, Done) else found.value,
        source=source,
        fresh=fresh,
        version=found.version,
        lines=found.lines,
        window_from=found.window_from + 1,
        pending=session.lines - found.lines,
        confidence=found.confidence,
        cached_tokens=found.cached_tokens,
        new_tokens=found.new_tokens,
        completion_tokens=found.completion_tokens,
        ttft_ms=0.0,
        total_ms=0.0,
        finish_reason=found.finish_reason,
    )


def live(session: Session, question: str, done: Done, total_s: float) -> protocol.Answer:
    """The worker's answer; the times count from the request's arrival, waiting included."""
    fresh = done.lines == session.settled_lines
    first_s = total_s - (done.total_s - done.first_token_s)
    return msgspec.structs.replace(
        known(session, question, done, "live", fresh),
        ttft_ms=first_s * 1000,
        total_ms=total_s * 1000,
        drafted=done.drafted,
        accepted=done.accepted,
    )
