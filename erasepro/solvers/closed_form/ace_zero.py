"""The closed-form stage of ACE (arXiv 2503.08116): penalised erasure inside the directions that nothing else uses."""

from __future__ import annotations

from typing import Any

import torch

from erasepro.linalg import Cost, projected, smallest_directions
from erasepro.solvers.configs.ace_zero import ACEZeroConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("ace_zero", ACEZeroConfig)
class ACEZero(CrossAttentionSolver[ACEZeroConfig]):
    """ACE's zero stage: W changes only along the directions that retained texts use least (arXiv 2503.08116).

    ΔW = (V*Xᵀ − W_o X Xᵀ) P [(X Xᵀ + cache) P + (λ₂/l) I]⁻¹, P = U Uᵀ over the smallest eigenvectors of K Kᵀ, K the first end
    of text of each retained text: a ``free_fraction`` of them, or all that nothing uses where they are more (of those any
    choice would be rounding's). The cache of its code begins at zero and holds the targets of batches that were erased
    before; here all concepts are one batch, so it is empty.
    """

    version = 2

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
