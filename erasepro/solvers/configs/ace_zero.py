"""Settings of ace_zero."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import UserError
from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class ACEZeroConfig(CrossAttentionConfig):
    """λ₂/l, the free directions, and whether the retained texts are charged for as well."""

    name: str = "ace_zero"
    token_policy: str = "subject_to_common_end"
    preserve_tokens: str = "eot"
    ridge: float = 0.5  # λ₂/l: 1/2 for one concept, 20/0.1 for many
    cache: bool = False  # charge for K Kᵀ too (not its code's cache, which holds batches of targets erased before)
    free_fraction: float = 0.390625  # share of directions that may change: 300 of 768

    def check(self) -> None:
        super().check()
        check_positive(self, "ridge", "free_fraction")
        if self.free_fraction > 1:
            raise UserError(
                f"solver.free_fraction must lie in (0, 1]: it is a share of the directions; got {self.free_fraction}."
            )
