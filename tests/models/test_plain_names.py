"""What `weight_names` chooses is what diffusers and transformers load, whatever the files are called."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError
from erasepro.models.load import fingerprint, load_model, load_skeleton
from erasepro.models.plain_names import under_plain_names
from tests.models.pipelines import build
from tests.models.variants import NAMINGS, PARTS, write


@pytest.mark.parametrize("variant", [None, "fp16"])
@pytest.mark.parametrize("naming", NAMINGS)
def test_a_folder_is_read_whatever_its_files_are_called(naming, variant, tmp_path):
    """A folder with one variant alone needs no model.variant; ``model=sdxl`` brings one along."""
    folder = write(tmp_path / "v1.0", naming)
    config = ModelConfig(name="sdxl", source=str(folder), variant=variant)
    loaded, skeleton, like = load_model(config), load_skeleton(config), build("sdxl")
    for part in PARTS:
        for key, tensor in getattr(like, part).state_dict().items():
            assert torch.equal(getattr(loaded.pipe, part).state_dict()[key], tensor)
    key = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    assert torch.equal(skeleton.pipe.weight(f"unet.{key}"), like.unet.get_submodule(key).weight)
    assert loaded.weights_hash == fingerprint(config)
    assert loaded.pipe.name_or_path == str(folder)


def test_a_variant_that_nobody_brought_along_is_refused(tmp_path):
    folder = write(tmp_path, "plain")
    for config in (
        ModelConfig(name="mine", source=str(folder), variant="fp16"),
        ModelConfig(name="sdxl", source=str(folder), variant="fp61"),
    ):
        for load in (load_model, load_skeleton, fingerprint):
            with pytest.raises(UserError, match=r"No weights .*set model\.variant to match"):
                load(config)


def test_of_several_copies_the_chosen_one_is_loaded(tmp_path):
    """A part's other copies, among them a single file beside shards, are not there for the libraries."""
    folder = write(tmp_path, "shards")
    for part, stem in (("text_encoder", "model"), ("unet", "diffusion_pytorch_model")):
        shards = {}
        for path in (folder / part).glob("*-of-*"):
            shards |= load_file(path)
        save_file({key: W * 0 for key, W in shards.items()}, folder / part / f"{stem}.safetensors", {"format": "pt"})
    model = load_model(ModelConfig(name="x", source=str(folder), variant="fp16"))
    assert model.pipe.text_encoder.state_dict()["final_layer_norm.weight"].abs().sum() > 0
    assert model.pipe.unet.conv_in.weight.abs().sum() > 0
    plain = load_model(ModelConfig(name="x", source=str(folder)))
    assert plain.pipe.unet.conv_in.weight.abs().sum() == 0


def test_plain_names_need_no_links(tmp_path):
    folder = write(tmp_path / "plain", "plain")
    with under_plain_names(folder, PARTS, None) as plain:
        assert plain == folder
    folder = write(tmp_path / "some", "some parts")
    with under_plain_names(folder, PARTS, None) as plain:
        assert plain != folder
        assert sorted(p.name for p in (plain / "unet").iterdir()) == ["config.json", "diffusion_pytorch_model.safetensors"]
        assert (plain / "model_index.json").is_file()
    assert not plain.exists()
    assert (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").is_file(), "links alone are taken away"


def test_other_parts_get_plain_names_too_and_may_be_without_weights(tmp_path):
    """An image encoder or a scheduler, which an edit does not depend on."""
    folder = write(tmp_path, "whole")
    for part, name in (("image_encoder", "model.fp16.safetensors"), ("other", "model.bin")):
        (folder / part).mkdir()
        (folder / part / name).touch()
    with under_plain_names(folder, PARTS, "fp16") as plain:
        assert (plain / "image_encoder" / "model.safetensors").exists()
        assert (plain / "other" / "model.bin").exists()
        assert (plain / "scheduler" / "scheduler_config.json").exists()


def test_a_system_without_links_copies(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("os.symlink", refuse)
    monkeypatch.setattr("os.link", refuse)
    folder = write(tmp_path, "some parts")
    with under_plain_names(folder, PARTS, None) as plain:
        assert (plain / "unet" / "diffusion_pytorch_model.safetensors").stat().st_size > 0
