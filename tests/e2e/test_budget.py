"""A session that the memory budget does not hold is refused with the numbers; nothing hangs."""

import pytest

from tests.e2e.conftest import Person


def test_a_session_without_cells_is_refused_and_keeps_its_lines(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_KV_BUDGET_MB", "5")  # one session of 1,024 cells, not two
    person.run("append", "first", feed="10:00:00 ACME 12.50\n")
    refused = person.run("append", "second", feed="10:00:01 QXZ 48.10\n", code=5)
    assert "cells" in refused.stderr
    assert person.log("second") == ["10:00:01 QXZ 48.10"]
    assert "cells" in person.run("ask", "second", "last price of QXZ?", code=5).stderr
    person.run("rm", "first", "--yes")
    assert person.run("ask", "second", "last price of QXZ?").stdout.strip() == "48.10"
