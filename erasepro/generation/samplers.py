"""Samplers by the names papers use for them."""

from __future__ import annotations

from typing import Any

from erasepro.errors import UserError, unknown

SCHEDULERS = {
    "ddim": ("DDIMScheduler", {}),
    "dpm++": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "lms": ("LMSDiscreteScheduler", {}),
}


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
