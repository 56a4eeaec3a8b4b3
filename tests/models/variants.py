"""A tiny SDXL pipeline's folder with its weights under the names that are in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from erasepro.models.weight_names import SHARD
from tests.models.pipelines import build

PARTS = ("text_encoder", "text_encoder_2", "unet", "vae")


def rename(folder: Path, part: str, variant: str = "fp16", older: bool = False) -> None:
    """Give a part's files a variant: ``model.fp16-00001-…`` and ``….index.fp16.json``, or the older names."""
    for path in sorted((folder / part).glob("*.safetensors*")):
        name = path.name
        if name.endswith(".json"):
            new = name.replace("index.json", f"{variant}.index.json" if older else f"index.{variant}.json")
            content = json.loads(path.read_text())
            content["weight_map"] = {k: make_name(v, variant, older) for k, v in content["weight_map"].items()}
            path.write_text(json.dumps(content))
        else:
            new = make_name(name, variant, older)
        path.rename(path.with_name(new))


def make_name(name: str, variant: str, older: bool) -> str:
    shard = SHARD.search(name)
    if older or not shard:
        return name.replace(".safetensors", f".{variant}.safetensors")
    return name.replace(shard[0], f".{variant}{shard[0]}")


def rename_all(folder: Path) -> None:
    for part in PARTS:
        rename(folder, part)


def rename_some(folder: Path) -> None:
    rename(folder, "unet")
    rename(folder, "text_encoder_2")


def rename_as_before(folder: Path) -> None:
    for part in PARTS:
        rename(folder, part, older=True)


NAMINGS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "whole": ("10GB", rename_all),
    "some parts": ("10GB", rename_some),
    "shards": ("30KB", rename_all),
    "older shards": ("30KB", rename_as_before),
    "plain": ("10GB", lambda folder: None),
    "plain shards": ("30KB", lambda folder: None),
}


def write(folder: Path, naming: str) -> Path:
    size, change = NAMINGS[naming]
    build("sdxl").save_pretrained(folder, max_shard_size=size)
    change(folder)
    return folder
