"""Settings of double_projection."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import unknown
from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class DoubleProjectionConfig(CrossAttentionConfig):
    """What spans the safe features, and when a direction counts as unused."""

    name: str = "double_projection"
    span: str = "anchors"  # S: anchors | retained
    threshold: float = 0.01  # directions below this share of the retained texts' mean square may change
    rank: str = "independent"  # for several columns, as in erasepro
    independence_threshold: float = 1e-6

    def check(self) -> None:
        super().check()
        check_positive(self, "threshold", "independence_threshold")
        if self.span not in ("anchors", "retained"):
            raise unknown("solver.span", self.span, ("anchors", "retained"))
