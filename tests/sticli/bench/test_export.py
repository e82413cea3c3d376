"""An exported folder holds the very model: computed by the book, it says what llama.cpp says."""

import json
import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from sticli.bench.adapters.calls import Best, Calls
from sticli.bench.export import export, main
from sticli.errors import SticliError
from sticli.models.find import embedded_model
from tests.tiny import write_model

Values = NDArray[np.float32]


def safetensors(path: Path) -> dict[str, Values]:
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    assert size % 8 == 0
    header = json.loads(raw[8 : 8 + size])
    assert header.pop("__metadata__") == {"format": "pt"}
    found, body = {}, raw[8 + size :]
    for name, item in header.items():
        begin, end = item["data_offsets"]
        found[name] = np.frombuffer(body[begin:end], np.float32).reshape(item["shape"])
    assert max(item["data_offsets"][1] for item in header.values()) == len(body)
    return found


def forward(folder: Path, tokens: list[int]) -> Values:
    """Logits after the tokens, as the Hugging Face folder defines them: [vocabulary]."""
    config = json.loads((folder / "config.json").read_text())
    weights = safetensors(folder / "model.safetensors")
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size, eps = config["head_dim"], config["rms_norm_eps"]
    angles = np.outer(
        np.arange(len(tokens)), config["rope_theta"] ** (-np.arange(0, size, 2) / size)
    )
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    ahead = np.tril(np.ones((len(tokens), len(tokens)), bool))

    def norm(x: Values, name: str) -> Values:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weights[f"{name}.weight"]

    def linear(x: Values, name: str) -> Values:
        return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", np.float32(0))

    def turned(x: Values) -> Values:
        one, two = x[..., : size // 2], x[..., size // 2 :]
        return np.concatenate([one * cos - two * sin, two * cos + one * sin], -1)

    x = weights["model.embed_tokens.weight"][tokens]
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}"
        h = norm(x, f"{at}.input_layernorm")
        q, k, v = (linear(h, f"{at}.self_attn.{one}_proj") for one in "qkv")
        q = turned(q.reshape(len(tokens), heads, size))
        k = turned(k.reshape(len(tokens), groups, size)).repeat(heads // groups, 1)
        v = v.reshape(len(tokens), groups, size).repeat(heads // groups, 1)
        scores = np.where(ahead, np.einsum("qhd,khd->hqk", q, k) / np.sqrt(size), -np.inf)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.einsum("hqk,khd->qhd", shares / shares.sum(-1, keepdims=True), v)
        x = x + linear(mixed.reshape(len(tokens), -1), f"{at}.self_attn.o_proj")
        h = norm(x, f"{at}.post_attention_layernorm")
        gate = linear(h, f"{at}.mlp.gate_proj")
        inner = gate / (1 + np.exp(-gate)) * linear(h, f"{at}.mlp.up_proj")
        x = x + linear(inner, f"{at}.mlp.down_proj")
    tied = config["tie_word_embeddings"]
    head = "model.embed_tokens" if tied else "lm_head"
    last: Values = linear(norm(x[-1:], "model.norm"), head)[0]
    return last


def logits(path: Path, tokens: list[int]) -> Values:
    """The same of a GGUF in llama.cpp."""
    calls = Calls(path, 256, 1, Best(1, False))
    try:
        calls.compute(0, np.array(tokens, np.int32), 0)
        return calls.logits().copy()
    finally:
        calls.close()


@pytest.mark.parametrize("name", ["embedded", "tiny"])
def test_all_three_files_are_one_model(tmp_path: Path, name: str) -> None:
    tiny = name == "tiny"
    model = write_model(tmp_path / "tiny.gguf", seed=1) if tiny else embedded_model()
    same = export(model, tmp_path / "folder")
    tokens = np.random.default_rng(2).integers(0, 250, 40).tolist()
    by_the_book, same_logits = forward(tmp_path / "folder", tokens), logits(same, tokens)
    # llama.cpp keeps keys and values in 16 bits, and multiplies 8-bit weights with what it has
    # rounded to 8 bits as well
    assert np.abs(by_the_book - same_logits).max() < 0.05 * np.abs(same_logits).max()
    assert np.abs(logits(model, tokens) - same_logits).max() < 0.05 * np.abs(same_logits).max()
    assert by_the_book.argmax() == same_logits.argmax()


def test_the_header_stays_and_all_tensors_are_f32(tmp_path: Path) -> None:
    same = gguf.GGUFReader(export(embedded_model(), tmp_path))
    before = gguf.GGUFReader(embedded_model())
    assert {tensor.tensor_type for tensor in same.tensors} == {gguf.GGMLQuantizationType.F32}
    assert [tensor.name for tensor in same.tensors] == [tensor.name for tensor in before.tensors]
    kept = {*before.fields} - {"GGUF.kv_count", "general.file_type"}
    for name in kept:
        assert same.fields[name].contents() == before.fields[name].contents()


def test_the_tokeniser_is_told_in_full(tmp_path: Path) -> None:
    export(embedded_model(), tmp_path)
    header = gguf.GGUFReader(embedded_model()).fields
    texts = header["tokenizer.ggml.tokens"].contents()
    found = json.loads((tmp_path / "tokenizer.json").read_text())
    assert sorted(found["model"]["vocab"], key=found["model"]["vocab"].get) == texts
    pairs = [" ".join(pair) for pair in found["model"]["merges"]]
    assert pairs == header["tokenizer.ggml.merges"].contents()
    assert [texts[item["id"]] for item in found["added_tokens"]] == texts[-3:]
    about = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert about["chat_template"] == header["tokenizer.chat_template"].contents()
    assert found["post_processor"]["special_tokens"][about["bos_token"]]["ids"] == [
        header["tokenizer.ggml.bos_token_id"].contents()
    ]


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    other = write_model(tmp_path / "other.gguf", seed=1, architecture="gemma2", window=8)
    (tmp_path / "text").write_text("no model at all, but a text of some length")
    for path, why in (
        (other, "its architecture is gemma2"),
        (tmp_path / "none", "No such file"),
        (tmp_path / "text", "is no GGUF file"),
    ):
        with pytest.raises(SticliError) as refusal:
            export(path, tmp_path / "folder")
        assert why in str(refusal.value)
        assert not (tmp_path / "folder").exists()


def test_the_command_tells_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(write_model(tmp_path / "tiny.gguf", seed=1)), str(tmp_path / "folder")])
    assert capsys.readouterr().out.strip() == str(tmp_path / "folder" / "f32.gguf")
    for arguments in ([], [str(tmp_path / "none"), str(tmp_path)]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code not in (0, None)
