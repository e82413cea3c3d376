"""Who holds which cells of a worker: all have an owner, and budgets hold, at any moment."""

from sticli.daemon.engines.base import Exhausted, Seq
from sticli.daemon.worker.desk import Desk
from sticli.daemon.worker.residents import reserved
from sticli.daemon.worker.sessions import Session
from tests.fakes import FakeEngine


class Scarce(FakeEngine):
    """An engine that refuses the next opens: the machine is short of memory."""

    short = 0

    def open(self, limit: int) -> Seq:
        if self.short:
            self.short -= 1
            raise Exhausted("no memory")
        return super().open(limit)


def check(desk: Desk, engine: FakeEngine) -> None:
    """Every sequence has an owner, every owner its sequence, every rung its budget."""
    known: set[Seq] = set()
    rungs = desk.ladder._rungs
    for session in desk.sessions.values():
        held = sequences(desk, engine, session)
        known |= held
        assert (session.place == "device") == (session in desk.ladder._residents)
        assert session.place == "device" or not held
        assert (session.place == "host") == (rungs._shelf.get(session) is not None)
        assert session.place != "disk" or rungs._on_disk(session)
    assert known == set(engine._sequences)
    here = [item for item in desk.sessions.values() if item.place == "device"]
    assert engine.reserved == sum(map(reserved, here)) <= engine.cells
    shelf = rungs._shelf
    assert shelf.bytes == sum(len(saved.payload) for saved in shelf._held.values())
    assert shelf.bytes <= shelf.budget
    assert set(shelf._held) <= set(desk.sessions.values())
    assert rungs._recovery.disk_bytes <= rungs._recovery.disk


def sequences(desk: Desk, engine: FakeEngine, session: Session) -> set[Seq]:
    """What a session holds; its lengths and promises are checked on the way."""
    running = desk.questions._running.of(session, "ask", "flash", "ready")
    running += [item.question for item in desk.questions._ready._prepared.get(session, ())]
    assert session.promised == sum(question.need for question in running)
    lanes = [session, session.replay, session.next]
    held = {lane.seq: lane.length for lane in lanes if lane is not None and lane.seq is not None}
    assert session.seq is None or session.replay is None
    assert all(engine.length(seq) == length for seq, length in held.items())
    return set(held) | {question.seq for question in running}
