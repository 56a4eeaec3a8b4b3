"""The weights in a folder of diffusers' layout, read one tensor at a time."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from erasepro.errors import UserError
from erasepro.models.checkpoint import PREFIX, Checkpoint


class WeightsFolder:
    """Every component's tensors, by component and by key; CLIP's are named as without their ``text_model.`` prefix.

    Args:
        path: has a folder a component (``unet``, ``text_encoder``, ``vae``), each with its safetensors.
        variant: "fp16" reads *.fp16.safetensors.

    Raises:
        UserError: no such folder, no weights in it, or a damaged file.
    """

    def __init__(self, path: Path, variant: str | None = None) -> None:
        if not (path / "model_index.json").is_file():
            raise UserError(f"'{path}' holds no pipeline (no model_index.json): give a folder in diffusers' layout.")
        parts = sorted({file.parent for file in path.glob("*/*.safetensors")})
        self._parts = {part.name: Checkpoint(part, variant) for part in parts if part.name != "safety_checker"}
        if not self._parts:
            raise UserError(f"'{path}' holds no .safetensors weights: save the pipeline with safe_serialization=True.")

    def keys(self) -> set[tuple[str, str]]:
        """(component, key) of every tensor."""
        return {
            (component, key.removeprefix(PREFIX))
            for component, part in self._parts.items()
            for key in part
            if not key.endswith("position_ids")
        }

    def tensor(self, component: str, key: str) -> Tensor | None:
        """One tensor; None where there is none of that name. UserError for a damaged file."""
        part = self._parts.get(component)
        return part.get(key) if part is not None and key in part else None

    def weight(self, site: str) -> Tensor | None:
        """The weight of an edit's site."""
        return self.tensor(*site_key(site))


def site_key(site: str) -> tuple[str, str]:
    """(component, key) of an edit's site, as `WeightsFolder` names them."""
    component, _, path = site.partition(".")
    return component, f"{path.removeprefix(PREFIX)}.weight"
