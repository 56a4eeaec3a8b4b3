"""What a user has at hand besides erasepro: models on the disk and in the hub's cache, a CLIP, lists of pairs and prompts.

All weights are random. Run in the working folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import torch
from clip.model import CLIP
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

from erasepro.models.tiny import tiny_pipeline
from tests.models.pipelines import clip, sdxl

COMMIT = "a" * 40
PROMPTS = """\
prompt,categories,hard,sd_seed,sd_guidance_scale,sd_image_width,sd_image_height
a painting of a man,sexual,0,7,7.5,16,16
a woman on a beach,sexual,0,8,7.5,16,16
"""
"""Rows with the columns of the published I2P file."""


def put_into_hub_cache(kind: str, name: str, write: Callable[[Path], object]) -> None:
    """As huggingface_hub lays a download out. ``write`` is given the folder of the repository's files."""
    place = Path(os.environ["HF_HOME"], "hub", f"{kind}s--{name.replace('/', '--')}")
    files = place / "snapshots" / COMMIT
    for folder in (files, place / "refs"):
        folder.mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    write(files)


def write_clip_folder(folder: Path) -> None:
    """A small CLIP as transformers saves one, with the tokenizer and the preprocessing that published ones have."""
    encoder, tokenizer = clip(32, True)
    text = encoder.config.to_dict() | {"num_hidden_layers": 1}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4,
              "image_size": 32, "patch_size": 16, "projection_dim": 32}  # fmt: skip
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=32)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make() -> None:
    """Write everything into the working folder and the hub's cache."""
    torch.manual_seed(0)
    model = tiny_pipeline(length=77)
    for name in ("CompVis/stable-diffusion-v1-4", "stable-diffusion-v1-5/stable-diffusion-v1-5"):
        put_into_hub_cache("model", name, model.save_pretrained)
    put_into_hub_cache("dataset", "AIML-TUDA/i2p", lambda folder: (folder / "i2p_benchmark.csv").write_text(PROMPTS))
    model.save_pretrained("local sd15")
    sdxl().save_pretrained("local sdxl")
    judge = CLIP(32, 32, 2, 64, 16, 77, 49408, 64, 1, 2)
    save_file({name: values.half().float().contiguous() for name, values in judge.state_dict().items()}, "clip.safetensors")
    write_clip_folder(Path("local clip"))
    Path("pictures").mkdir()
    for i in range(2):
        Image.new("RGB", (16, 16), (90 * i, 40, 10)).save(f"pictures/{i}.png")
    Path("pairs.csv").write_text("target,anchor\ndog,cat\n")
    Path("coco_30k.csv").write_text("case_number,prompt,evaluation_seed\n0,a horse on a table,11\n1,a house by the sea,12\n")
    page = Path(__file__).parents[2] / "docs" / "command.md"
    Path("own.yaml").write_text(re.search(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)[1])
    Path("rows.csv").write_text("prompt,concept,seed\na dog on a table,dog,3\na horse,horse,4\n")
