"""How much of a model, and of an edit, a LoRA file carries: the text encoders' part, the denoiser's, or both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from erasepro.edit.export.kohya import kohya_name
from erasepro.edit.export.loaders import count_parts, is_text
from erasepro.edit.mapped_update import multiplied_out
from erasepro.errors import UserError
from erasepro.linalg import LowRankUpdate
from erasepro.models.computing import plain_path, unwrapped
from erasepro.models.layouts.site_names import COMPONENTS, TEXT_ENCODERS, split
from erasepro.verification.lora_file import Layer, LoraFile, stated_mapping

if TYPE_CHECKING:
    from erasepro.edit import Edit

ROUNDING = {"F64": 1e-6, "F32": 1e-6, "F16": 4e-3, "BF16": 4e-2}
"""Relative difference of a layer's change, by the factors' dtype, that is their rounding."""


@dataclass(frozen=True)
class Coverage:
    """What of a model a file touches.

    Args:
        sites: site → the file's layer, where it changes something.
        zeros: sites of layers whose change is zero: they are in the file for a loader's sake.
        unmatched: layers that no layer of the model has the name of, or that have another shape than it.
        layers: every layer of the model that a LoRA can change.
    """

    sites: dict[str, Layer]
    zeros: list[str]
    unmatched: list[Layer]
    layers: list[str]

    @property
    def parts(self) -> dict[str, int]:
        """Part of the pipeline → how many of its layers are touched."""
        return count_parts(self.sites)

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """Part, kind of layer, how many of them are touched, of how many; kinds with none are left out."""
        touched, there = (Counter(map(_kind, names)) for names in (self.sites, self.layers))
        return [(part, kind, str(touched[part, kind]), str(there[part, kind])) for part, kind in sorted(touched)]

    @property
    def carries(self) -> str:
        """The parts in words."""
        text = sum(number for part, number in self.parts.items() if is_text(part))
        rest = sum(self.parts.values()) - text
        denoiser = "U-Net" if any(part == "unet" for part in self.parts) else "denoiser"
        if text and rest:
            return f"both: {text} layers of the text encoder, {rest} of the {denoiser}"
        if text:
            return f"the text encoder's part alone ({text} layers): nothing of the denoiser"
        return f"the {denoiser}'s part alone ({rest} layers): nothing of the text encoder" if rest else "nothing of this model"


@dataclass
class Comparison:
    """A file against the edit that it should carry.

    Args:
        missing: the edit's sites that the file does not change.
        differences: site → ‖file − s·ΔW‖/‖s·ΔW‖ (Frobenius), of the sites that it has.
        wrong: those that differ by more than rounding and what the file says of its truncation.
        others: sites that the file changes and the edit does not.
        cut: site → its difference, of those that the file says a low rank cut.
    """

    missing: list[str] = field(default_factory=list)
    differences: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    cut: dict[str, float] = field(default_factory=dict)


def cover(lora: LoraFile, pipe: Any) -> Coverage:
    """Find the layers of a pipeline (or skeleton) that a file changes; its factors are read, no weight of the model is."""
    names = dict(_names(pipe))
    sites: dict[str, Layer] = {}
    zeros, unmatched = [], []
    for name, layer in lora.layers.items():
        site, shape = names.get(name, ("", None))
        if not site or layer.shape is None or (layer.shape[0], layer.shape[2]) != shape:
            unmatched.append(layer)
        elif any(not bool(factor.any()) for factor in layer.factors()):
            zeros.append(site)
        else:
            sites[site] = layer
    return Coverage(sites, zeros, unmatched, list(dict.fromkeys(site for site, _ in names.values())))


def compare_lora(lora: LoraFile, coverage: Coverage, edit: Edit) -> Comparison:
    """Hold the changes in a file against the edit's own, at the strength that the file states (else the edit's).

    Args:
        edit: with its products (`Edit.rebuild`), where it is kept as W_o D.
    """
    comparison = Comparison()
    strength = stated_strength(lora)
    strength = edit.strength if strength is None else strength
    truncated = _stated_losses(lora)
    covered = {_bare(site): layer for site, layer in coverage.sites.items()}
    own = {_bare(site): site for site, update in edit.updates.items() if update.rank}
    for bare, site in own.items():
        layer = covered.get(bare)
        if layer is None:
            comparison.missing.append(site)
            continue
        update = multiplied_out(edit.updates[site])
        up, down = layer.factors()
        if isinstance(update, LowRankUpdate):
            wanted = strength * update.up.double(), update.down.double()
            off = _difference(wanted, (up, down))
        else:
            delta = strength * update.dense().double()
            off = float((up @ down - delta).norm() / delta.norm())
        comparison.differences[site] = off
        if truncated.get(site):
            comparison.cut[site] = off
        if not off <= ROUNDING.get(layer.dtype, 0.0) + truncated.get(site, 0.0) * 1.001:  # NaN is wrong too
            comparison.wrong.append(site)
    comparison.others = [site for site in coverage.sites if _bare(site) not in own]
    return comparison


def stated_weights(lora: LoraFile) -> dict[str, int] | None:
    """Part → how many weights the edit changes, as the file's metadata has it; None where it does not say."""
    stated = stated_mapping(lora.metadata, "erasepro_weights")
    if not stated or not all(isinstance(n, int) and not isinstance(n, bool) for n in stated.values()):
        return None
    return {str(part): number for part, number in stated.items()}


def stated_strength(lora: LoraFile) -> float | None:
    """The edit's strength that a file was made at; None where it does not say."""
    try:
        strength = float(lora.metadata.get("erasepro_strength", "nan"))
    except ValueError:
        return None
    return strength if 0 <= strength <= 1 else None


def _difference(wanted: tuple[Tensor, Tensor], there: tuple[Tensor, Tensor]) -> float:
    """‖u d − v e‖/‖u d‖ (Frobenius) of two products, where no (d_out, d_in) is made.

    The difference is [u −v][d; e]; with QR of the left side and of the right side's transpose its norm is that of R_l R_rᵀ.
    """
    (u, d), (v, e) = wanted, there
    left = torch.linalg.qr(torch.cat([u, -v], dim=1), mode="r").R
    right = torch.linalg.qr(torch.cat([d, e]).T, mode="r").R
    size = float(((u.T @ u) * (d @ d.T)).sum().clamp_min(0).sqrt())
    off = float((left @ right.T).norm())
    return off / size if size > 0 else off


def _stated_losses(lora: LoraFile) -> dict[str, float]:
    losses = stated_mapping(lora.metadata, "erasepro_truncation_loss")
    return {site: float(loss) for site, loss in losses.items() if isinstance(loss, (int, float)) and 0 <= loss < 1}


def _names(pipe: Any) -> Iterator[tuple[str, tuple[str, tuple[int, int]]]]:
    """Every name that a file can have for a layer of the pipeline → its site and shape (d_out, d_in)."""
    is_xl = getattr(pipe, "text_encoder_2", None) is not None
    for component in COMPONENTS:
        root = unwrapped(getattr(pipe, component, None))
        for path, module in root.named_modules() if isinstance(root, nn.Module) else ():
            weight = getattr(module, "weight", None)
            if not isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d) or weight is None:
                continue
            site = f"{component}.{plain_path(path)}"
            place = site, (int(weight.shape[0]), int(weight[0].numel()))
            for name in _names_of(site, is_xl):
                yield name, place


def _names_of(site: str, is_xl: bool) -> Iterator[str]:
    component, path = split(site)
    yield site
    yield f"{component}.{path}"
    if component in TEXT_ENCODERS:
        yield f"{component}.text_model.{path}"
    if component == "unet":
        yield f"lora_unet_{path}".replace(".", "_")
    try:
        yield kohya_name(site, is_xl)
    except UserError:  # the layout has no name for it
        return


def _bare(site: str) -> str:
    """A site without the ``text_model.`` that comes and goes."""
    return ".".join(split(site))


def _kind(site: str) -> tuple[str, str]:
    """Its part, and what kind of layer it is: the last words of its path without numbers."""
    part, path = split(site)
    words = [word for word in path.split(".") if not re.fullmatch(r"\d+", word)]
    return part, ".".join(words[-2:])


def list_sites(sites: Iterable[str], number: int = 5) -> str:
    """The first sites, and how many more there are."""
    listed = list(sites)
    return ", ".join(listed[:number]) + (f" and {len(listed) - number} more" if len(listed) > number else "")
