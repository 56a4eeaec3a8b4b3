"""Single-file checkpoints in the original layout: the same edit as from the folder they came from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

import erasepro
from erasepro.config.schema import ModelConfig
from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.models.features.text_stack import conditioning_inputs
from erasepro.models.load import fingerprint, load_model, load_skeleton
from erasepro.models.published import published
from erasepro.models.single_file import config_folder
from erasepro.models.sites import conditioning_sites, site_module
from erasepro.models.skeleton import Skeleton
from erasepro.models.tensor_hashes import raw_bytes
from erasepro.models.tiny import tiny_pipeline
from tests.models.pipelines import build


@pytest.fixture(scope="module", params=["stable-diffusion", "sdxl"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder, and the file of the same weights (written by the export of an edit that changes nothing)."""
    folder = tmp_path_factory.mktemp(request.param.replace("-", "_"))
    pipe: Any = tiny_pipeline(length=77) if request.param == "stable-diffusion" else build("sdxl")
    pipe.save_pretrained(folder / "base")
    edit = erasepro.erase(pipe, {"dog": "cat"}, solver="uce").scale(0.0)
    export_edit(edit, folder / "model.safetensors", format="single_file", base=folder / "base")
    return folder / "base", folder / "model.safetensors"


def config(both: tuple[Path, Path], **options: Any) -> ModelConfig:
    return ModelConfig(name="x", source=str(both[1]), config=str(both[0]), device="cpu", **options)


@pytest.mark.parametrize("solver", ["uce", pytest.param("erasepro", marks=pytest.mark.ci_slow)])
def test_the_same_edit_as_from_the_folder(both, solver):
    options: dict[str, Any] = {"preserve": ["car"], "solver": solver}
    from_file = erasepro.erase(load_skeleton(config(both)), {"dog": "cat"}, **options)
    from_folder = erasepro.erase(load_skeleton(str(both[0])), {"dog": "cat"}, **options)
    assert from_file.hash == from_folder.hash
    assert from_file.meta["base"] == from_folder.meta["base"]


def test_loaded_whole_it_is_the_same_pipeline(both):
    if "sdxl" in str(both[1]):  # diffusers tells SDXL's first encoder by its 768 numbers: no tiny one is recognised
        with pytest.raises(UserError, match="Cannot load"):
            load_model(config(both))
        return
    file, folder = load_model(config(both)), load_model(str(both[0]))
    assert type(file.pipe) is type(folder.pipe)
    for name in ("unet", "text_encoder", "vae"):
        one, other = (getattr(m.pipe, name).state_dict() for m in (file, folder))
        assert {k: raw_bytes(t) for k, t in one.items()} == {k: raw_bytes(t) for k, t in other.items()}
    edit = erasepro.erase(load_skeleton(config(both)), {"dog": "cat"}, solver="uce")
    edit.apply(file.pipe)
    edit.revert(file.pipe)
    assert fingerprint(config(both)) != fingerprint(ModelConfig(name="x", source=str(both[0])))


@pytest.mark.parametrize(("width", "sites"), [(768, 32), (1024, 32), (2048, 141)])
def test_published_sizes_are_known(width, sites, tmp_path):
    """A file with nothing but one key of the right width is enough to find its configs and tokenizers."""
    path = tmp_path / "model.safetensors"
    key = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    save_file({key: torch.zeros(320, width)}, path)
    with config_folder(path) as folder:
        skeleton = Skeleton(folder, weights=False)
        linears = [s for read in conditioning_inputs(skeleton) for s in conditioning_sites(skeleton, read)]
        assert len(linears) == sites
        assert site_module(skeleton, linears[0].name).in_features == width
        assert skeleton.tokenizer("a photo of a dog").input_ids == [49406, 320, 1125, 539, 320, 1929, 49407]
    assert published(1000) is None


def refused(source: Path, message: str, **options: Any) -> None:
    cfg = ModelConfig(name="x", source=str(source), **options)
    for load in (lambda: erasepro.erase(load_skeleton(cfg), {"dog": "cat"}), lambda: load_model(cfg)):
        with pytest.raises(UserError, match=message) as info:
            load()
        assert "\n" not in str(info.value)


def test_bad_files_are_one_line(both, tmp_path):
    whole = both[1].read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, "is damaged", config=str(both[0]))
    pickle = Path(shutil.copy(both[1], tmp_path / "model.ckpt"))
    refused(pickle, "pickled checkpoint, which can run code")
    refused(both[1], r"no published model has: give the folder of its configs")
    tensors = load_file(both[1])
    save_file({k: t for k, t in tensors.items() if "attn2" not in k}, path)
    refused(path, "no Stable Diffusion checkpoint in the original layout")
    save_file({k: t for k, t in tensors.items() if "resblocks.1" not in k and "layers.1." not in k}, path)
    with pytest.raises(UserError, match="lacks the weight"):
        erasepro.erase(load_skeleton(ModelConfig(name="x", source=str(path), config=str(both[0]))), {"dog": "cat"})


def part_of(key: str) -> str:
    return "unet" if key.startswith("model.diffusion_model.") else "vae" if key.startswith("first_stage_") else "text"


def write_part(both: tuple[Path, Path], path: Path, keep: Any, cut: str = "") -> Path:
    """The checkpoint with the tensors whose names `keep` takes, the beginning `cut` taken off their names."""
    save_file({k.removeprefix(cut): t for k, t in load_file(both[1]).items() if keep(k)}, path)
    return path


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("diffusion_model.input_blocks.0.0.weight", r"lacks 1 of the unet's weights \(conv_in\.weight\)"),
        ("first_stage_model.decoder.conv_out.bias", r"lacks 1 of the vae's weights \(decoder\.conv_out\.bias\)"),
        ("decoder.mid.attn_1.q.weight", r"lacks 1 of the vae's weights \(decoder\.mid_block\.attentions\.0\.to_q\.weight\)"),
        ("attn2.to_v.weight", r"lacks \d+ of the unet's weights \(.*attn2\.to_v\.weight, .*, …\)"),
        ((".mlp.fc2.weight", ".mlp.c_proj.weight"), r"lacks \d+ of the text_encoder's weights \(.*layers\.0\.mlp\.fc2\.weight"),
        (
            ("position_embedding.weight", "positional_embedding"),
            r"lacks 1 of the text_encoder's weights \(embeddings\.position_embedding\.weight\)",
        ),
    ],
)
def test_missing_weights_are_named_before_anything_is_loaded(both, tmp_path, end, said):
    path = write_part(both, tmp_path / "model.safetensors", lambda key: not key.endswith(end))
    with pytest.raises(UserError, match=said) as info:
        load_model(ModelConfig(name="x", source=str(path), config=str(both[0])))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("config_given", [True, False])
@pytest.mark.parametrize(
    ("parts", "cut", "said"),
    [
        ({"unet"}, "", "holds a U-Net alone, but no text encoder, and an edit needs one: give the whole checkpoint"),
        ({"unet", "vae"}, "", "holds a U-Net and a VAE, but no text encoder"),
        ({"unet"}, "model.diffusion_model.", "holds a U-Net alone .without the prefix of a whole checkpoint."),
        ({"vae"}, "", "holds a VAE alone"),
    ],
)
def test_a_part_alone_says_what_it_is_and_what_to_give(both, tmp_path, parts, cut, said, config_given):
    path = write_part(both, tmp_path / "model.safetensors", lambda key: part_of(key) in parts, cut)
    refused(path, said, config=str(both[0]) if config_given else None)


def test_without_a_vae_there_is_an_edit_and_no_picture(both, tmp_path):
    path = write_part(both, tmp_path / "model.safetensors", lambda key: part_of(key) != "vae")
    own = ModelConfig(name="x", source=str(path), config=str(both[0]))
    assert erasepro.erase(load_skeleton(own), {"dog": "cat"}, solver="uce").updates
    with pytest.raises(UserError, match="but no VAE, and nothing can be drawn without one"):
        load_model(own)


def test_blocks_without_attention_are_found(tmp_path):
    """As in Stable Diffusion 1 and 2, whose first up block has an upsampler in the place of its attentions."""
    pipe: Any = tiny_pipeline(length=77)
    with torch.random.fork_rng(devices=[]):
        pipe.unet = UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(16,) * 4,
            down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
            cross_attention_dim=32, attention_head_dim=8, norm_num_groups=8,
        )  # fmt: skip
    pipe.save_pretrained(tmp_path / "base")
    edit = erasepro.erase(pipe, {"dog": "cat"}, solver="uce").scale(0.0)
    export_edit(edit, tmp_path / "m.safetensors", format="single_file", base=tmp_path / "base")
    loaded = load_model(ModelConfig(name="x", source=str(tmp_path / "m.safetensors"), config=str(tmp_path / "base")))
    for key, tensor in pipe.unet.state_dict().items():
        assert torch.equal(loaded.pipe.unet.state_dict()[key], tensor)
