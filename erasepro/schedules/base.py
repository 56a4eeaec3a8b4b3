"""What a schedule is told about a site, and what it must answer.

Shapes: W (d_out, d_in), X and Y (d_in, n) the target's and the anchor's features entering the site, states (d, n).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erasepro.errors import UserError
from erasepro.schedules.config import ScheduleConfig

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SiteView:
    """One site as the schedule sees it: `step` of `steps` edited sites, counted from 1 in the order they are solved.

    x_state, y_state: the residual stream right after this layer's output was added (None for layers inside a branch).
    final_gap: computes the anchor's minus the target's state (d, n) after the last edited block, the target's through
    the layers edited so far.
    """

    kind: str
    step: int
    steps: int
    W: Tensor
    X: Tensor
    Y: Tensor
    x_state: Tensor | None
    y_state: Tensor | None
    final_gap: Callable[[], Tensor]

    def branch_gap(self) -> Tensor:
        """W_o (Y − X) (d_out, n): what makes the layer's output the anchor's."""
        return self.W @ (self.Y - self.X)

    @property
    def left(self) -> int:
        """Sites left, this one included."""
        return self.steps - self.step + 1


class Schedule:
    """Order and targets of the text encoder's sites. Subclasses are named in conf/schedule/."""

    reread = True  # X is read through the layers edited so far (else through the original)
    reread_cross_attention = True  # the same for the cross-attention's features

    def __init__(self, config: ScheduleConfig) -> None:
        self.config = config
        self._one_of("target", ("branch", "hidden_state"))
        self._one_of("at", ("state", "output"))
        self._one_of("shape", ("linear", "cosine", "geometric"))
        if not 0 < config.share <= 1:
            raise UserError(f"schedule.share must lie in (0, 1]; got {config.share}.")

    def blocks(self, candidates: list[int]) -> list[int]:
        """Those of the encoder's blocks that are edited."""
        return candidates

    def residual(self, view: SiteView) -> Tensor:
        """R (d_out, n): the change that the site's outputs at X must make."""
        raise NotImplementedError

    def _one_of(self, key: str, allowed: tuple[str, ...]) -> None:
        if getattr(self.config, key) not in allowed:
            raise UserError(f"schedule.{key} must be one of {', '.join(allowed)}; got '{getattr(self.config, key)}'.")
