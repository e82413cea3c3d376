"""What the front is told of a question: its answer, what it waits for, or why there is none."""

from collections.abc import Sequence
from typing import Literal

from sticli.daemon import messages
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.ready import Reading
from sticli.daemon.worker.sessions import Session
from sticli.errors import SticliError

NAMED = 4  # sessions in a sentence about who holds cells

Lack = Literal["restoring", "place", "cells"]  # lines in cells, cells of the device, of the session


def not_live(session: str) -> SticliError:
    """A session that the worker does not know."""
    return SticliError("not_found", f"session {session} is not live", "ask again")


def removed(session: str) -> SticliError:
    """A session that was removed while something waited for it."""
    return SticliError(
        "not_found", f"session {session} was removed", "`sticli ps` lists the others"
    )


def reopened(session: str) -> SticliError:
    """What was asked of the session before it was opened anew."""
    return SticliError("internal", f"session {session} was opened anew meanwhile", "ask again")


def never_settles(session: Session, version: int) -> SticliError:
    """A version that a full session will never come to hold."""
    return SticliError(
        "context_length_exceeded",
        f"version {version} does not fit session {session.name}: it is full at version "
        f"{session.version} with {session.length} of {session.limit} tokens",
        "start a new session with a higher limit",
    )


def gone(session: Session, version: int, lines: int) -> SticliError:
    """A past of which the window holds no line any more."""
    return SticliError(
        "not_found",
        f"session {session.name} no longer holds version {version}, which ended with line {lines}:"
        f" its window is lines {session.window_from + 1} to {session.lines}",
        "ask about a later version; a session with a higher limit goes further back",
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


def lacks(lack: Lack, session: Session, need: int, left: int, sessions: Sequence[Session]) -> str:
    """What an ask that needs so many cells waits for, with the numbers; `left` on the device."""
    match lack:
        case "restoring":
            there, whole, unit = restored(session)
            return f"session {session.name} is brought back: {there:,} of {whole:,} {unit}"
        case "place":
            holders = _holders([item for item in sessions if item.place == "device"])
            return (
                f"session {session.name} takes {session.limit:,} cells of the device, where "
                f"{left:,} are free: {holders}"
            )
        case "cells":
            return (
                f"the question may take {need:,} cells, where {session.free:,} are free: of the "
                f"{session.limit:,} of session {session.name} its lines hold {session.length:,}, "
                f"other questions {session.promised:,}"
            )


def restored(session: Session) -> tuple[int, int, str]:
    """How much of a session is back in the cache, of how much, in which unit."""
    if session.replay is not None:
        return session.replay.length, session.length, "tokens"
    return session.lines, max(session.journal, session.arrived), "lines"


def _holders(sessions: Sequence[Session]) -> str:
    """Who holds the cells of the device, the largest first."""
    if not sessions:
        return "nobody holds any"
    by_size = sorted(sessions, key=lambda session: -session.limit)
    named = ", ".join(f"{item.name} holds {item.limit:,}" for item in by_size[:NAMED])
    rest = by_size[NAMED:]
    return named + (f", {len(rest)} more {sum(item.limit for item in rest):,}" if rest else "")


def too_late(lack: str, seconds: float) -> SticliError:
    """An ask that lacked cells for too long."""
    return SticliError(
        "budget_exceeded",
        f"no cells for {seconds:.0f} s: {lack}",
        "ask again later, or raise kv_budget_mb",
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
        cached_tokens=question.cached + question.prepaid,
        new_tokens=len(question.tail) - question.prepaid,
        completion_tokens=len(question.produced),
        first_token_s=question.first_token - question.asked,
        total_s=now - question.asked,
        finish_reason=question.finish,
        drafted=question.drafted,
        accepted=question.accepted,
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
        born=question.born,
    )


def decided(question: Question, reading: Reading) -> messages.Evaluated:
    """What a decision comes to, or what it leans to where that is not certain."""
    return messages.Evaluated(
        session=question.session.name,
        id=str(question.id),
        text=reading.choice,
        version=question.version,
        lines=question.lines,
        window_from=question.window_from,
        confidence=reading.lead,
        cached_tokens=question.cached,
        new_tokens=len(question.tail),
        completion_tokens=0,
        device_s=question.device_s,
        finish_reason="stop",
        source="ready" if reading.certain else "below",
        born=question.born,
    )
