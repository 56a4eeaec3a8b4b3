"""OCE (arXiv 2605.28902): the values are rotated, not stretched, so that erased ones turn away and kept ones stay."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import DenseUpdate, Solution
from erasepro.models.sites import Site
from erasepro.solvers.configs.oce import OCEConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features, all_columns
from erasepro.solvers.engine.cross_attention_pass import SiteSolver
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("oce", OCEConfig)
class OCE(CrossAttentionSolver[OCEConfig]):
    """Orthogonal concept erasure: W = U Vᵀ W_o, U and V from M = U S Vᵀ; values only (arXiv 2605.28902).

    M = −s_e E Eᵀ(I − G Gᵀ) + s_c Σ (W_o k)(W_o k)ᵀ + s_g W_o C_g W_oᵀ + λ W_o W_oᵀ; E and G are orthonormal bases of the
    erased and the guiding values W_o c, C_g is the mean k kᵀ over the fitting captions' tokens. Dense.

    Not followed: where det(U Vᵀ) < 0 its code changes the sign of the last column of U Vᵀ itself. The best rotation turns the
    last column of U instead (``proper``), and where d_out > d_in the determinant's sign is decided by rounding. Of linearly
    dependent values its code takes as many basis vectors as there are values; here there are as many as their rank.
    """

    version = 2
    kinds = ("attn2.to_v",)

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        config, X, Y, KK = self.config, features.X, features.Y, features.moment()
        C_g = features.moment_of(features.prompts.preserve, self.config.global_tokens, mean=True)
        eye = torch.eye(len(X), dtype=X.dtype, device=X.device)
        inner = config.preserve_scale * KK + config.global_scale * C_g + config.ridge * eye  # (d_in, d_in)

        def solve(site: Site, W: Tensor) -> Solution:
            E, G = _basis(W @ X), _basis(W @ Y)
            M = W @ inner @ W.T - config.erase_scale * (E @ E.T - E @ (E.T @ G) @ G.T)  # (d_out, d_out)
            U, _, Vh = torch.linalg.svd(M)
            if config.proper and float(torch.linalg.det(U @ Vh)) < 0:
                U[:, -1] *= -1
            return all_columns(DenseUpdate(U @ (Vh @ W) - W), X.shape[1])

        return solve, {}


def _basis(V: Tensor) -> Tensor:
    """Orthonormal columns spanning V's (d_out, n)."""
    U, s, _ = torch.linalg.svd(V, full_matrices=False)
    return U[:, s > 1e-10 * s.max()]
