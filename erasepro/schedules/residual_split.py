"""Each layer closes an equal share of what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.schedules.base import Schedule, SiteView
from erasepro.schedules.registry import SCHEDULES

if TYPE_CHECKING:
    from torch import Tensor


@SCHEDULES.register("residual_split")
class ResidualSplit(Schedule):
    """Each layer moves by 1/(layers left) of the remaining gap, as MEMIT and EMCID do.

    at=state: the gap is measured at the hidden state after the last edited block and required of the layer's output
    (to first order; the last layer closes it exactly). at=output: it is measured at the layer's own output. Layers
    inside a branch (fc1, v_proj) always use their own output.
    """

    def residual(self, view: SiteView) -> Tensor:
        """What is left to the anchor over the number of sites left (d_out, n)."""
        if self.config.at == "state" and view.x_state is not None:
            return view.final_gap() / view.left
        return view.branch_gap() / view.left
