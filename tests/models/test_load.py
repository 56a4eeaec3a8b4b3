"""Loading: a saved folder comes back the same; what is missing is one clear line; pickles are never read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError
from erasepro.models import source
from erasepro.models.load import fingerprint, load_model, load_skeleton, model_config, pick_device
from erasepro.models.source import read_index
from erasepro.models.tiny import tiny_pipeline
from tests.models.pipelines import build, draw


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_pipeline(seed=3).save_pretrained(folder, safe_serialization=True)
    return folder


def test_a_local_folder_comes_back_as_it_was(saved):
    model = load_model(str(saved))
    before = tiny_pipeline(seed=3).unet.state_dict()
    after = model.pipe.unet.state_dict()
    assert all(torch.equal(before[key], after[key].cpu()) for key in before)
    assert model.kind == "diffusers"
    assert model.pipe.safety_checker is None
    assert model.weights_hash == fingerprint(ModelConfig(name="x", source=str(saved)))


def test_fingerprint_follows_the_bytes(saved, tmp_path):

    copy = shutil.copytree(saved, tmp_path / "copy")
    cfg = ModelConfig(name="x", source=str(copy))
    assert fingerprint(cfg) == fingerprint(ModelConfig(name="y", source=str(saved)))
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert fingerprint(cfg) != fingerprint(ModelConfig(name="y", source=str(saved)))


def test_dtype(saved):
    cfg = ModelConfig(name="x", source=str(saved), dtype="float16")
    assert load_model(cfg).pipe.unet.dtype == torch.float16
    with pytest.raises(UserError, match=r"model\.dtype.*'float8'.*float32"):
        load_model(ModelConfig(name="x", source=str(saved), dtype="float8"))


def test_names_of_stored_models():
    assert model_config("sd14").source == "CompVis/stable-diffusion-v1-4"
    assert model_config("someone/something").kind == "diffusers"
    with pytest.raises(UserError, match=r"Unknown model 'miniatur'\. Did you mean 'miniature'\?"):
        model_config("miniatur")


@pytest.mark.parametrize("path", ["/no/such/folder", "./nope", "~/no such folder", "a/b/c", "nope\\x", "a/", "-a/b"])
def test_missing_folder(path):
    with pytest.raises(UserError, match="No such model folder") as caught:
        load_model(ModelConfig(name="x", source=path))
    assert "\n" not in str(caught.value)


def test_empty_source_file_and_empty_folder(tmp_path):
    with pytest.raises(UserError, match=r"model\.source' is empty"):
        load_model(ModelConfig(name="x"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        load_model(ModelConfig(name="x", source=str(tmp_path / "file")))
    with pytest.raises(UserError, match=r"no model_index\.json"):
        load_model(ModelConfig(name="x", source=str(tmp_path)))


def test_pickled_weights_are_refused(saved, tmp_path):

    copy = shutil.copytree(saved, tmp_path / "copy")
    path = copy / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(UserError, match=r"only pickled weights \(.*\.bin\), which can run code and are never loaded"):
        load_model(str(copy))


def test_no_network_is_one_line(monkeypatch, tmp_path):
    import huggingface_hub

    def offline(*_, **__):
        raise ConnectionError("Name or service not known\n(try again)")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(UserError, match="Cannot fetch model 'someone/something': no network") as caught:
        load_model("someone/something")
    assert "\n" not in str(caught.value)


def test_device():
    assert pick_device("cpu") == "cpu"
    with pytest.raises(UserError, match=r"model\.device.*'tpu'"):
        pick_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="no such device"):
            pick_device("cuda:0")
        assert pick_device("auto") == "cpu"


def test_only_the_weights_that_matter_are_hashed(tmp_path):
    tiny_pipeline().save_pretrained(tmp_path, variant="fp16")
    names = [path.relative_to(tmp_path).as_posix() for path in source.pipeline_files(tmp_path, "fp16")]
    assert names == [
        "text_encoder/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def refused(folder, message, **options):
    with pytest.raises(UserError, match=message) as info:
        load_model(ModelConfig(name="x", source=str(folder), **options))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    "part",
    ["scheduler/scheduler_config.json", "text_encoder/config.json", "tokenizer/tokenizer.json", "model_index.json"],
)
def test_fingerprint_follows_the_configs(copied, part):
    before = fingerprint(ModelConfig(name="x", source=str(copied)))
    (copied / part).write_text((copied / part).read_text() + "\n")
    assert fingerprint(ModelConfig(name="x", source=str(copied))) != before


@pytest.mark.parametrize("part", ["text_encoder", "unet", "vae"])
def test_missing_weights_are_refused_not_drawn_at_random(copied, part):
    from safetensors.torch import load_file, save_file

    (path,) = (copied / part).glob("*.safetensors")
    tensors = load_file(path)
    tensors.pop(max(tensors))
    save_file(tensors, path, metadata={"format": "pt"})
    refused(copied, rf"{path.name}' lacks 1 of the {part}'s weights")


def test_another_parts_file_is_refused(copied):
    shutil.copy(copied / "unet" / "diffusion_pytorch_model.safetensors", copied / "text_encoder" / "model.safetensors")
    refused(copied, r"text_encoder/model\.safetensors' lacks \d+ of the text_encoder's weights")


def test_damaged_or_missing_files_are_one_line(copied):
    refused(copied, "model.fp16.safetensors.*set model.variant", variant="fp16")
    (copied / "text_encoder" / "model.safetensors").write_bytes(b"")
    refused(copied, r"text_encoder/model\.safetensors' is damaged")


def test_a_missing_tokenizer_is_one_line(copied):
    shutil.rmtree(copied / "tokenizer")
    refused(copied, "okenizer")


def test_kinds_and_devices_are_named():
    with pytest.raises(UserError, match=r"Unknown model kind 'nope'.*Known: diffusers, miniature"):
        fingerprint(ModelConfig(name="x", kind="nope"))
    with pytest.raises(UserError, match=r"model\.device.*'cpu:abc'"):
        pick_device("cpu:abc")


def test_a_device_beyond_the_last_is_one_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pick_device("cuda:0") == "cuda:0"
    with pytest.raises(UserError, match=r"model\.device=cuda:1' but this machine has 1"):
        pick_device("cuda:1")


@pytest.mark.parametrize("source", ["a/b.", "a/b--c", "a/é", "a/b.git", "a/" + "x" * 200])
def test_what_the_hub_could_not_name_is_one_line(source):
    refused(source, "neither a folder nor a hub id")


@pytest.mark.parametrize("wrong", [5, None, ["a"], b"x", object()])
def test_what_is_no_model_is_one_line(wrong):
    with pytest.raises(UserError, match=rf"Not a model: .*{type(wrong).__name__}.*load_model"):
        load_model(wrong)


def test_a_path_is_a_folder(saved):
    assert model_config(saved).source == str(saved)


@pytest.mark.parametrize("seed", [10**22, -(10**22)])
def test_seeds_that_torch_cannot_take_are_one_line(seed):
    with pytest.raises(UserError, match=r"model\.seed"):
        load_model(ModelConfig(name="x", kind="tiny", seed=seed))


def test_sizes_that_do_not_fit_are_one_line(copied):
    path = copied / "text_encoder" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"hidden_size": 64}))
    refused(copied, r"sizes in text_encoder/config\.json")


def test_the_libraries_print_nothing(saved, copied, capfd):
    load_model(ModelConfig(name="x", source=str(saved), dtype="float16", device="cpu"))
    shutil.copy(copied / "unet" / "diffusion_pytorch_model.safetensors", copied / "text_encoder" / "model.safetensors")
    refused(copied, "text_encoder's weights")
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("unet", ["os", "system"]),
        ("unet", ["my_unet", "MyUNet"]),
        ("scheduler", ["diffusers.evil", "Scheduler"]),
        ("feature_extractor", ["builtins", "eval"]),
        ("safety_checker", ["stable_diffusion", "Other"]),
        ("extra", ["diffusers"]),
        ("extra", [None, "Class"]),
        ("extra", [["os"], ["system"]]),
    ],
)
def test_a_part_of_another_library_is_refused_before_anything_is_loaded(copied, part, value):
    (copied / "unet" / "my_unet.py").write_text("raise SystemExit('code from the folder ran')\n")
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps(index | {part: value}))
    line = rf"takes its part '{part}' from .*, which can run code and is never loaded: allowed are diffusers and transformers"
    refused(copied, line)
    with pytest.raises(UserError, match=line):
        load_skeleton(ModelConfig(name="x", source=str(copied)))


def test_parts_as_published_indexes_name_them_are_read(copied):
    index = json.loads((copied / "model_index.json").read_text())
    known = {"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "image_encoder": [None, None]}
    settings = {"requires_safety_checker": True, "sizes": [512, 512], "_diffusers_version": "0.6.0", "note": "text"}
    (copied / "model_index.json").write_text(json.dumps(index | known | settings))
    assert read_index(copied)["sizes"] == [512, 512]


def test_an_index_of_many_brackets_is_one_line(copied):
    (copied / "model_index.json").write_text("[" * 200_000)
    refused(copied, "is no description of a pipeline")


@pytest.mark.parametrize("emptied", [False, True])
def test_a_folder_without_a_tokenizer_is_told_as_such(saved, tmp_path, emptied):
    copy = shutil.copytree(saved, tmp_path / "copy")
    shutil.rmtree(copy / "tokenizer")
    if emptied:
        (copy / "tokenizer").mkdir()
    for load in (load_model, load_skeleton):
        with pytest.raises(UserError, match=r"tokenizer' holds no tokenizer \(none of tokenizer\.json, vocab\.json"):
            load(ModelConfig(name="x", source=str(copy)))


@pytest.fixture(scope="module")
def without_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sd3")
    build("sd3-without-t5").save_pretrained(folder)
    return folder


def copy_with_entries(folder: Path, target: Path, **entries: Any) -> Path:
    """A copy of the folder with these entries in its model_index.json; "" takes one away."""
    shutil.copytree(folder, target)
    index = json.loads((target / "model_index.json").read_text()) | entries
    (target / "model_index.json").write_text(json.dumps({key: value for key, value in index.items() if value != ""}))
    return target


T5 = ["transformers", "T5EncoderModel"]


@pytest.mark.parametrize(
    "entries",
    [{}, {"text_encoder_3": "", "tokenizer_3": ""}, {"tokenizer_3": ["transformers", "T5Tokenizer"]}],
    ids=["[null, null]", "not named", "a tokenizer without its encoder"],
)
def test_sd3_without_t5_is_read_and_draws(without_t5, tmp_path, entries):
    folder = copy_with_entries(without_t5, tmp_path / "copy", **entries)
    pipe = load_model(str(folder)).pipe
    assert pipe.text_encoder_3 is None
    torch.testing.assert_close(draw("sd3", pipe, "a dog"), draw("sd3", build("sd3-without-t5"), "a dog"))
    assert load_skeleton(str(folder)).pipe.text_encoder_3 is None


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"text_encoder_3": T5}, r"has no folder text_encoder_3, which .*or write .text_encoder_3.: \[null, null\] there"),
        ({"text_encoder_3": None}, r"gives null for text_encoder_3: write \[null, null\] where a pipeline lacks a part"),
        ({"text_encoder": [None, None]}, "names no text_encoder, text_encoder_3, and a StableDiffusion3Pipeline draws nothing"),
    ],
)
def test_what_is_wrong_with_the_parts_is_one_line(without_t5, tmp_path, entries, said):
    refused(copy_with_entries(without_t5, tmp_path / "copy", **entries), said)


def test_a_named_part_without_a_folder_is_one_line(copied):
    shutil.rmtree(copied / "unet")
    refused(copied, r"has no folder unet, which its model_index\.json names: fetch the model again\.")
    with pytest.raises(UserError, match="has no folder unet"):
        load_skeleton(str(copied))
