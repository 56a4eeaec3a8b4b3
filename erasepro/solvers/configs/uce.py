"""Settings of uce."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class UCEConfig(CrossAttentionConfig):
    """The published code's keys: λ, s_e, s_p, which tokens, and what is retained."""

    name: str = "uce"
    ridge: float = 0.5  # λ
    erase_scale: float = 1.0  # s_e
    preserve_scale: float | None = 1.0  # s_p; null: max(0.1, 1/#retained texts), as published

    def check(self) -> None:
        super().check()
        check_positive(self, "ridge", "erase_scale")
        if self.preserve_scale is not None:
            check_positive(self, "preserve_scale", zero=True)
