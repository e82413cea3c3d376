"""The tables of types agree with those of the gguf package."""

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, LlamaFileType

from sticli.models.formats import FORMATS, MIXTURES


def test_every_type_of_tensors_is_known_and_sized_alike() -> None:
    sizes = {int(kind): (kind.name, *sizes) for kind, sizes in GGML_QUANT_SIZES.items()}
    assert {int(kind) for kind in GGMLQuantizationType} == set(sizes)
    assert {kind: tuple(found) for kind, found in FORMATS.items()} == sizes


def test_mixtures_are_called_alike() -> None:
    names = {int(one): one.name.removeprefix("MOSTLY_") for one in LlamaFileType}
    assert names.pop(1024) == "GUESSED"
    assert names == {**MIXTURES, 0: "ALL_F32"}
