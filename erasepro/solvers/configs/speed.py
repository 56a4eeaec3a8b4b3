"""Settings of speed."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import unknown
from erasepro.solvers.configs.checks import check_counts, check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class SPEEDConfig(CrossAttentionConfig):
    """ρ, λ, the null space's threshold, and how the retained set is refined."""

    name: str = "speed"
    ridge: float = 1.0  # ρ: 1; 0.05 many concepts; 0.7 nudity
    slack: float = 0.0  # λ: 0 (ΔW K₂ = 0 exactly); 0.5 nudity
    threshold: float = 0.1  # singular values of the retained moment below this are its null space; 1e-4 many concepts
    # S_tt and S_at: texts (summed over a text's tokens, mean over texts) | columns (mean over all columns)
    mean_over: str = "texts"
    filter: bool = True  # keep only retained texts that plain erasure moves more than the mean; needs copies
    # noisy copies of each along the direction that W feels least; those moved less than the mean are left out
    copies: int = 10
    centres: int = 3  # k-means centres of the empty prompt's tokens that stay exactly, beside BOS
    seed: int = 0

    def check(self) -> None:
        super().check()
        check_positive(self, "ridge", "threshold")
        check_positive(self, "slack", zero=True)
        if self.mean_over not in ("texts", "columns"):
            raise unknown("solver.mean_over", self.mean_over, ("texts", "columns"))
        check_counts(self, "copies", "centres", least=0)
