"""The closed-form stage of ACE (arXiv 2503.08116): penalised erasure inside the directions that nothing else uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from erasepro.errors import UserError
from erasepro.linalg import Cost, projected, smallest_directions
from erasepro.solvers.engine.cross_attention import CrossAttentionConfig, CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@dataclass
class ACEZeroConfig(CrossAttentionConfig):
    """λ₂/l, the free directions, and whether the retained texts are charged for as well."""

    name: str = "ace_zero"
    token_policy: str = "subject_to_common_end"
    preserve_tokens: str = "eot"
    ridge: float = 0.5  # λ₂/l: 1/2 for one concept, 20/0.1 for many
    cache: bool = False  # charge for K Kᵀ too (not its code's cache, which holds batches of targets erased before)
    free_fraction: float = 0.390625  # share of directions that may change: 300 of 768


@SOLVERS.register("ace_zero", ACEZeroConfig)
class ACEZero(CrossAttentionSolver[ACEZeroConfig]):
    """ACE's zero stage: W changes only along the directions that retained texts use least (arXiv 2503.08116).

    ΔW = (V*Xᵀ − W_o X Xᵀ) P [(X Xᵀ + cache) P + (λ₂/l) I]⁻¹, P = U Uᵀ over the smallest eigenvectors of K Kᵀ, K the first end
    of text of each retained text: a ``free_fraction`` of them, or all that nothing uses where they are more (of those any
    choice would be rounding's). The cache of its code begins at zero and holds the targets of batches that were erased
    before; here all concepts are one batch, so it is empty.
    """

    version = 2

    def check(self) -> None:
        self.positive("ridge", "free_fraction")
        if self.config.free_fraction > 1:
            raise UserError(
                f"solver.free_fraction must lie in (0, 1]: it is a share of the directions; got {self.config.free_fraction}."
            )

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        X, S = features.X, features.moment()
        U = smallest_directions(S, max(1, round(self.config.free_fraction * len(X))))
        if not features.retained:  # nothing is retained: no direction is used less than another, so all are free
            U = torch.eye(len(X), dtype=S.dtype, device=S.device)
        C = (
            Cost.from_gram(S, self.config.ridge)
            if self.config.cache
            else Cost.ridge(len(X), self.config.ridge, X.device)
        )
        return by_input_map(projected(X, features.Y - X, U, C)), {"directions": U.shape[1]}
