"""What a schedule knows about a site, and what it decides.

Sites are always solved shallow to deep: `models.sites` sorts them, and the solver walks them in that order. A schedule chooses
which blocks of the text encoder take part, the change that each site must make, and the features it is made on.

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
    """One site as a schedule sees it.

    Args:
        kind: of `TEXT_KINDS`.
        step: the site's place among the edited sites, from 1 for the first solved.
        steps: how many sites are edited.
        W: the original weight (d_out, d_in).
        X: what enters the site for the targets (d_in, n).
        Y: the same for the anchors, through the original encoder.
        x_state: the targets' residual stream (d, n) right after this layer's output was added; None inside a branch.
        y_state: the anchors'.
        final_gap: computes the anchors' minus the targets' state (d, n) after the last edited block, the targets' through the
            layers edited so far.
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
        """The change W_o (Y − X) (d_out, n) that makes the layer's output the anchor's."""
        return self.W @ (self.Y - self.X)

    @property
    def left(self) -> int:
        """How many sites are still to be solved, this one included."""
        return self.steps - self.step + 1


class Schedule:
    """Which blocks of the text encoder are edited, the change that each of their sites must make, and what X is read through.

    The order of the sites is not a schedule's: they are solved shallow to deep under every one. Options are in
    ``conf/schedule``.

    Raises UserError for a setting that is none of its values.
    """

    reread = True
    """Whether a text site's X is read through the layers edited so far; else it is the unedited encoder's."""
    reread_cross_attention = True
    """Whether the features that cross-attention reads are the edited encoder's; else the unedited one's."""

    def __init__(self, config: ScheduleConfig) -> None:
        self.config = config
        self._one_of("target", ("branch", "hidden_state"))
        self._one_of("at", ("state", "output"))
        self._one_of("shape", ("linear", "cosine", "geometric"))
        if not 0 < config.share <= 1:
            raise UserError(f"schedule.share must lie in (0, 1]; got {config.share}.")

    def blocks(self, candidates: list[int]) -> list[int]:
        """The blocks that are edited.

        Args:
            candidates: numbers of the text encoder's blocks that may be, shallow to deep.

        Returns:
            Some of them in the same order; none leaves the encoder alone.
        """
        return candidates

    def residual(self, view: SiteView) -> Tensor:
        """The change R (d_out, n) that a site's outputs at X must make: the solver fits ΔW X = R."""
        raise NotImplementedError

    def _one_of(self, key: str, allowed: tuple[str, ...]) -> None:
        if getattr(self.config, key) not in allowed:
            raise UserError(f"schedule.{key} must be one of {', '.join(allowed)}; got '{getattr(self.config, key)}'.")
