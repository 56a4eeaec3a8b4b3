"""The controls: what an ablation compares `progressive` with. Each changes one thing, and leaves the targets as they are."""

from __future__ import annotations

import math

from erasepro.schedules.progressive import Progressive
from erasepro.schedules.registry import SCHEDULES


@SCHEDULES.register("deep_only")
class DeepOnly(Progressive):
    """Only the deepest share of the text encoder's blocks is edited."""

    def blocks(self, candidates: list[int]) -> list[int]:
        """The last ⌈share · n⌉ of the n candidates."""
        return candidates[-math.ceil(self.config.share * len(candidates)) :] if candidates else []


@SCHEDULES.register("shallow_only")
class ShallowOnly(Progressive):
    """Only the shallowest share of the text encoder's blocks is edited."""

    def blocks(self, candidates: list[int]) -> list[int]:
        """The first ⌈share · n⌉ of the n candidates."""
        return candidates[: math.ceil(self.config.share * len(candidates))]


@SCHEDULES.register("cross_attention_only")
class CrossAttentionOnly(Progressive):
    """The text encoder is left alone; only cross-attention keys and values are edited."""

    def blocks(self, candidates: list[int]) -> list[int]:
        """None of them."""
        return []


@SCHEDULES.register("reverse")
class UneditedTextInputs(Progressive):
    """Every text site is solved on the unedited encoder's features; keys and values on those of the edited encoder.

    It is named ``reverse`` because it gives what solving the blocks deep to shallow gives: a block's input depends on shallower
    blocks only, so in that order no X has seen an edit. No loop runs backwards.
    """

    reread = False


@SCHEDULES.register("all_at_once")
class AllAtOnce(Progressive):
    """Every site, keys and values included, is solved on the unedited model's features."""

    reread = False
    reread_cross_attention = False
