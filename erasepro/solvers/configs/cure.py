"""Settings of cure."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class CUREConfig(CrossAttentionConfig):
    """α, and the tokens whose directions are taken out."""

    name: str = "cure"
    token_policy: str = "subject_to_end"
    preserve_tokens: str = "all"
    alpha: float = 2.0  # α ≥ 1: how much the weaker directions count; 1 in proportion to their energy

    def check(self) -> None:
        super().check()
        check_positive(self, "alpha")
