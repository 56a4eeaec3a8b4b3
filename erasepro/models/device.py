"""Where a model is computed."""

from __future__ import annotations

from erasepro.errors import UserError


def pick_device(name: str) -> str:
    """``auto`` is the accelerator where there is one. An accelerator that is not there raises UserError."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = name.partition(":")[0]
    allowed = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind not in allowed:
        raise UserError(f"Bad value for 'model.device': got {name!r}, allowed: auto, {', '.join(allowed)}.")
    if not allowed[kind]:
        raise UserError(f"'model.device={name}' but this machine has no such device; use model.device=cpu.")
    try:
        number = torch.device(name).index or 0
    except RuntimeError as error:
        raise UserError(
            f"Bad value for 'model.device': got {name!r}, allowed: auto, cpu, cuda, cuda:0 …, mps."
        ) from error
    if kind == "cuda" and number >= torch.cuda.device_count():
        raise UserError(
            f"'model.device={name}' but this machine has {torch.cuda.device_count()} of them, from cuda:0 on."
        )
    return name
