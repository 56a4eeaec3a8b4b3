"""A share of the way to the anchor that rises with depth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from erasepro.schedules.base import Schedule, SiteView
from erasepro.schedules.registry import SCHEDULES

if TYPE_CHECKING:
    from torch import Tensor


@SCHEDULES.register("interpolate")
class Interpolate(Schedule):
    """Layer i of S moves α_i of the way to the anchor's output; α rises to α_S = 1 (linear, cosine or geometric)."""

    def residual(self, view: SiteView) -> Tensor:
        """The change α_i W_o (Y − X) (d_out, n)."""
        return self.alpha(view.step, view.steps) * view.branch_gap()

    def alpha(self, step: int, steps: int) -> float:
        """The share α_i of step i = 1 … S: i/S, (1 − cos πi/S)/2, or 2^(i−S)."""
        if self.config.shape == "cosine":
            return (1 - math.cos(math.pi * step / steps)) / 2
        if self.config.shape == "geometric":
            return 2.0 ** (step - steps)
        return step / steps
