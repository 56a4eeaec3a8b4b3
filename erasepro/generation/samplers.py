"""Samplers by the names papers use for them."""

from __future__ import annotations

import math
from typing import Any

from erasepro.errors import UserError, unknown

SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {"clip_sample": False}),  # its own default, for pixels, would cut latents off at 1
    "dpm++": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "lms": ("LMSDiscreteScheduler", {}),
}
MOST_PIXELS = 8192  # a side
MOST_STEPS = 1000  # noise levels that Stable Diffusion is trained on


def make_scheduler(current: Any, name: str | None) -> Any:
    """A fresh scheduler on the noise schedule of `current`; None: the model's own. Unknown names raise UserError."""
    if name is None:
        return type(current).from_config(current.config)
    if name not in SCHEDULERS:
        raise unknown("generation.scheduler", name, SCHEDULERS)
    if "Flow" in type(current).__name__:
        raise UserError(
            f"generation.scheduler={name!r} is for models with a noise schedule; this one samples with "
            f"{type(current).__name__}: set generation.scheduler=null."
        )
    import diffusers

    kind, options = SCHEDULERS[name]
    return getattr(diffusers, kind).from_config(current.config, **options)


def check_sampler(steps: int, guidance: float, size: int | None, scheduler: str | None, batch_size: int = 1) -> None:
    """Raise UserError, naming the key, for a value that no sampler can work with; needs no model."""
    if batch_size < 1:
        raise UserError(f"generation.batch_size must be at least 1, not {batch_size}.")
    if not 1 <= steps <= MOST_STEPS:
        raise UserError(f"generation.steps must be at least 1 and at most {MOST_STEPS}, not {steps}.")
    if not 0 <= guidance < math.inf:
        raise UserError(f"generation.guidance must be 0 or more and finite, not {guidance}; 1 switches it off.")
    if size is not None and (size < 8 or size % 8 or size > MOST_PIXELS):
        raise UserError(
            f"generation.size must be a positive multiple of 8 pixels up to {MOST_PIXELS}, or null for the model's own; "
            f"not {size}."
        )
    if scheduler is not None and scheduler not in SCHEDULERS:
        raise unknown("generation.scheduler", scheduler, SCHEDULERS)
