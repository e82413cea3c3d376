"""Packed questions must be worth exactly what separate sequences are."""

import random

import torch

from sticli.demo.learning import vocabulary
from sticli.demo.learning.marks import LESS, Heard
from sticli.demo.learning.model import Model, Shape, plain
from sticli.demo.learning.packing import Played, ask, make_batch, pack, play
from sticli.demo.learning.sources import LED, Line
from sticli.demo.world.access import Access
from sticli.demo.world.market import Market
from sticli.demo.world.question import Question

SHAPE = Shape(len(vocabulary.TOKENS), width=64, layers=2, heads=2, hidden=96)


def played(seed: int) -> Played:
    return play(Market(seed), 60, 1.5, random.Random(seed))


def test_a_packed_fork_has_the_logits_of_its_own_sequence() -> None:
    torch.manual_seed(0)
    model, feeds = Model(SHAPE), [played(1), played(2)]
    batch = pack(feeds, 100, random.Random(3))
    with torch.no_grad():
        packed = model(batch.ids, batch.layout)[batch.rows[:, 0], batch.rows[:, 1]]
        alone = []
        for feed in feeds:  # pack has shuffled the forks in place
            room = 100
            for fork in feed.forks:
                if (room := room - len(fork.ids)) < 0:
                    break
                whole = feed.ids[: fork.point] + fork.ids
                logits = model(torch.tensor([whole]), plain(len(whole)))[0]
                alone.append(logits[-len(fork.answer) :])
    torch.testing.assert_close(packed, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_targets_are_the_true_answers() -> None:
    batch = make_batch(random.Random(4), 4, 64, 128)
    answers, answer = list[str](), list[int]()
    for target, end in zip(batch.targets.tolist(), batch.ends, strict=True):
        answer.append(target)
        if end:
            assert answer.pop() == vocabulary.END_ID
            answers.append(vocabulary.decode(answer))
            answer.clear()
    assert answers
    assert not answer
    assert all(text == text.strip() != "" for text in answers)


def test_a_fork_sees_whole_lines_and_its_own_truth() -> None:
    market, lines, end = Market(9), list[Line](), 1
    for _ in range(5):
        line = market.line()
        lines.append(Line(line, vocabulary.line_ids(line), end))
        end += len(lines[-1].ids)
    fork = ask(market, lines, Heard())
    assert fork.point == end
    assert vocabulary.decode(fork.answer) == market.truth(fork.question.text)
    assert fork.tail[-1] == vocabulary.ANSWER_ID
    one = played(9)
    newline = vocabulary.encode("\n")[0]
    assert all(one.ids[fork.point - 1] == newline for fork in one.forks)


def test_batches_repeat_with_their_seed() -> None:
    first, second = (make_batch(random.Random("5 17"), 3, 64, 96) for _ in range(2))
    assert torch.equal(first.ids, second.ids)
    assert torch.equal(first.targets, second.targets)
    assert not torch.equal(first.ids, make_batch(random.Random("5 18"), 3, 64, 96).ids)


def test_feeds_too_short_for_a_line_are_a_batch_without_answers() -> None:
    batch = pack([play(Market(1), 5, 9.0, random.Random(1))], 30, random.Random(1))
    assert (batch.ids.shape, batch.rows.shape, len(batch.targets)) == ((1, 35), (0, 2), 0)


def test_marks_stand_at_digits_and_at_the_ends_of_lines() -> None:
    batch = make_batch(random.Random(7), 32, 160, 160)
    for marked, letters in ((batch.digits, "0123456789"), (batch.wholes, "\n")):
        assert len(marked.rows) == len(marked.compared) > 10
        found = [int(batch.ids[row, at]) for row, at in marked.rows.tolist()]
        assert {vocabulary.decode([one])[0] for one in found} <= set(letters)
    assert (batch.wholes.rows[:, 1] < 160).all()
    assert (batch.digits.rows[:, 1] >= 160).any()  # thresholds in questions


def test_a_threshold_is_marked_by_the_numbers_that_its_question_sees() -> None:
    market, heard = Market(9), Heard()
    for _ in range(20):
        line = market.line()
        assert market.told
        heard.line(line, vocabulary.line_ids(line), market.told)
    lines = [Line("", [vocabulary.BOS_ID], 0)]
    forks = [ask(market, lines, heard) for _ in range(200)]
    above = [fork for fork in forks if fork.question.kind == "above"]
    assert above
    told = [
        (fork.question.truth, any(mark.compared[2] == LESS for mark in fork.marks))
        for fork in above
        if fork.marks
    ]
    assert ("no", True) not in told
    assert ("no", False) in told
    assert told.count(("yes", True)) > 3 * told.count(("yes", False))  # by a longer number
    assert not any(fork.marks for fork in forks if fork.question.kind != "above")


class Boilers:
    """A feed of one's own that names a kind of question as the simulator does."""

    def line(self) -> str:
        return "boiler 71"

    def ask(self) -> Question:
        return Question("above", "is the boiler over 70 degrees?", "yes")

    def truth(self, text: str) -> str:
        return "yes"


def test_a_question_of_ones_own_is_marked_nowhere() -> None:
    found = play(Boilers(), 40, 1.0, random.Random(1))
    assert found.forks
    assert not any(fork.marks or fork.places for fork in found.forks)
    assert not found.marks


def test_what_is_pointed_at_is_what_comes_next() -> None:
    rng = random.Random(8)
    batch = pack([play(Access(seed), 160, 3.0, rng) for seed in range(24)], 160, rng)
    wanted = dict(zip(map(tuple, batch.rows.tolist()), batch.targets.tolist(), strict=True))
    pointed, feed, led = batch.pointed, batch.layout.feed, 0
    kinds = dict(zip(map(tuple, batch.rows.tolist()), batch.kinds, strict=True))
    for (index, at), places in zip(pointed.rows.tolist(), pointed.places.tolist(), strict=True):
        told = {int(batch.ids[index, place]) for place in places if place >= 0}
        texts = {vocabulary.decode([one]).strip() for one in told}
        if kinds[index, at - feed] in LED:
            led += 1
            continue
        assert texts == {vocabulary.decode([wanted[index, at - feed]]).strip()}
        assert max(places) < batch.layout.seen[index, at - feed]
    assert len(batch.pointed.rows) > 15 + led > 15
