"""Whether the weights in a folder are exactly a base and an edit: nothing less, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.edit.fingerprints import is_base
from erasepro.errors import UserError
from erasepro.models.tensor_hashes import tensor_hash
from erasepro.verification.ties import rounded_otherwise
from erasepro.verification.weights_folder import WeightsFolder, site_key

if TYPE_CHECKING:
    from erasepro.edit.edit import Edit


def compare_folder(
    edit: Edit, stated: Mapping[str, Any] | None, edited: WeightsFolder, base: WeightsFolder | None
) -> tuple[list[str], list[str]]:
    """What is wrong with the weights in `edited`, and what was compared; one line each. One tensor is read at a time.

    Args:
        stated: the edit's certificate: the edited weights must have the hashes that it gives.
        base: the base model: the edited weights must be its own with the edit applied, all others its own.

    Raises:
        UserError: neither is given, or a file is damaged.
    """
    if stated is None and base is None:
        raise UserError(
            "There is no certificate.json to compare with: give the base as well (model=… model.source=…), or write one "
            "first (erasepro verify DIR model=… write=true)."
        )
    wrong: list[str] = []
    for name in edit.updates:
        W = edited.weight(name)
        if W is None:
            wrong.append(f"the folder has no weight '{name}'")
            continue
        wrong += _stated(name, W, stated) if stated is not None else ()
        wrong += _made(edit, name, W, base) if base is not None else ()
    compared = [f"{len(edit.updates)} edited weights"]
    if base is None:
        return wrong, [*compared, "the others were not compared: give the base too (model=… model.source=…)"]
    others = {site_key(name) for name in edit.updates}
    keys, base_keys = (folder.keys() - others for folder in (edited, base))
    wrong += [f"only the {where} has '{c}.{key}'" for where, names in (("folder", keys - base_keys), ("base", base_keys - keys))
              for c, key in sorted(names)]  # fmt: skip
    both = sorted(keys & base_keys)
    wrong += [
        f"'{c}.{key}' is not edited, and differs from the base's"
        for c, key in both
        if not _same(edited.tensor(c, key), base.tensor(c, key))
    ]
    return wrong, [*compared, f"{len(both)} others"]


def _stated(name: str, W: Tensor, stated: Mapping[str, Any]) -> list[str]:
    try:
        facts = stated["tensors"][name]
        dtype, wanted = facts["dtype"], facts["edited"]
    except (KeyError, TypeError):
        return [f"certificate.json does not state '{name}'"]
    have = str(W.dtype).removeprefix("torch.")
    if dtype != have:
        return [f"'{name}' is {have} and certificate.json states {dtype}: certify with model.dtype={have} write=true"]
    return [] if tensor_hash(W) == wanted else [f"'{name}' is not the edited weight that certificate.json states"]


def _made(edit: Edit, name: str, W: Tensor, base: WeightsFolder) -> list[str]:
    """The same of base + edit, made here."""
    W_o = base.weight(name)
    if W_o is None:
        return [f"the base has no weight '{name}'"]
    if tuple(W_o.shape) != edit.updates[name].shape or not is_base(W_o, edit.meta.get("base", {}).get(name)):
        return [f"the base's weight '{name}' differs from the one that the edit was solved on"]
    if W_o.dtype != W.dtype:
        return [f"'{name}' is {W.dtype} and the base's {W_o.dtype}: compare with the base that it was made from"]
    update, hash_ = edit.updates[name], tensor_hash(W)
    if tensor_hash(update.apply_to(W_o, edit.strength)) == hash_:
        return []
    if rounded_otherwise(W_o, update, edit.strength, hash_):
        return []
    return [f"'{name}' is not the base's weight with the edit applied"]


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    """Byte for byte."""
    if a is None or b is None or a.dtype != b.dtype or a.shape != b.shape:
        return False
    bytes_a, bytes_b = (t.contiguous().flatten().view(torch.uint8) for t in (a, b))
    return torch.equal(bytes_a, bytes_b)
