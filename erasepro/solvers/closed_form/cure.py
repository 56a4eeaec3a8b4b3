"""CURE (arXiv 2505.12677): the target's directions are taken out, except where they are also those of what stays."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import LowRankUpdate
from erasepro.solvers.configs.cure import CUREConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features, all_columns
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("cure", CUREConfig)
class CURE(CrossAttentionSolver[CUREConfig]):
    """Spectral eraser: W = W_o(I − P_f + P_f P_r), without an anchor (arXiv 2505.12677).

    P = U diag(αr/((α − 1)r + 1)) Uᵀ with r = σ²/Σσ² of the forgotten (f) and the retained (r) features' singular values.
    """

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        U, s, _ = torch.linalg.svd(features.X, full_matrices=False)
        keep = s > 1e-12 * s.max() if len(s) else s > 0
        Uf, wf = U[:, keep], self._weights(s[keep].pow(2))
        # of thousands of retained columns the sums say the same: P is a smooth function of K Kᵀ
        energy, Ur = torch.linalg.eigh(features.moment())
        wr = self._weights(energy.clamp(min=0.0))
        down = Uf.T - ((Uf.T @ Ur) * wr) @ Ur.T  # Ufᵀ (I − P_r)
        return by_input_map(all_columns(LowRankUpdate(-Uf * wf, down), features.X.shape[1])), {}

    def _weights(self, energy: Tensor) -> Tensor:
        """αr/((α − 1)r + 1) of directions with these energies σ² (k,); zeros where there is none."""
        r = energy / energy.sum().clamp(min=torch.finfo(energy.dtype).tiny)
        alpha = self.config.alpha
        return alpha * r / ((alpha - 1) * r + 1)
