"""The account of a session: counts, moves and reasons that add up."""

from sticli.account import Account
from sticli.daemon import messages
from tests.daemon.worker.link import Link, ask, lines, opened
from tests.fakes import FakeEngine

FEED = [f"line {n} says {n * 37 % 101}" for n in range(12)]


def told(link: Link, name: str) -> Account:
    link.rest(messages.Explain(7, name))
    return link.of(messages.Explained)[-1].account


def test_what_was_computed_is_what_it_holds() -> None:
    link = Link()
    link.rest(opened(), lines(FEED), ask(1))
    account = told(link, "s")
    assert account.place == "device"
    assert account.tokens == account.cached == account.computed == link.engine.used
    assert (account.reserved, account.promised, account.ready) == (1024, 0, 0)
    assert [move.place for move in account.moves] == ["device"]
    assert any(note.startswith("not shared") for note in account.notes)


def test_a_spilled_session_says_where_it_is_and_why() -> None:
    link = Link(FakeEngine(1024))
    link.rest(opened("a"), lines(FEED, session="a"), messages.Pin("a", True))
    link.rest(opened("b"))
    account = told(link, "a")
    assert (account.place, account.pinned, account.reserved) == ("host", True, 0)
    assert account.cached == account.tokens
    assert account.moves[-1].place == "host"
    assert "session b needed 1,024 cells" in account.moves[-1].reason
    assert any("pinned" in note for note in account.notes)
    link.rest(ask(1, session="a"))
    account = told(link, "a")
    assert (account.place, account.restored) == ("device", account.tokens)
    assert account.computed == account.tokens


def test_only_the_newest_moves_are_kept() -> None:
    link = Link(FakeEngine(1024))
    link.rest(opened("a"), opened("b"))
    for id in range(0, 60, 2):
        link.rest(ask(id, session="a"), ask(id + 1, session="b"))
    moves = told(link, "a").moves
    assert len(moves) == 20
    assert [move.at for move in moves] == sorted(move.at for move in moves)


def test_a_session_that_nobody_knows_has_no_account() -> None:
    link = Link()
    link.rest(messages.Explain(3, "nobody"))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.session, failed.code) == (3, "nobody", "not_found")


def test_what_waits_for_its_journal_says_so() -> None:
    link = Link()
    link.rest(opened(lines=12), lines(FEED[:5]))
    account = told(link, "s")
    assert (account.place, account.cached) == ("journal", 0)
    assert "waiting for its journal" in account.notes
