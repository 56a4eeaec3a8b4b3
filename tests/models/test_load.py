"""Loading: a saved folder comes back the same; what is missing is one clear line; pickles are never read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from erasepro.errors import UserError
from erasepro.models import source
from erasepro.models.load import fingerprint, load_model, model_config, pick_device
from erasepro.models.tiny import tiny_pipeline
from erasepro.schema import ModelConfig


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
    assert model.kind == "stable-diffusion"
    assert model.pipe.safety_checker is None
    assert model.weights_hash == fingerprint(ModelConfig(name="x", source=str(saved)))


def test_fingerprint_follows_the_bytes(saved, tmp_path):
    import shutil

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
    assert model_config("someone/something").kind == "stable-diffusion"
    with pytest.raises(UserError, match=r"Unknown model 'miniatur'\. Did you mean 'miniature'\?"):
        model_config("miniatur")


@pytest.mark.parametrize("path", ["/no/such/folder", "./nope", "~/no such folder", "a/b/c", "nope\\x"])
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
    import shutil

    copy = shutil.copytree(saved, tmp_path / "copy")
    path = copy / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(UserError, match=r"only pickled weights \(\*\.bin\), which are never loaded"):
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


def test_only_the_weights_that_matter_are_hashed():
    names = [path.as_posix() for path in source.pipeline_files(Path(), "fp16")]
    assert names == [
        "text_encoder/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]
