"""llama.cpp within the process: whose turn it is, when the clock starts, and what cannot be cut."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.bench.adapters.base import Reply
from sticli.bench.adapters.llamacpp import LlamaCpp, common
from sticli.bench.adapters.room import Room
from sticli.bench.prompt import prompter
from sticli.bench.schedule import Question
from sticli.errors import SticliError
from tests.tiny import write_model, write_recurrent

LIMIT = 256
WHAT = Question(0.0, "s", "what?", 3)
TOKENS = st.lists(st.integers(0, 2), max_size=6)


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


def room(model: Path, thread: Executor) -> Iterator[Room]:
    with prompter(model) as words:
        yield Room(model, words, LIMIT, 1, 1, thread=thread)


@pytest.fixture
def plain(tmp_path: Path, thread: ThreadPoolExecutor) -> Iterator[Room]:
    yield from room(write_model(tmp_path / "plain.gguf", seed=1), thread)


@pytest.fixture
def recurrent(tmp_path: Path, thread: ThreadPoolExecutor) -> Iterator[Room]:
    yield from room(write_recurrent(tmp_path / "recurrent.gguf", seed=1), thread)


def until(done: Callable[[], bool]) -> None:
    while not done():
        time.sleep(0.001)


@given(TOKENS, TOKENS, TOKENS)
def test_what_two_prompts_have_in_common(head: list[int], one: list[int], other: list[int]) -> None:
    a, b = [*head, 7, *one], [*head, 8, *other]
    assert common(np.array(a, np.int32), np.array(b, np.int32)) == len(head)
    assert common(np.array(a, np.int32), np.array(a + b, np.int32)) == len(a)


def test_a_question_that_waits_for_lines_counts_their_time_and_tokens(
    plain: Room, thread: ThreadPoolExecutor
) -> None:
    engine, replies, gate = LlamaCpp("bare", plain), list[Reply](), threading.Event()
    engine.open("s")
    engine.settle("s")
    busy = thread.submit(gate.wait)
    until(busy.running)
    engine.append("s", ["a line", "and another"])
    asker = threading.Thread(target=lambda: replies.append(engine.ask("s", WHAT)))
    asker.start()
    until(lambda: thread._work_queue.qsize() == 2)
    opened = time.perf_counter()
    gate.set()
    asker.join()
    assert replies[0].lines == 2
    assert replies[0].asked < opened < replies[0].first
    assert replies[0].computed == replies[0].prompt - len(plain.prompter.frame.prefix)
    tail = len(plain.prompter.tail(WHAT.text))
    again = engine.ask("s", WHAT)
    assert (again.text, again.prompt, again.computed) == (replies[0].text, replies[0].prompt, tail)
    engine.close()


def test_where_no_state_can_be_taken_back_all_is_computed_again(recurrent: Room) -> None:
    with pytest.raises(SticliError, match="cannot be taken back"):
        LlamaCpp("bare", recurrent)
    engine, fresh = LlamaCpp("reuse", recurrent), LlamaCpp("stateless", recurrent)
    for way in (engine, fresh):
        way.open("s")
    for line in ("a line", "and another"):
        for way in (engine, fresh):
            way.append("s", [line])
        found, wanted = engine.ask("s", WHAT), fresh.ask("s", WHAT)
        assert (found.text, found.prompt) == (wanted.text, wanted.prompt)
        assert found.computed == found.prompt
    engine.close()
    fresh.close()


def test_more_sessions_than_llama_cpp_runs_are_refused(plain: Room) -> None:
    with pytest.raises(SticliError, match=r"257 sessions: llama\.cpp runs 256"):
        LlamaCpp("bare", replace(plain, sessions=257))
