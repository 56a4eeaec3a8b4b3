"""Settings of mace_cfr."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class MACEConfig(CrossAttentionConfig):
    """λ and s, with the words around the concept in the fitting prompts."""

    name: str = "mace_cfr"
    token_policy: str = "surrounding"
    prompts: str = "fitting"
    preserve: str = "fitting"
    preserve_tokens: str = "all"
    ridge: float = 1000.0  # λ
    preserve_scale: float = 0.0  # s

    def check(self) -> None:
        super().check()
        check_positive(self, "ridge", "preserve_scale", zero=True)
