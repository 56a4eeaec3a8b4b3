"""A component's tensors on disk, one at a time."""

import json

import pytest
import torch
from safetensors.torch import save_file

from erasepro.errors import UserError
from erasepro.models.checkpoint import Checkpoint, weight_files

TENSORS = {
    "text_model.a.weight": torch.arange(12.0).reshape(4, 3),
    "b": torch.ones(2, dtype=torch.float16),
    "shared.weight": torch.zeros(5, 2),
}


@pytest.fixture
def folder(tmp_path):
    save_file(TENSORS, tmp_path / "model.safetensors")
    return tmp_path


def sharded(folder, weight_map, suffix=""):
    (folder / f"model.safetensors.index{suffix}.json").write_text(json.dumps({"weight_map": weight_map}))


def test_tensors_are_read_as_stored_and_counted(folder):
    weights = Checkpoint(folder)
    assert set(weights) == set(TENSORS)
    assert len(weights) == 3
    assert weights.read == 0, "headers are free"
    assert torch.equal(weights.get("b"), TENSORS["b"])
    assert weights.get("b").dtype == torch.float16
    assert weights.read == 2 * TENSORS["b"].nbytes
    assert weights.shape("text_model.a.weight") == (4, 3)
    assert weights.dtype() == torch.float32, "what most of them are"
    assert weights.size == (folder / "model.safetensors").stat().st_size


def test_rows_cost_only_themselves(folder):
    weights = Checkpoint(folder)
    assert torch.equal(
        weights.rows("text_model.a.weight", torch.tensor([3, 1])), TENSORS["text_model.a.weight"][[3, 1]]
    )
    assert weights.read == 2 * 3 * 4


@pytest.mark.parametrize("kind", [torch.int32, torch.uint8, torch.bool])
def test_weights_that_are_whole_numbers_are_refused(tmp_path, kind):
    network = torch.nn.Linear(3, 4)
    network.register_buffer("places", torch.arange(5))  # whole numbers in the model too
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    Checkpoint(tmp_path).check_numbers(network)
    save_file(network.state_dict() | {"weight": torch.ones(4, 3).to(kind)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"model\.safetensors' holds 'weight' as whole numbers \([IUB]"):
        Checkpoint(tmp_path).check_numbers(network)


def test_names_of_other_releases_lead_to_the_tensor(folder):
    weights = Checkpoint(folder)
    assert "a.weight" in weights
    assert "text_model.b" in weights
    assert "encoder.embed_tokens.weight" in weights, "T5 stores its embedding once"
    assert torch.equal(weights.get("a.weight"), TENSORS["text_model.a.weight"])
    assert "c" not in weights
    with pytest.raises(UserError, match="lacks the weight 'c': it is incomplete or of another model"):
        weights.get("c")


def test_shards_are_those_that_the_index_names(tmp_path):
    for name, keys in (("one", ["b"]), ("two", ["shared.weight"]), ("other", ["text_model.a.weight"])):
        save_file({key: TENSORS[key] for key in keys}, tmp_path / f"{name}.safetensors")
    sharded(tmp_path, {"b": "one.safetensors", "shared.weight": "two.safetensors"})
    assert [path.name for path in weight_files(tmp_path)] == ["one.safetensors", "two.safetensors"]
    assert set(Checkpoint(tmp_path)) == {"b", "shared.weight"}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{", "is no index of weights"),
        ("[]", "is no index of weights"),
        ('{"weight_map": {}}', "its weight_map names no files"),
        ('{"weight_map": {"a": 1}}', "its weight_map names no files"),
        ('{"weight_map": {"a": "gone.safetensors"}}', "is missing, but model.safetensors.index.json names it"),
        ('{"weight_map": {"a": "../model.safetensors"}}', "is missing, but model.safetensors.index.json names it"),
    ],
)
def test_an_index_that_leads_nowhere_is_one_line(tmp_path, content, line):
    inner = tmp_path / "text_encoder"
    inner.mkdir()
    save_file(TENSORS, tmp_path / "model.safetensors")
    (inner / "model.safetensors.index.json").write_text(content)
    with pytest.raises(UserError, match=line) as caught:
        weight_files(inner)
    assert "fetch the model again" in str(caught.value)


def test_a_variant_is_taken_where_there_is_one(tmp_path):
    for part, name in (("unet", "model.fp16.safetensors"), ("vae", "model.safetensors")):
        (tmp_path / part).mkdir()
        save_file(TENSORS, tmp_path / part / name)
    assert weight_files(tmp_path / "unet", "fp16")[0].name == "model.fp16.safetensors"
    assert weight_files(tmp_path / "vae", "fp16")[0].name == "model.safetensors", "a part that has none"
    assert weight_files(tmp_path / "unet")[0].name == "model.fp16.safetensors", "the only one there is"
    with pytest.raises(UserError, match=r"there: model\.fp16\.safetensors\): set model\.variant to match"):
        weight_files(tmp_path / "unet", "bf16")
    save_file(TENSORS, tmp_path / "unet" / "model.bf16.safetensors")
    with pytest.raises(UserError, match=r"there: model\.bf16\.safetensors, model\.fp16.*set model\.variant to match"):
        weight_files(tmp_path / "unet")


def test_pickles_and_nothing_are_told_apart(tmp_path):
    with pytest.raises(UserError, match="holds no weights: save the model as safetensors first"):
        weight_files(tmp_path)
    (tmp_path / "model.bin").touch()
    with pytest.raises(UserError, match=r"holds only pickled weights \(model\.bin\), which can run code"):
        weight_files(tmp_path)


def test_damaged_files_and_files_without_floats_are_one_line(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"\x08" + b"\0" * 7 + b"{nojson}")
    with pytest.raises(UserError, match=r"is damaged \(.*\): fetch the model again"):
        Checkpoint(tmp_path)
    save_file({"a": torch.ones(2, dtype=torch.int64)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"holds no floating-point weights \(found: I64\)"):
        Checkpoint(tmp_path).dtype()
