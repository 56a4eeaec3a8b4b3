"""Fingerprints of the weights that an edit was solved on, so that it is never applied to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from erasepro.errors import UserError
from erasepro.models.sites import weight
from erasepro.models.tensor_hashes import tensor_hash

SAMPLES = 32


def fingerprints(pipe: Any, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """For each site: the weight's dtype, SHA-256 and a few of its numbers (to recognise it in another precision)."""
    return {name: fingerprint(weight(pipe, name)) for name in names}


def fingerprint(W: torch.Tensor) -> dict[str, Any]:
    """The fingerprint of one weight."""
    return {"dtype": str(W.dtype).removeprefix("torch."), "sha256": tensor_hash(W), "sample": _sample(W)}


def check_base(
    pipe: Any, expected: dict[str, dict[str, Any]], read: Callable[[str], torch.Tensor] | None = None
) -> None:
    """Raise UserError naming the first weight that is not the one the edit was solved on.

    The same dtype is compared byte for byte; another dtype by a sample of its numbers, to that dtype's rounding. `read`:
    where a weight is found, if not in the pipeline as it is.
    """
    for name, print_ in expected.items():
        check_weight(name, weight(pipe, name) if read is None else read(name), print_)


def check_weight(name: str, W: torch.Tensor, print_: dict[str, Any]) -> None:
    """Raise UserError, naming the weight, unless W is the one with this fingerprint; see `check_base`."""
    if not is_base(W, print_):
        raise UserError(
            f"The weight '{name}' differs from the one this edit was solved on: apply it to the base model that "
            "edit.json names (unedited), or solve it again for this model (force=True applies it all the same)."
        )


def is_base(W: torch.Tensor, print_: dict[str, Any] | None) -> bool:
    """Whether a weight is the one with this fingerprint (None: any), as in `check_base`."""
    if print_ is None:
        return True
    dtype = str(W.dtype).removeprefix("torch.")
    if dtype == print_["dtype"]:
        return bool(tensor_hash(W) == print_["sha256"])
    return _near(print_["sample"], _sample(W), print_["dtype"], dtype)


def same_base(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two fingerprints are of one weight: byte for byte in the same dtype, else by its sample, to rounding."""
    if a["dtype"] == b["dtype"]:
        return bool(a["sha256"] == b["sha256"])
    return _near(a["sample"], b["sample"], a["dtype"], b["dtype"])


def _near(want: list[float], got: list[float], *dtypes: str) -> bool:
    eps = max(torch.finfo(getattr(torch, dtype)).eps for dtype in dtypes)
    a, b = (torch.tensor(numbers, dtype=torch.float64) for numbers in (want, got))
    return a.shape == b.shape and bool(((b - a).abs() <= 2 * eps * a.abs() + 1e-7).all())


def _sample(W: torch.Tensor) -> list[float]:
    flat = W.detach().flatten()
    step = max(1, flat.numel() // SAMPLES)
    return flat[::step][:SAMPLES].to("cpu", torch.float64).tolist()
