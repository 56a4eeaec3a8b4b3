"""The settings of a schedule: how an erasure is spread over the layers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ScheduleConfig:
    """How the erasure is spread over the layers (the config keys ``schedule.*``).

    A key that the named schedule does not read changes nothing.
    """

    name: str = "progressive"
    """``schedule.name``: one of `erasepro ls schedules`."""
    target: str = "branch"
    """``schedule.target``, of progressive and the controls: what becomes the anchor's. ``branch`` (the layer's own output) |
    ``hidden_state`` (the residual stream after it)."""
    at: str = "state"
    """``schedule.at``, of residual_split: where the gap is measured. ``state`` (the last edited block's hidden state) |
    ``output`` (the layer's own)."""
    shape: str = "linear"
    """``schedule.shape``, of interpolate: how the share rises with depth. ``linear`` | ``cosine`` | ``geometric``."""
    share: float = 0.5
    """``schedule.share``, of deep_only and shallow_only: the share of the blocks that are edited, in (0, 1]."""
