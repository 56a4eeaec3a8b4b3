"""Where a model is computed."""

from __future__ import annotations

import re

from erasepro.errors import UserError

DTYPES = ("float32", "float16", "bfloat16")
"""Number formats that a model may be computed in."""


def check_device(name: str, key: str = "model.device") -> None:
    """Raise UserError unless a device is written as torch writes it, be there one or not."""
    if not re.fullmatch(r"auto|(cpu|cuda|mps)(:\d{1,3})?", name):
        raise UserError(f"Bad value for {key!r}: got {name!r}, allowed: auto, cpu, cuda, cuda:0 …, mps.")


def pick_device(name: str) -> str:
    """``auto`` is the accelerator where there is one. An accelerator that is not there raises UserError."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    check_device(name)
    kind = name.partition(":")[0]
    allowed = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not allowed[kind]:
        raise UserError(f"'model.device={name}' but this machine has no such device; use model.device=cpu.")
    number = int(name.partition(":")[2] or 0)
    if kind == "cuda" and number >= torch.cuda.device_count():
        raise UserError(
            f"'model.device={name}' but this machine has {torch.cuda.device_count()} of them, from cuda:0 on."
        )
    return name
