"""The controls: what an ablation compares the shallow-to-deep order with. Targets as in `progressive`."""

from __future__ import annotations

import math

from erasepro.schedules.progressive import Progressive
from erasepro.schedules.registry import SCHEDULES


@SCHEDULES.register("deep_only")
class DeepOnly(Progressive):
    """Only the deepest share of the text encoder's blocks is edited."""

    def blocks(self, candidates: list[int]) -> list[int]:
        return candidates[-math.ceil(self.config.share * len(candidates)) :] if candidates else []


@SCHEDULES.register("shallow_only")
class ShallowOnly(Progressive):
    """Only the shallowest share of the text encoder's blocks is edited."""

    def blocks(self, candidates: list[int]) -> list[int]:
        return candidates[: math.ceil(self.config.share * len(candidates))]


@SCHEDULES.register("cross_attention_only")
class KeyValueOnly(Progressive):
    """The text encoder is left alone; only cross-attention keys and values are edited."""

    def blocks(self, candidates: list[int]) -> list[int]:
        return []


@SCHEDULES.register("reverse")
class Reverse(Progressive):
    """Text blocks deep to shallow: no block sees what the shallower ones will change; keys and values are solved last.

    A block's input depends on shallower blocks only, so in this order every X is the unedited model's.
    """

    reread = False


@SCHEDULES.register("all_at_once")
class AllAtOnce(Progressive):
    """Every site, keys and values included, is solved on the unedited model's features."""

    reread = False
    reread_cross_attention = False
