"""What a command line may call a model."""

from pathlib import Path

import pytest

from sticli.errors import SticliError
from sticli.models.find import chosen, embedded_model, find, removable
from tests.sticli.models.test_cache import lay


@pytest.fixture(autouse=True)
def pulled() -> dict[str, Path]:
    """Three models in the cache."""
    return {
        "small": lay("org/Small-GGUF", "a", "small-Q8_0.gguf"),
        "large": lay("org/Large-GGUF", "a", "large-Q8_0.gguf"),
        "larger": lay("org/Large-GGUF", "a", "large-Q4_K_M.gguf"),
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("small", "small"),
        ("SMALL-q8", "small"),
        ("large-Q8_0.gguf", "large"),
        ("q4_k_m", "larger"),
        ("hf:org/Small-GGUF", "small"),
        ("hf:org/Large-GGUF", "larger"),
        ("hf:org/Large-GGUF:Q8_0", "large"),
        ("hf:org/Large-GGUF:large-Q8_0.gguf", "large"),
    ],
)
def test_pulled_ones(pulled: dict[str, Path], text: str, name: str) -> None:
    assert find(text) == pulled[name]


def test_a_path_and_the_embedded_one(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small").symlink_to(tiny)  # a file at hand comes before what was pulled
    assert find(str(tiny)) == tiny
    assert find("small") == tmp_path / "small"
    assert find("embedded") == find("") == find(embedded_model().stem) == embedded_model()
    assert (chosen(embedded_model().stem), chosen("small")) == ("", str(tmp_path / "small"))


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        ("q8_0", "bad_request", "may be several models"),
        ("nothing", "not_found", "no model is called 'nothing'"),
        ("/no/where.gguf", "not_found", "no model file at /no/where.gguf"),
        ("hf:org/Other-GGUF", "not_found", "hf:org/Other-GGUF was not pulled"),
        ("hf:org/Small-GGUF:Q2_K", "not_found", "holds no 'Q2_K'"),
        ("hf:nonsense", "bad_request", "names no repository"),
    ],
)
def test_what_names_none(text: str, code: str, why: str) -> None:
    with pytest.raises(SticliError, match=why) as caught:
        find(text)
    assert caught.value.code == code
    assert caught.value.hint


def test_nothing_becomes_the_model_whose_header_makes_no_sense(pulled: dict[str, Path]) -> None:
    with pytest.raises(SticliError, match="not a GGUF"):
        chosen("small")


def test_only_what_was_pulled_is_removed(tiny: Path) -> None:
    for text in (str(tiny), "embedded"):
        with pytest.raises(SticliError, match="was not pulled"):
            removable(text)


def test_a_home_that_nobody_has_is_a_name_like_any_other() -> None:
    with pytest.raises(SticliError, match=r"no model file at /.*/~nobody-of-us/m.gguf"):
        find("~nobody-of-us/m.gguf")
