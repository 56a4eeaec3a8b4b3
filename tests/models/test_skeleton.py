"""A skeleton gives the same edit as the loaded pipeline, and reads nothing of the denoiser but what is edited."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import erasepro
from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.checkpoint import Checkpoint
from erasepro.models.load import load_model, load_skeleton
from erasepro.models.skeleton import Skeleton
from tests.models.pipelines import BUILDERS, build

SENTENCES = [("dog", "cat")]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function: the folder of a tiny pipeline, saved once."""
    made: dict[str, Path] = {}

    def folder(name: str, dtype: torch.dtype = torch.float32) -> Path:
        key = f"{name}-{dtype}"
        if key not in made:
            made[key] = tmp_path_factory.mktemp(name)
            build(name).to(dtype).save_pretrained(made[key], max_shard_size="500KB" if name == "sdxl" else "10GB")
        return made[key]

    return folder


def solved(pipe: Any, solver: str = "uce") -> erasepro.Edit:
    return erasepro.erase(Model(pipe, "x", "x", ""), {"dog": "cat"}, solver=solver, preserve=["car"])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=() if n in ("sdxl", "flux") else pytest.mark.ci_slow)
        for n in BUILDERS
        if n != "stable-diffusion"
    ],
)
def test_the_same_edit_as_from_the_loaded_pipeline(saved, name):
    from_disk = solved(Skeleton(saved(name)))
    loaded = solved(build(name))
    assert from_disk.hash == loaded.hash
    assert from_disk.meta["base"] == loaded.meta["base"]


def test_the_default_method_too_and_through_shards(saved):
    folder = saved("sdxl")
    assert (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").exists()
    assert solved(Skeleton(folder), "erasepro").hash == solved(build("sdxl"), "erasepro").hash


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_kept_as_stored(saved, dtype):
    edit = solved(Skeleton(saved("sd3", dtype)))
    assert {p["dtype"] for p in edit.meta["base"].values()} == {str(dtype).removeprefix("torch.")}
    pipe = build("sd3").to(dtype)
    edit.apply(pipe)
    edit.revert(pipe)


@pytest.mark.parametrize(
    ("name", "stored", "dtype"),
    [
        pytest.param(name, stored, dtype, marks=() if (name, dtype) == ("sdxl", "float16") else pytest.mark.ci_slow)
        for name in ("sdxl", "sd3")  # sd3: T5 keeps some in float32
        for stored in (torch.float32, torch.float16)
        for dtype in ("float32", "float16", "bfloat16")
    ],
)
def test_weights_are_read_in_the_precision_of_the_loaded_model(saved, name, stored, dtype):
    cfg = ModelConfig(name=name, source=str(saved(name, stored)), dtype=dtype)
    skeleton, loaded = load_skeleton(cfg), load_model(cfg)
    edit = solved(skeleton.pipe)
    assert edit.hash == solved(loaded.pipe).hash
    assert edit.meta["base"] == solved(loaded.pipe).meta["base"]
    for part, module in skeleton.pipe.components.items():
        assert module.dtype == getattr(torch, dtype)
        for key, value in getattr(loaded.pipe, part).state_dict().items():
            if not key.endswith("position_ids"):
                read = skeleton.pipe.checkpoints[part].peek(key)
                assert read.dtype == value.dtype, key
                assert torch.equal(read, value), key


def test_no_other_tensor_of_the_denoiser_is_read(saved, tmp_path):
    """Every tensor that is not edited is replaced by NaN: the edit is the same, and the bytes read are the edited ones'."""
    folder = Path(shutil.copytree(saved("flux"), tmp_path / "flux"))
    whole = solved(Skeleton(folder))
    path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    edited = {f"{name.partition('.')[2]}.weight" for name in whole.updates}
    tensors = {k: t if k in edited else torch.full_like(t, torch.nan) for k, t in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})
    skeleton = Skeleton(folder)
    assert solved(skeleton).hash == whole.hash
    once = sum(tensors[key].nbytes for key in edited)
    times, rest = divmod(skeleton.read["transformer"], once)  # for the solve, the fingerprints, the held-out sentences
    assert rest == 0
    assert times >= 1


def test_embeddings_are_read_row_by_row(saved):
    skeleton = Skeleton(saved("pixart"))
    skeleton.checkpoints["text_encoder"].read = 0
    rows = skeleton.checkpoints["text_encoder"].rows("shared.weight", torch.tensor([3, 1, 4]))
    assert skeleton.read["text_encoder"] == rows.nbytes
    stored = load_file(saved("pixart") / "text_encoder" / "model.safetensors")["shared.weight"]
    assert torch.equal(rows, stored[[3, 1, 4]])


def test_load_skeleton_takes_what_load_model_takes(saved):
    model = load_skeleton("miniature")
    assert model.kind == "miniature"
    assert solved(model.pipe).updates
    assert load_skeleton(str(saved("flux"))).pipe.pipeline_class == "FluxPipeline"


def refused(folder: Path, message: str) -> None:
    with pytest.raises(UserError, match=message) as info:
        solved(Skeleton(folder))
    assert "\n" not in str(info.value)


@pytest.fixture
def copied(saved, tmp_path) -> Path:
    return Path(shutil.copytree(saved("flux"), tmp_path / "copy"))


def test_pickled_weights_are_refused(copied):
    path = copied / "transformer" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    refused(copied, r"only pickled weights \(diffusion_pytorch_model\.bin\), which can run code")


def test_truncated_and_flipped_files_are_named(copied):
    path = copied / "text_encoder" / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(copied, r"text_encoder/model\.safetensors' is damaged")
    path.write_bytes(whole[:9] + b"\xff" + whole[10:])
    refused(copied, r"text_encoder/model\.safetensors' is damaged")


def test_a_missing_tensor_and_a_missing_shard_are_named(copied, saved, tmp_path):
    path = copied / "transformer" / "diffusion_pytorch_model.safetensors"
    tensors = {k: t for k, t in load_file(path).items() if not k.startswith("context_embedder")}
    save_file(tensors, path, {"format": "pt"})
    refused(copied, r"transformer' lacks the weight 'context_embedder\.weight'")
    sharded = Path(shutil.copytree(saved("sdxl"), tmp_path / "sdxl"))
    sorted((sharded / "unet").glob("*-00001-*.safetensors"))[0].unlink()
    refused(sharded, r"00001.*is missing, but .*index\.json names it")


def test_foreign_folders_are_one_line(copied):
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps(index | {"_class_name": "KolorsPipeline"}))
    refused(copied, "KolorsPipeline is not supported")
    (copied / "model_index.json").write_text(json.dumps(index | {"transformer": ["diffusers", "system"]}))
    refused(copied, r"makes transformer a diffusers\.system, which is not supported")
    (copied / "model_index.json").write_text(
        json.dumps(index | {"text_encoder": [None, None], "text_encoder_2": [None, None]})
    )
    refused(copied, r"has no text encoder \(text_encoder, text_encoder_2\)")
    (copied / "model_index.json").write_text("{")
    refused(copied, "no description of a pipeline")


def test_a_checkpoint_counts_what_it_reads(saved):
    checkpoint = Checkpoint(saved("flux") / "transformer")
    key = "context_embedder.weight"
    assert checkpoint.read == 0
    assert checkpoint.dtype() == torch.float32
    with safe_open(checkpoint.files[0], framework="pt") as file:
        assert torch.equal(checkpoint.get(key), file.get_tensor(key))
    assert checkpoint.read == checkpoint.get(key).nbytes
    assert checkpoint.shape(key) == tuple(checkpoint.get(key).shape)


def test_a_foreign_or_empty_tokenizer_is_refused(copied):
    kept = Path(shutil.copytree(copied / "tokenizer", copied.parent / "kept"))
    (copied / "tokenizer" / "tokenizer.json").unlink()
    refused(copied, r"tokenizer' holds no (complete )?tokenizer")
    shutil.rmtree(copied / "tokenizer")
    shutil.copytree(copied / "tokenizer_2", copied / "tokenizer")
    refused(copied, "holds no complete tokenizer of text_encoder")
    shutil.rmtree(copied / "tokenizer")
    shutil.copytree(kept, copied / "tokenizer")
    shutil.rmtree(copied / "tokenizer_2")
    shutil.copytree(kept, copied / "tokenizer_2")
    refused(copied, "holds no complete tokenizer of text_encoder_2")


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("text_encoder", {"hidden_size": 48}, r"sizes in text_encoder/config\.json"),
        ("text_encoder", {"num_hidden_layers": 2}, r"text_encoder/config\.json has fewer blocks"),
        ("text_encoder_2", {"num_layers": 1}, r"text_encoder_2/config\.json has fewer blocks"),
        ("transformer", {"joint_attention_dim": 64}, r"sizes in transformer/config\.json"),
    ],
)
def test_a_config_of_other_sizes_is_named(copied, part, change, message):
    path = copied / part / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    refused(copied, message)


def test_parts_without_the_variant_give_the_files_that_have_none(copied):
    for part in ("text_encoder", "text_encoder_2"):
        (copied / part / "model.safetensors").rename(copied / part / "model.fp16.safetensors")
    assert solved(Skeleton(copied, "fp16")).hash == solved(build("flux")).hash


def test_t5_under_its_other_name(copied):
    path = copied / "text_encoder_2" / "model.safetensors"
    tensors = load_file(path)
    tensors["encoder.embed_tokens.weight"] = tensors.pop("shared.weight")
    save_file(tensors, path, {"format": "pt"})
    assert solved(Skeleton(copied)).hash == solved(build("flux")).hash


def test_without_its_first_encoder_or_its_denoiser(copied):
    pipe = build("flux")
    pipe.text_encoder = None
    with pytest.raises(UserError, match="has no text_encoder"):
        solved(pipe)
    pipe = build("flux")
    pipe.transformer = None
    with pytest.raises(UserError, match="no denoiser"):
        solved(pipe)
