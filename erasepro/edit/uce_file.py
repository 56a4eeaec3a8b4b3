"""Edits as UCE publishes them: a .safetensors of whole edited weights, under the U-Net's own names.

Keys are ``down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight`` and the like; ΔW = W_file − W_o.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from erasepro.edit.edit import Edit
from erasepro.edit.fingerprints import fingerprints
from erasepro.edit.foreign import refuse_pickle
from erasepro.edit.mapped_update import SiteUpdate
from erasepro.edit.pristine import check_pristine
from erasepro.errors import UserError, nearest
from erasepro.linalg import DenseUpdate
from erasepro.models.base import Model
from erasepro.models.computing import plain_path, unwrapped
from erasepro.models.sites import weight
from erasepro.runtime.files import as_path
from erasepro.runtime.versions import versions

UNET = "unet"


def load_uce(path: str | Path, model: Model) -> Edit:
    """The edit that turns the model's weights into the file's: a DenseUpdate a key, delta (d_out, d_in) in float64.

    The model must be the one that the file was made from: the file does not say, so nothing can check it but the shapes.
    ``diagnostics`` has ‖ΔW‖/‖W_o‖ of each weight: another base shows as large changes everywhere. Which concepts it
    erases is unknown too, so adding, removing and residuals are not for it.

    Raises:
        UserError: a pickle, a missing or damaged file, a name that is no linear layer of the U-Net, another shape, NaN, or a
            bias, convolution or norm that differs from the model's.
    """
    if not isinstance(model, Model):
        raise UserError(f"The model that the file edits is what load_model returns; got a {type(model).__name__}.")
    check_pristine(model)
    path = as_path(path, "the file of edited weights").expanduser()
    updates: dict[str, SiteUpdate] = {}
    diagnostics: list[dict[str, Any]] = []
    unet = unwrapped(getattr(model.pipe, UNET, None))
    if not isinstance(unet, nn.Module):
        raise UserError(f"A {type(model.pipe).__name__} has no U-Net: the weights in '{path}' belong to one.")
    layers = {plain_path(name): part for name, part in unet.named_modules()}
    linears = {name: part for name, part in layers.items() if isinstance(part, nn.Linear)}
    for key, edited in _tensors(path):
        layer = layers.get(key.rpartition(".")[0])
        if key.endswith(".bias") and isinstance(layer, nn.Linear) and _same_bias(model, key, layer, edited):
            continue
        name = key.removesuffix(".weight")
        if name == key or name not in linears:
            raise UserError(_not_held(path, key, layer) or _wrong_name(path, key, list(linears)))
        W = weight(model.pipe, f"{UNET}.{name}").detach()
        if edited.shape != W.shape:
            raise UserError(
                f"'{key}' is {tuple(edited.shape)} in '{path}' but {tuple(W.shape)} in {model.name}: it was made for "
                "another model."
            )
        if not edited.is_floating_point() or not bool(torch.isfinite(edited).all()):
            raise UserError(f"'{key}' in '{path}' holds NaN, infinity or whole numbers: get the file again.")
        base = W.to("cpu", torch.float64)
        delta = edited.to(torch.float64) - base
        site = f"{UNET}.{name}"
        updates[site] = DenseUpdate(delta)
        size = float(base.norm())
        diagnostics.append({"site": site, "delta_norm": float(delta.norm()) / size if size > 0 else 0.0})
    if not updates:
        raise UserError(f"'{path}' holds no weights: get the file again.")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    meta = {
        "solver": "uce_file",
        "method": "Whole edited weights, read from a file in the format of UCE's published edits.",
        "config": {},
        "file": {"name": path.name, "sha256": digest},
        "model": model.facts(),
        "concepts": {"pairs": [], "preserve": []},
        "base": fingerprints(model.pipe, updates),
        "versions": versions(),
    }
    return Edit(updates, meta, diagnostics)


def _tensors(path: Path) -> list[tuple[str, Tensor]]:
    refuse_pickle(path)
    if path.is_dir():
        raise UserError(f"'{path}' is a folder: name the .safetensors file in it (a saved edit is read by Edit.load).")
    if not path.is_file():
        raise UserError(f"No file '{path}': name the .safetensors of an edit in UCE's format.")
    if path.suffix != ".safetensors":
        raise UserError(f"'{path}' is not a .safetensors file: only those are read.")
    try:
        with safe_open(path, framework="pt") as file:
            return [(key, file.get_tensor(key)) for key in sorted(file.keys())]
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError, MemoryError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"'{path}' cannot be read as safetensors ({what}): it is damaged or another format.") from error


def _same_bias(model: Model, key: str, layer: nn.Linear, edited: Tensor) -> bool:
    """Whether a file's bias (d_out,) is the model's own, so that nothing of it need be held."""
    bias = layer.bias
    if bias is not None and bias.is_meta:
        bias = model.pipe.checkpoints[UNET].get(key)
    return bias is not None and torch.equal(bias.detach().cpu(), edited.to(bias.dtype))


def _not_held(path: Path, key: str, layer: nn.Module | None) -> str:
    """Why a parameter that the U-Net does have cannot be a part of an edit; "" where it has none of that name."""
    part = key.rpartition(".")[2]
    if layer is None or layer._parameters.get(part) is None:
        return ""
    what = "a bias" if part == "bias" else f"the {part} of a {type(layer).__name__}"
    return (
        f"'{path}' changes '{key}', {what}, and an edit holds weights of linear layers only (ESD-x trains biases of "
        "attn2.to_out too, ESD-u convolutions and norms), so the file cannot be held whole: load it into the model itself, "
        "with pipe.unet.load_state_dict(safetensors.torch.load_file(path), strict=False)."
    )


def _wrong_name(path: Path, key: str, known: list[str]) -> str:
    guess = nearest(key.removeprefix("unet.").removesuffix(".weight"), known)
    hint = f" Did you mean '{guess}.weight'?" if guess else ""
    return (
        f"'{path}' names '{key}', which is no weight of a linear layer of this U-Net.{hint} UCE's format has the "
        "U-Net's own names without a prefix, such as 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight'."
    )
