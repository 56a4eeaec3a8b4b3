"""Every layer does all of its work: the paper's schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.schedules.base import Schedule, SiteView
from erasepro.schedules.registry import SCHEDULES

if TYPE_CHECKING:
    from torch import Tensor


@SCHEDULES.register("progressive")
class Progressive(Schedule):
    """Each layer's output becomes the original layer's for the anchor, shallow to deep (arXiv 2508.04472).

    target=branch: R = W_o (Y − X). target=hidden_state: R = W_o (Y − X) + (A_y − A_x), with A the residual stream
    before the branch, so that the state after the addition is the anchor's (layers that write on the stream only).
    """

    def residual(self, view: SiteView) -> Tensor:
        """The whole of what is left to the anchor's output, or to its hidden state (d_out, n)."""
        if self.config.target == "hidden_state" and view.x_state is not None and view.y_state is not None:
            return view.y_state - view.x_state
        return view.branch_gap()
