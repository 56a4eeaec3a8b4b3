"""A share of the way to the anchor that rises with depth."""

from __future__ import annotations

import math

from torch import Tensor

from erasepro.schedules.base import Schedule, SiteView
from erasepro.schedules.registry import SCHEDULES


@SCHEDULES.register("interpolate")
class Interpolate(Schedule):
    """Layer i of S moves α_i of the way to the anchor's output; α rises to α_S = 1 (linear, cosine or geometric)."""

    def residual(self, view: SiteView) -> Tensor:
        return self.alpha(view.step, view.steps) * view.branch_gap()

    def alpha(self, step: int, steps: int) -> float:
        """α of step 1 … steps: i/S, (1 − cos πi/S)/2, or 2^(i−S)."""
        if self.config.shape == "cosine":
            return (1 - math.cos(math.pi * step / steps)) / 2
        if self.config.shape == "geometric":
            return 2.0 ** (step - steps)
        return step / steps
