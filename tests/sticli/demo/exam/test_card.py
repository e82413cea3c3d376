"""The card says what the answers say, and nothing else."""

import msgspec
import pytest

from sticli.demo.exam import card, curve, failures, gap, tables
from sticli.demo.exam.group import GOALS, GROUPS, Goal, group
from sticli.demo.exam.interval import share
from sticli.demo.exam.record import Answered, Played, Record, Source
from sticli.demo.exam.speed import Speed
from sticli.demo.world.phrasing import PATTERNS
from sticli.errors import SticliError

SHAPE = {
    **{"block_count": "5", "embedding_length": "256", "attention.head_count": "4"},
    **{"feed_forward_length": "512", "rope.freq_base": "10000000000.0", "context_length": "8192"},
}
TRAINING = {"seed": "7", "step": "900", "seconds": "5400", "scale": ""}
SOURCE = Source("feed-v9", "12ab", 5_100_000, 16, SHAPE, TRAINING)
SPEED = Speed(2048, 2, 8, 1234.0, 1.25, 1.5, "Some CPU", 2, 0.25)


def answered(kind: str, right: bool, *, length: int = 256, lead: float = 3.0) -> Answered:
    answer, near = ("131.25", ()) if right else ("7", ("10:02:11 ACME 131.25", "10:02:12 Z 1"))
    return Answered(kind, length, f"{kind}?", "131.25", answer, answer, lead, near)


def feeds(count: int, *asked: Answered, held_out: bool = True) -> tuple[Played, ...]:
    return tuple(Played(n, held_out, "market", asked) for n in range(count))


def test_every_kind_of_the_simulator_has_a_group() -> None:
    grouped = [kind for kinds in GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(PATTERNS)
    assert {group(f"unknown_{kind}") for kind in PATTERNS} == {"none"}


def test_tables_count_what_was_asked() -> None:
    played = feeds(8, answered("high", True), answered("high", False), answered("low", True))
    rows = tables.kinds(played).splitlines()
    assert rows[0] == "| questions | 256 tokens |"
    assert rows[2].startswith("| high | 50.0 % (")
    assert rows[3].startswith("| low | 100.0 % (")
    assert "n=16" in rows[2]
    assert tables.groups(played).splitlines()[2].startswith("| aggregates | 66.7 % (")
    assert tables.sorts(played).splitlines()[2].startswith("| market | 66.7 % (")


@pytest.mark.parametrize(
    ("wrong", "of", "said"),
    [(0, 900, "met"), (1, 60, "met, but not surely"), (10, 60, "**not met**"), (0, 0, "not meas")],
)
def test_a_goal_is_met_surely_or_just(wrong: int, of: int, said: str) -> None:
    hits = share((number, number >= wrong) for number in range(of))
    assert tables.verdict(hits, Goal("lookups", 0, 2048, 0.98)).startswith(said)


def test_goals_look_at_their_lengths_only() -> None:
    lengths = {512: True, 4096: False, 8192: True}
    asked = [answered("last_value", right, length=length) for length, right in lengths.items()]
    rows = tables.goals(feeds(300, *asked)).splitlines()[2:]
    told = {row.split(" | ")[1]: row for row in rows if row.startswith("| lookups")}
    assert {where: "| met |" in row for where, row in told.items()} == {
        "up to 2,048 tokens": True,
        "8,192 tokens": True,
    }
    assert len(rows) == len(GOALS)


def test_the_whole_card_is_of_what_was_measured() -> None:
    seen = feeds(9, answered("last_value", True), answered("trend", False), answered("above", True))
    familiar = feeds(3, answered("last_value", True), held_out=False)
    text = card.render(Record(SOURCE, (*seen, *familiar)), SPEED)
    assert "$" not in text
    for told in (
        "5.1 MB",
        "1.25 ms",
        "1.50 ms in the median",
        "1,234 tokens",
        "Some CPU",
        "seed 7",
        "90 minutes",
        "base 1e+10",
    ):
        assert told in text
    assert "9 held-out feeds" in text
    assert "n=27" not in text.partition("as in training\n")[2].partition("##")[0]
    assert "answered '7', right is '131.25'" in text
    assert "was not measured" in text
    assert max(map(len, text.partition("## Accuracy")[0].splitlines())) < 200


def test_what_quantisation_costs_is_of_the_same_questions() -> None:
    ours = feeds(40, answered("high", True), answered("low", False))
    full = feeds(40, answered("high", True), answered("low", True), answered("trend", True))
    text = card.render(Record(SOURCE, ours), SPEED, Record(SOURCE, full))
    assert "of 80 answers 40 differ" in text
    assert "right +50.00 points (+/- 0.00) more often" in text


def test_a_question_that_comes_twice_is_compared_with_itself() -> None:
    def asked(*truths: str) -> tuple[Answered, ...]:
        return tuple(Answered("high", 256, "high?", one, one, one, 3.0) for one in truths)

    seen = feeds(9, *asked("1", "2"))
    text = card.render(Record(SOURCE, seen), SPEED, Record(SOURCE, seen))
    assert "of 18 answers 0 differ" in text
    assert "(+/- 33.33)" in text


def test_failures_are_the_surest_of_the_kinds_that_fail_most() -> None:
    played = feeds(
        2,
        answered("high", False, lead=1.0),
        answered("high", False, lead=4.0),
        answered("low", False, lead=9.0),
        answered("trend", True),
    )
    assert [(one.kind, one.lead) for one in failures.chosen(played)] == [("high", 4.0), ("low", 9)]
    assert len(failures.chosen(played, 1)) == 1
    assert "    10:02:11 ACME 131.25" in failures.render(played)
    assert failures.render(feeds(1, answered("high", True))) == "None was wrong."


def decision(truth: str, first: str, lead: float, kind: str = "is_up") -> Answered:
    return Answered(kind, 256, "is it?", truth, first, first, lead)


def test_a_gap_lets_pass_what_begins_one_choice_and_leads() -> None:
    asked = [
        decision("yes", "yes", 5.0),
        decision("yes", "no", 3.0),
        decision("no", "no", 1.0),
        decision("no", "none", 9.0),  # no choice
        decision("busy", "b", 6.0, "service_state"),
        decision("131.25", "131", 9.0, "last_value"),  # open
    ]
    known = curve.decisions(feeds(1, *asked))
    assert len(known) == 5
    covered, precise = curve.at(known, 2.0)
    assert (covered.right, covered.of) == (3, 5)
    assert (precise.right, precise.of) == (2, 3)


def test_the_drawn_curve_has_every_decision_in_one_bin() -> None:
    asked = [decision("yes", "yes" if lead % 3 else "no", lead / 2) for lead in range(40)]
    drawn = curve.chart(feeds(2, *asked), decided=True).splitlines()[1:]
    assert sum(int(line.split("n=")[1].rstrip(")")) for line in drawn) == 80
    assert curve.chart(feeds(2, *asked), decided=False).splitlines()[1:] == []


@pytest.mark.parametrize(("right", "said"), [(200, "surely above"), (150, "**not above**")])
def test_the_papers_are_beaten_or_not(right: int, said: str) -> None:
    asked = [decision("yes" if n < right else "no", "yes", 5.0) for n in range(200)]
    played = tuple(Played(n, True, "logs", (one,)) for n, one in enumerate(asked))
    assert f"{said} the 87.0 % of the papers" in curve.verdict(played, 2.0)


def test_the_widest_gap_covers_as_many_as_it_has_to() -> None:
    leads = (0.5, 1.239, 2.0, 7.0)
    asked = [decision("yes", "yes", lead) for lead in leads]
    none = decision("yes", "maybe", 9.0)  # no choice: no gap covers it
    played = feeds(3, *asked, none)
    for coverage, found in ((0.8, 0.5), (0.61, 0.5), (0.6, 1.23), (0.2, 7.0), (0.9, None)):
        assert curve.widest(played, coverage) == found
    assert curve.widest((), 0.9) is None


def test_the_gap_of_a_model_is_of_held_out_feeds_that_the_card_does_not_show() -> None:
    seen = feeds(40, decision("yes", "yes", 0.5), decision("yes", "no", 2.0))
    familiar = feeds(40, decision("yes", "yes", 0.1), held_out=False)
    others = msgspec.structs.replace(SOURCE, first=1000)
    assert gap.gap(Record(others, (*seen, *familiar))) == 0.5
    with pytest.raises(SticliError, match="feeds of the card"):
        gap.gap(Record(SOURCE, seen))
    with pytest.raises(SticliError, match="no gap covers 97%"):
        gap.gap(Record(others, (*seen, *feeds(9, decision("yes", "maybe", 9.0)))))


def test_the_card_is_about_the_gap_that_the_file_names() -> None:
    seen = feeds(9, decision("yes", "yes", 1.0), decision("yes", "yes", 3.0))
    usual = card.render(Record(SOURCE, seen), SPEED)
    own = card.render(Record(msgspec.structs.replace(SOURCE, gap=0.25), seen), SPEED)
    assert "default gap, 2,\nthat of a model that names none:\n" in usual
    assert "other seeds" not in usual
    assert "default gap, 0.25,\nwhich this file names" in own
    assert "on feeds of other seeds" in own
    assert "| 2 (default) | 50.0 %" in usual
    assert "| 0.25 (default) | 100.0 %" in own
    assert "coverage 50.0 %" in usual
    assert "coverage 100.0 %" in own


def test_what_was_measured_of_speed_is_read_again() -> None:
    assert msgspec.json.decode(msgspec.json.encode(SPEED), type=Speed) == SPEED
