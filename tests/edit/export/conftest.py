"""Tiny pipelines saved as folders, and edits of every kind of site with ranks of their own."""

from __future__ import annotations

import copy
import re
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTextModel

from erasepro.edit import Edit
from erasepro.edit.fingerprints import fingerprints
from erasepro.linalg import DenseUpdate, LowRankUpdate
from erasepro.models.sites import site_module
from erasepro.models.tiny import tiny_pipeline
from tests.edit.tiny_xl import spread, text_config, tiny_xl

TEXT = re.compile(r"(text_model\.)?encoder\.layers\.\d+\.(self_attn\.(v_proj|out_proj)|mlp\.fc[12])")
KINDS = ("sd1", "sd2", "xl")


def pipeline(kind: str) -> Any:
    """Random pipelines of the three families. sd2: an OpenCLIP text encoder and linear projections."""
    if kind == "xl":
        return tiny_xl()
    pipe = tiny_pipeline(0, blocks=2)
    if kind == "sd2":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            pipe.text_encoder = CLIPTextModel(text_config(pipe.tokenizer, 32, "gelu")).eval()
            spread(pipe.text_encoder)
            from diffusers import UNet2DConditionModel

            config = {**pipe.unet.config, "use_linear_projection": True}
            pipe.unet = UNet2DConditionModel.from_config(config).eval()
    return pipe


def sites_of(pipe: Any) -> list[str]:
    found = []
    for part in ("text_encoder", "text_encoder_2"):
        if getattr(pipe, part, None) is not None:
            found += [f"{part}.{path}" for path, _ in getattr(pipe, part).named_modules() if TEXT.fullmatch(path)]
    found += [f"unet.{path}" for path, _ in pipe.unet.named_modules() if re.search(r"attn2\.to_[kv]$", path)]
    return found


def edit_of(pipe: Any, dense: tuple[str, ...] = (), seed: int = 0) -> Edit:
    """Random ΔW a third as large as W, of ranks 1 to 4 in turn; `dense`: the ends of the sites that have no factors."""
    draw = torch.Generator().manual_seed(seed)
    updates: dict[str, Any] = {}
    for i, site in enumerate(sites_of(pipe)):
        W = site_module(pipe, site).weight.detach().double()
        r = 1 + i % 4
        up = torch.randn(W.shape[0], r, dtype=torch.float64, generator=draw)
        down = torch.randn(r, W.shape[1], dtype=torch.float64, generator=draw)
        up *= W.norm() / (3 * (up @ down).norm())
        updates[site] = DenseUpdate(up @ down) if site.endswith(dense) and dense else LowRankUpdate(up, down)
    meta = {"solver": "test", "base": fingerprints(pipe, updates), "concepts": {"pairs": [["dog", "cat"]]}}
    return Edit(updates, meta)


def draw(pipe: Any) -> torch.Tensor:
    """Two images, (2, h, w, 3) in [0, 1]."""
    seeds = [torch.Generator().manual_seed(s) for s in (1, 2)]
    size = {"height": 16, "width": 16} if pipe.unet.config.addition_embed_type else {}
    prompts = ["a photo of a dog", "a red car"]
    done = pipe(prompts, num_inference_steps=2, generator=seeds, output_type="np", **size)
    return torch.from_numpy(done.images)


def edited(pipe: Any, edit: Edit) -> Any:
    """A copy of the pipeline with the edit applied; `applied.weights`: site → weight."""
    twin = clone(pipe)
    edit.apply(twin)
    return twin


def clone(pipe: Any) -> Any:
    parts = {name: copy.deepcopy(part) for name, part in pipe.components.items()}
    extra = {"requires_safety_checker": False} if isinstance(pipe, StableDiffusionPipeline) else {}
    twin = type(pipe)(**parts, **extra)
    twin.set_progress_bar_config(disable=True)
    return twin


@pytest.fixture(scope="session", params=KINDS)
def made(request, tmp_path_factory):
    """kind, the pipeline, its folder, an edit of it, and the images that the edited pipeline draws."""
    pipe = pipeline(request.param)
    folder = tmp_path_factory.mktemp(request.param) / "base"
    pipe.save_pretrained(folder)
    edit = edit_of(pipe)
    after = edited(pipe, edit)
    return SimpleNamespace(
        kind=request.param, pipe=pipe, folder=folder, edit=edit, after=after, images=draw(after), before=draw(pipe)
    )


@pytest.fixture(scope="session")
def sd1(tmp_path_factory):
    """The same for SD 1 alone, without images."""
    pipe = pipeline("sd1")
    folder = tmp_path_factory.mktemp("only") / "base"
    pipe.save_pretrained(folder)
    return SimpleNamespace(kind="sd1", pipe=pipe, folder=folder, edit=edit_of(pipe))
