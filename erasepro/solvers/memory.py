"""Whether a solve fits in memory, said before anything is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erasepro.errors import UserError
from erasepro.runtime.memory_limit import memory_limit

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.solvers.base import Solver

LARGE = 4 * 2**30
"""Bytes from which on a solve says how much it needs."""


def check_memory(solver: Solver[Any], pipe: Any, prompts: EditPrompts) -> str:
    """A line that says how much memory a solve needs where that is much, else "".

    Args:
        pipe: the pipeline, or its skeleton.

    Raises:
        UserError: more than there is, in the machine or on the accelerator.
    """
    needed = solver.memory(pipe, prompts)
    if needed < LARGE:
        return ""
    device = _device(pipe)
    limit = _limit(device)
    where = "this process may use" if device.partition(":")[0] == "cpu" else f"{device} has"
    count, sentences = len(prompts.concepts.pairs), len(solver.pairs(prompts))
    pairs = "1 pair" if count == 1 else f"{count:,} pairs"
    if limit is not None and needed > limit:
        raise UserError(
            f"The solve for {pairs} ({sentences:,} sentences) needs about {_gib(needed)} of memory, and {where} "
            f"{_gib(limit)}: {solver.memory_advice}."
        )
    what = "the weights in training" if solver.needs_denoiser else f"the columns of {sentences:,} sentences"
    return f"Memory: about {_gib(needed)} for {what}."


def _gib(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"


def _device(pipe: Any) -> str:
    """Where a solve is computed: on the device of the pipeline, or on that where a skeleton's weights are put."""
    checkpoints = getattr(pipe, "checkpoints", None) or {}
    return str(next((c.device for c in checkpoints.values()), None) or getattr(pipe, "device", "cpu"))


def _limit(device: str) -> int | None:
    """Bytes of memory that a solve may use on a device; None where that is not known."""
    if device.partition(":")[0] != "cuda":
        return memory_limit()
    import torch

    return int(torch.cuda.get_device_properties(device).total_memory)
