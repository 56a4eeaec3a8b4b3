"""The weights in a folder of diffusers' layout, found by their headers and read one tensor at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from erasepro.errors import UserError

FILE = re.compile(r"(?P<stem>[^.]+?)(?:\.(?P<variant>[^.]+?))?(?:-\d{5}-of-\d{5})?\.safetensors")


class WeightsFolder:
    """Every component's tensors, by component and by key; CLIP's are named as without their ``text_model.`` prefix.

    Args:
        path: has a folder a component (``unet``, ``text_encoder``, ``vae``), each with *.safetensors, whole or in shards.
        variant: "fp16" reads *.fp16.safetensors; None those without a variant, or the only one that is there.

    Raises:
        UserError: no such folder, no weights in it, or a damaged file.
    """

    def __init__(self, path: Path, variant: str | None = None) -> None:
        self.path = path
        if not (path / "model_index.json").is_file():
            raise UserError(f"'{path}' holds no pipeline (no model_index.json): give a folder in diffusers' layout.")
        self._places: dict[str, dict[str, tuple[Path, str]]] = {}
        for part in sorted({file.parent for file in path.glob("*/*.safetensors")}):
            places = self._places.setdefault(part.name, {})
            for file in _files(part, variant):
                for key in _keys(file):
                    if not key.endswith("position_ids"):
                        places[key.removeprefix("text_model.")] = (file, key)
        if not self._places:
            raise UserError(f"'{path}' holds no .safetensors weights: save the pipeline with safe_serialization=True.")

    def keys(self) -> set[tuple[str, str]]:
        """(component, key) of every tensor."""
        return {(component, key) for component, places in self._places.items() for key in places}

    def tensor(self, component: str, key: str) -> Tensor | None:
        """One tensor; None where there is none of that name. UserError for a damaged file."""
        place = self._places.get(component, {}).get(key)
        if place is None:
            return None
        with _opened(place[0]) as held:
            return held.get_tensor(place[1])

    def weight(self, site: str) -> Tensor | None:
        """The weight of an edit's site."""
        return self.tensor(*site_key(site))


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with safe_open(file, framework="pt") as held:
            yield held
    except (SafetensorError, OSError, ValueError) as error:
        what = " ".join(str(error).split())
        raise UserError(f"'{file}' is damaged ({what}): fetch or export the model again.") from error


def _keys(file: Path) -> list[str]:
    with _opened(file) as held:
        return list(held.keys())


def site_key(site: str) -> tuple[str, str]:
    """(component, key) of an edit's site, as `WeightsFolder` names them."""
    component, _, path = site.partition(".")
    return component, f"{path.removeprefix('text_model.')}.weight"


def _files(part: Path, variant: str | None) -> Iterator[Path]:
    """The files of a component in the wanted variant."""
    kinds: dict[str | None, list[Path]] = {}
    for file in sorted(part.glob("*.safetensors")):
        match = FILE.fullmatch(file.name)
        kinds.setdefault(match["variant"] if match else file.name, []).append(file)
    wanted = variant if variant in kinds else None
    if wanted not in kinds and len(kinds) == 1:
        wanted = next(iter(kinds))
    if wanted not in kinds:
        there = ", ".join(sorted(str(kind) for kind in kinds))
        raise UserError(f"'{part}' has its weights only as variants ({there}): choose one with model.variant=…")
    yield from kinds[wanted]
