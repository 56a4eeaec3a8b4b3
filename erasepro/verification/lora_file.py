"""A LoRA file read as data: its layers by the name that they have in it, in kohya's layout, diffusers', or PEFT's.

A layer's change is scale·up·down, up (d_out, r), down (r, d_in, …), scale = alpha/r; without an alpha it is 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from erasepro.errors import UserError
from erasepro.models.safetensors_stream import Source, read_source
from erasepro.runtime.json_text import NoJson, parse_json

FILE = "pytorch_lora_weights.safetensors"
SECOND = "transformer_2"
DOWN = ("lora_down.weight", "lora_A.weight", "lora_A.default.weight", "lora_linear_layer.down.weight", "lora.down.weight")
UP = ("lora_up.weight", "lora_B.weight", "lora_B.default.weight", "lora_linear_layer.up.weight", "lora.up.weight")
ALPHA = ("alpha",)
KEY = re.compile(
    rf"(?P<name>.+?)[._](?:(?P<down>{'|'.join(map(re.escape, DOWN))})|(?P<up>{'|'.join(map(re.escape, UP))})|(?P<alpha>alpha))"
)
"""A layer's name and what of it the key holds."""


@dataclass
class Layer:
    """One layer's keys in a file; "" for one that it lacks."""

    name: str
    source: Source
    down: str = ""
    up: str = ""
    alpha: str = ""

    @property
    def keys(self) -> list[str]:
        """Those that it has."""
        return [key for key in (self.down, self.up, self.alpha) if key]

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """(d_out, r, d_in), of a convolution over all inputs of a position; None where the two do not belong together."""
        if not self.down or not self.up:
            return None
        up, down = (self.source.entries[key].shape for key in (self.up, self.down))
        if len(up) < 2 or len(down) < 2 or up[1] != down[0] or any(n != 1 for n in up[2:]):
            return None
        d_in = 1
        for n in down[1:]:
            d_in *= n
        return up[0], down[0], d_in

    @property
    def dtype(self) -> str:
        """Of the coarser factor, as safetensors names it."""
        kinds = {self.source.entries[key].dtype for key in (self.up, self.down)}
        return next((kind for kind in ("BF16", "F16", "F32", "F64") if kind in kinds), next(iter(kinds)))

    def factors(self) -> tuple[Tensor, Tensor]:
        """scale·up (d_out, r) and down (r, d_in) in float64. UserError where they do not belong together."""
        if self.shape is None:
            raise UserError(f"The factors of {self.name!r} in {str(self.source.path)!r} do not fit each other.")
        d_out, rank, d_in = self.shape
        up = self.source.read(self.up).double().reshape(d_out, rank)
        down = self.source.read(self.down).double().reshape(rank, d_in)
        return up * self._scale(rank), down

    def _scale(self, rank: int) -> float:
        if self.alpha:
            return float(self.source.read(self.alpha).double().flatten()[0]) / rank
        part, _, path = self.name.partition(".")
        config = stated_mapping(self.source.metadata, "lora_adapter_metadata")  # PEFT's, which diffusers writes
        patterns = config.get(f"{part}.alpha_pattern")
        bare = path.removeprefix("text_model.")
        for pattern, alpha in patterns.items() if isinstance(patterns, Mapping) else ():
            if str(pattern).removeprefix("^") in (path, bare):
                return float(alpha) / rank
        alpha = config.get(f"{part}.lora_alpha")
        return float(alpha) / rank if isinstance(alpha, (int, float)) else 1.0


@dataclass
class LoraFile:
    """A LoRA: one file, or the two of a model with two denoisers.

    Args:
        path: as it was given.
        layers: name in the file → its keys. Names of a second denoiser's file begin with "transformer_2.".
        strangers: keys that are no LoRA's, or of another kind of adapter (LoHa, LoKr …).
        metadata: text by key.
    """

    path: Path
    layers: dict[str, Layer] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def layout(self) -> str:
        """Whose names it has."""
        return "kohya's" if any(name.startswith(("lora_unet_", "lora_te")) for name in self.layers) else "diffusers'"

    @property
    def keys(self) -> int:
        """How many there are."""
        return sum(len(layer.keys) for layer in self.layers.values()) + len(self.strangers)


def is_lora(path: Path) -> bool:
    """Whether a path is a file of tensors, or a folder with a LoRA by its usual name and no edit."""
    return path.suffix == ".safetensors" or (path / FILE).is_file()


def read_lora(path: Path) -> LoraFile:
    """Read a file, or a folder's. UserError where there is none, it is damaged, or it holds no layer of a LoRA."""
    main = path / FILE if path.is_dir() else path
    if not main.is_file():
        raise UserError(f"No LoRA in {str(path)!r}: give a .safetensors file, or the folder of a {FILE}.")
    lora = LoraFile(path)
    _read(lora, main, "")
    second = path / SECOND / FILE
    if path.is_dir() and second.is_file():
        _read(lora, second, SECOND)
    if not lora.layers:
        raise UserError(f"{str(path)!r} is no LoRA: none of its {len(lora.strangers)} keys is one's (…lora_down.weight).")
    return lora


def _read(lora: LoraFile, path: Path, part: str) -> None:
    """Add a file's layers. part: the denoiser that its "transformer." stands for; "" for that one."""
    source = read_source(path)
    lora.metadata |= {str(key): str(value) for key, value in dict(source.metadata).items()}
    for key in source.entries:
        match = KEY.fullmatch(key)
        if match is None:
            lora.strangers.append(key)
            continue
        name = re.sub(r"\.processor\.(to_[qkv]|to_out)$", r".\1", match["name"].removeprefix("base_model.model."))
        name = f"{part}.{name.removeprefix('transformer.')}" if part else name
        layer = lora.layers.setdefault(name, Layer(name, source))
        for kind in ("down", "up", "alpha"):
            if match[kind]:
                setattr(layer, kind, key)


def stated_mapping(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    """The JSON mapping that a file's metadata has under a key; {} where there is none that can be read."""
    try:
        stated = parse_json(metadata.get(key, "{}"))
    except NoJson:
        return {}
    return stated if isinstance(stated, dict) else {}
