"""A feed of the user's own: what works is played, what does not is named."""

import random
from pathlib import Path

import pytest

from sticli.demo.learning import own
from sticli.errors import SticliError

GOOD = own.EXAMPLE.read_text("utf-8")
BROKEN = {
    '"""The next line."""': ('return "x" * 401', "a line of 401 bytes: 400 are the most"),
    "def feed(": ("def food(", "it defines no function feed"),
    "return Greenhouse(rng)": ("return None", "AttributeError"),
    "rng.choice(DOORS)\n        self._open": ("rng.choice([])\n        self._open", "line 20: Ind"),
    'return f"door {door} ': ('return f"door\\n{door} ', "a line has to be a text of one line"),
    "return f\"door {door} {'opened' if self._open[door] else 'closed'}\"": (
        'return ""',
        "a line has to be a text of one line: ''",
    ),
    "self._open[door] = not": ('return "door\\n"  # ', "text of one line: 'door\\n'"),
    "return str(sum(self._open.values()))": (
        "return 4",
        "a right answer has to be a text of one line: 4",
    ),
    'return Question("open_doors", ASKED, self.truth(ASKED))': ("return ASKED", "gives a str"),
    'Question("open_doors", ASKED, self.truth(ASKED))': (
        'Question("open_doors", ASKED, "many")',
        "ask() says 'many' and truth() says",
    ),
    "self._rng = rng": ("self._rng = random.Random()", "draw all chance from rng"),
    "import random": ("import random, (", "line 3: SyntaxError"),
}


def test_the_example_is_a_feed() -> None:
    make = own.load(own.EXAMPLE)
    feed = make(random.Random(1), held_out=True)
    assert feed.line().startswith("door ")


@pytest.mark.parametrize("part", BROKEN)
def test_what_is_wrong_is_said(tmp_path: Path, part: str) -> None:
    instead, said = BROKEN[part]
    assert GOOD.count(part) == 1
    path = tmp_path / "mine.py"
    path.write_text(GOOD.replace(part, instead), "utf-8")
    with pytest.raises(SticliError) as caught:
        own.load(path)
    assert caught.value.code == "bad_request"
    assert caught.value.message.startswith(f"{path}: ")
    assert said in caught.value.message


def test_a_feed_may_use_what_looks_its_module_up(tmp_path: Path) -> None:
    head, rest = GOOD.split("import random\n", 1)
    late = "from __future__ import annotations\nimport random\nfrom dataclasses import dataclass\n"
    path = tmp_path / "mine.py"
    path.write_text(f"{head}{late}{rest}\n@dataclass\nclass Door:\n    name: str\n", "utf-8")
    assert own.load(path)(random.Random(1), held_out=False).line().startswith("door ")


def test_what_is_raised_while_it_is_trained_on_is_blamed_on_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(GOOD, "utf-8")
    feed = own.load(path)(random.Random(1), held_out=False)
    with (
        pytest.raises(SticliError, match=r": line \d+: ValueError: not a question"),
        own.blamed(path, wholly=False),
    ):
        feed.truth("is it raining?")
    with pytest.raises(ValueError, match="ours"), own.blamed(path, wholly=False):
        raise ValueError("ours")


def test_a_feed_may_use_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "doors_of_mine.py").write_text('DOORS = ("north", "south")\n', "utf-8")
    path = tmp_path / "mine.py"
    path.write_text(f"{GOOD}\n\nfrom doors_of_mine import DOORS\n", "utf-8")
    assert own.load(path)(random.Random(1), held_out=False).line().startswith("door ")


def test_what_goes_wrong_later_is_said_then(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(GOOD, "utf-8")
    feed = own.load(path)(random.Random(1), held_out=False)
    assert isinstance(feed, own.Checked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed.feed, "line", lambda: None)
        with pytest.raises(SticliError, match="a line has to be a text of one line: None"):
            feed.line()


def test_no_file_is_no_feed(tmp_path: Path) -> None:
    for name, code in (("none.py", "not_found"), ("feed.txt", "bad_request")):
        if code == "bad_request":
            (tmp_path / name).write_text(GOOD, "utf-8")
        with pytest.raises(SticliError) as caught:
            own.load(tmp_path / name)
        assert caught.value.code == code
