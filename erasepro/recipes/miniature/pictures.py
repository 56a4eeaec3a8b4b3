"""The pictures the miniature learns from: emoji of four open drawing sets, rendered once to sprites, composed on the fly.

The sets come from the npm registry by package name (`npm pack`) and never enter the repository; LICENSES beside the weights
says who drew them. Sprites are premultiplied RGBA of several sizes; a training picture is one sprite on a plain background.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from erasepro.concepts.miniature.names import BACKGROUNDS, DRAWABLES, STYLES
from erasepro.errors import UserError

SIZE = 64
SPRITE_SIZES = tuple(range(38, 65, 2))
SIZE_CLASSES = {"small": (38, 44), "medium": (50, 58), "large": (60, 64)}
"""Sprite sides in pixels of each size a caption can name ("medium" is never named)."""


def fetch(folder: Path) -> dict[str, dict]:
    """Icon data of the four sets, fetched into `folder` with `npm pack` unless they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = {}
    for package in STYLES.values():
        target = folder / f"{package}.json"
        if not target.exists():
            if shutil.which("npm") is None:
                raise UserError(
                    f"npm is needed to fetch the picture set '{package}': install Node.js, or put {target} there"
                )
            done = subprocess.run(
                ["npm", "pack", "--silent", f"@iconify-json/{package}"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise UserError(
                    f"could not fetch the picture set '@iconify-json/{package}': {done.stderr.strip()[-200:]}"
                )
            archive = folder / done.stdout.strip().splitlines()[-1]
            with tarfile.open(archive) as tar:
                member = tar.extractfile("package/icons.json")
                assert member is not None
                target.write_bytes(member.read())
            archive.unlink()
        sets[package] = json.loads(target.read_text())
    return sets


def _svg(icons: dict, name: str) -> str:
    while name not in icons["icons"] and name in icons.get("aliases", {}):
        name = icons["aliases"][name]["parent"]
    icon = icons["icons"][name]
    width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {space} viewBox="0 0 {width} {height}">{icon["body"]}</svg>'


def _render(svg: str, size: int) -> np.ndarray:
    """Premultiplied RGBA (size, size, 4) uint8, supersampled four times."""
    import resvg_py
    from PIL import Image

    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=4 * size, height=4 * size))
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA").resize((4 * size, 4 * size)), dtype=np.float32)
    rgba[..., :3] *= rgba[..., 3:] / 255.0
    small = rgba.reshape(size, 4, size, 4, 4).mean(axis=(1, 3))
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


class Pictures:
    """Sprites of every concept in every style; `draw` composes one training picture."""

    def __init__(self, cache: Path) -> None:
        file = cache / "sprites.npz"
        if not file.exists():
            sets = fetch(cache / "packages")
            sprites = {
                f"{size}": np.stack(
                    [[_render(_svg(sets[pack], d.icon), size) for pack in STYLES.values()] for d in DRAWABLES]
                )
                for size in SPRITE_SIZES
            }  # (concepts, styles, size, size, 4) each
            np.savez(file, allow_pickle=False, **sprites)
        with np.load(file) as data:
            self.sprites = {int(k): data[k] for k in data.files}

    def draw(
        self, concept: int, style: int, background: Sequence[int], size: int, dx: int = 0, dy: int = 0
    ) -> np.ndarray:
        """One picture (3, 64, 64) uint8: the sprite of side `size`, `dx`, `dy` pixels off the middle, on a plain background."""
        canvas = np.empty((SIZE, SIZE, 3), dtype=np.float32)
        canvas[:] = background
        free = (SIZE - size) // 2
        x, y = free + max(-free, min(dx, free)), free + max(-free, min(dy, free))
        sprite = self.sprites[size][concept, style].astype(np.float32)  # (size, size, 4)
        window = canvas[y : y + size, x : x + size]
        window *= 1.0 - sprite[..., 3:] / 255.0
        window += sprite[..., :3]
        return np.rint(np.clip(canvas, 0, 255)).astype(np.uint8).transpose(2, 0, 1)


def to_unit(images: np.ndarray | torch.Tensor) -> torch.Tensor:
    """uint8 pictures (B, 3, H, W) as float32 in [-1, 1]."""
    return torch.as_tensor(images).float().div_(127.5).sub_(1.0)


PEOPLE = tuple(i for i, d in enumerate(DRAWABLES) if d.group == "person")


def batch(
    pictures: Pictures, rng: random.Random, size: int, shift: int = 4, people: float = 0.0, look: str | None = None
) -> torch.Tensor:
    """Random pictures in [-1, 1]; three in four backgrounds are named ones, the others any light colour.

    A share `people` of them are of people, half of these in the style `look`.
    """
    images = []
    for _ in range(size):
        colour = rng.choice(list(BACKGROUNDS.values()))
        if rng.random() < 0.25:
            colour = (rng.randint(150, 255), rng.randint(150, 255), rng.randint(150, 255))
        place = rng.choice(SPRITE_SIZES), rng.randint(-shift, shift), rng.randint(-shift, shift)
        concept, style = rng.randrange(len(DRAWABLES)), rng.randrange(len(STYLES))
        if people and rng.random() < people:
            concept = rng.choice(PEOPLE)
            if look and rng.random() < 0.5:
                style = list(STYLES).index(look)
        images.append(pictures.draw(concept, style, colour, *place))
    return to_unit(np.stack(images)).to(memory_format=torch.channels_last)
