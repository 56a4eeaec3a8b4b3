"""Single-file checkpoints in the original layout: the same edit as from the folder they came from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
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


@pytest.mark.parametrize("solver", ["uce", "erasepro"])
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
