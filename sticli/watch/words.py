"""What a dashboard says in words of events and answers: for the panes and for `--plain` alike."""

import time
from collections.abc import Iterator, Mapping

import msgspec

from sticli.protocol import Answer, At, Event
from sticli.render import one_line, plural
from sticli.watch.symbols import symbols

PLACES = {
    "device": "to the device",
    "host": "to host memory",
    "disk": "to disk",
    "journal": "to the journal only",
}
WORKER = {
    "ready": "the worker is ready",
    "starting": "the worker starts",
    "stopped": "the worker is stopped",
    "asleep": "the worker sleeps: the next line or ask wakes it",
}


def clock(at: float) -> str:
    """The time of day, in local time: 12:03:04."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def mark(event: Event) -> str:
    """The symbol of its type."""
    name = "missed" if event.type == "stale" else event.type
    found = getattr(symbols(), name, None) if name in MARKED else None
    return found or symbols().other


def told(event: Event) -> str:
    """One line, without its time: `ticks: moved to host memory, needed for logs`."""
    say = SAYINGS.get(event.type)
    text = say(event.data) if say else _fields(event.data)
    return one_line(f"{whose(event)}{text}")


def whose(event: Event) -> str:
    """Whom it is about, as it stands in front of what happened."""
    if event.type == "answer":
        return f"{event.session}/{event.data.get('id', '')}: "
    return f"{event.session}: " if event.session else ""


def about(event: Event) -> str:
    """All that an event says, a line each."""
    said = [f"{key}: {_value(value)}" for key, value in event.data.items()]
    return "\n".join([f"{mark(event)} {told(event)}", "", *said])


def detail(answer: Answer) -> str:
    """How an answer came to be, in one line."""
    drafted = f"{answer.accepted:,} of {plural(answer.drafted, 'drafted token')} right, "
    return (
        f"{answer.source}, {'fresh' if answer.fresh else 'not fresh'}, version {answer.version}, "
        f"window from line {answer.window_from}, {answer.cached_tokens:,} cached + "
        f"{answer.new_tokens:,} new tokens, {drafted if answer.drafted else ''}"
        f"first token {answer.ttft_ms:.1f} ms, "
        f"total {answer.total_ms:.1f} ms, {answer.finish_reason}"
    )


def remarks(answer: Answer, past: At | None) -> Iterator[str]:
    """What may be missed in an answer; `past` is the moment that was asked about."""
    if answer.pending and not past:  # what came later than a past moment is not missed
        yield (
            f"answered at version {answer.version}; {plural(answer.pending, 'newer line')} still "
            "to be read; --wait waits for that"
        )
    if answer.finish_reason == "length":
        yield f"the answer was cut at {plural(answer.completion_tokens, 'token')}; see --max-tokens"


Data = Mapping[str, object]


def _answer(data: Data) -> str:
    now, before = data.get("answer"), data.get("previous")
    changed = "" if before is None else f"{before} {symbols().to} "
    return f"{changed}{now}" + ("" if data.get("fresh", True) else " (not fresh)")


def _session(data: Data) -> str:
    tokens = data.get("tokens")
    held = f", {plural(tokens, 'token')}" if isinstance(tokens, int) and tokens else ""
    note = f", {data['note']}" if data.get("note") not in (None, "", "new") else ""
    return f"{data.get('state', '')}{held}{note}"


def _worker(data: Data) -> str:
    """An error that is over is not told again."""
    state, error = str(data.get("state", "")), str(data.get("error") or "")
    if state == "backoff":
        return f"{error or 'the worker died'}; it is started again"
    past = not error or state in ("ready", "starting", "asleep")
    return WORKER.get(state, f"the worker is {state}") + ("" if past else f": {error}")


def _full(data: Data) -> str:
    return f"full at {_number(data, 'tokens'):,} of {plural(_number(data, 'limit'), 'token')}"


def _moved(data: Data) -> str:
    place = str(data.get("place", ""))
    return f"moved {PLACES.get(place, f'to {place}')}, {data.get('reason', '')}".rstrip(", ")


def _dropped(data: Data) -> str:
    first, count = _number(data, "first"), _number(data, "count")
    return f"{plural(count, 'line')} from {first:,} on dropped unread: too much was pending"


def _stale(data: Data) -> str:
    return f"events were missed: {data.get('reason', '')}"


def _fields(data: Data) -> str:
    return ", ".join(f"{key} {value}" for key, value in data.items())


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _number(data: Data, key: str) -> int:
    found = data.get(key)
    return found if isinstance(found, int) else 0


SAYINGS = {
    "answer": _answer,
    "session": _session,
    "worker": _worker,
    "full": _full,
    "moved": _moved,
    "dropped": _dropped,
    "stale": _stale,
}
MARKED = ("answer", "session", "worker", "full", "moved", "dropped", "missed")
