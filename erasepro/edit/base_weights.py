"""Fingerprints of the weights that an edit was solved on, so that it is never applied to others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from erasepro.errors import UserError
from erasepro.models.base import tensor_hash
from erasepro.models.sites import weight

SAMPLES = 32


def fingerprints(pipe: Any, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """For each site: the weight's dtype, SHA-256 and a few of its numbers (to recognise it in another precision)."""
    found = {}
    for name in names:
        W = weight(pipe, name)
        found[name] = {"dtype": str(W.dtype).removeprefix("torch."), "sha256": tensor_hash(W), "sample": _sample(W)}
    return found


def check_base(pipe: Any, expected: dict[str, dict[str, Any]]) -> None:
    """Raise UserError naming the first weight that is not the one the edit was solved on.

    The same dtype is compared byte for byte; another dtype by a sample of its numbers, to that dtype's rounding.
    """
    for name, print_ in expected.items():
        check_weight(name, weight(pipe, name), print_)


def check_weight(name: str, W: torch.Tensor, print_: dict[str, Any]) -> None:
    """Raise UserError, naming the weight, unless W is the one with this fingerprint; see `check_base`."""
    if str(W.dtype).removeprefix("torch.") == print_["dtype"]:
        same = tensor_hash(W) == print_["sha256"]
    else:
        eps = max(torch.finfo(W.dtype).eps, torch.finfo(getattr(torch, print_["dtype"])).eps)
        want = torch.tensor(print_["sample"], dtype=torch.float64)
        got = torch.tensor(_sample(W), dtype=torch.float64)
        same = got.shape == want.shape and bool(((got - want).abs() <= 2 * eps * want.abs() + 1e-7).all())
    if not same:
        raise UserError(
            f"The weight '{name}' differs from the one this edit was solved on: apply it to the base model that "
            "edit.json names (unedited), or solve it again for this model."
        )


def _sample(W: torch.Tensor) -> list[float]:
    flat = W.detach().flatten()
    step = max(1, flat.numel() // SAMPLES)
    return flat[::step][:SAMPLES].to("cpu", torch.float64).tolist()
