"""How an erasure is spread over the layers: the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ScheduleConfig:
    """How the erasure is spread over the layers. Keys that a schedule does not read change nothing."""

    name: str = "progressive"
    target: str = "branch"  # branch: the layer's own output | hidden_state: the residual stream after it
    at: str = "state"  # residual_split: state (the last edited block's hidden state) | output (the layer's own)
    shape: str = "linear"  # interpolate: linear | cosine | geometric
    share: float = 0.5  # deep_only, shallow_only: the share of the blocks that are edited
