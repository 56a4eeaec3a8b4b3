"""Double Projections (arXiv 2604.10032): onto what is safe, then only where nothing else is read."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from erasepro.linalg import null_basis, null_space
from erasepro.solvers.configs.double_projection import DoubleProjectionConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("double_projection", DoubleProjectionConfig)
class DoubleProjection(CrossAttentionSolver[DoubleProjectionConfig]):
    """Each target becomes its projection on safe features; the change stays in the null space (arXiv 2604.10032).

    c* = S(SᵀS)⁺Sᵀ c and, for one column, ΔW = W_o(c* − c) xᵀU₂ᵀ/‖x‖² with x = U₂ᵀc; several columns, side
    by side in C, give ΔW = W_o(C* − C)(U₂ᵀC)⁺U₂ᵀ: the least-norm change inside span U₂, which is the same for one.
    """

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        X, moment = features.X, features.moment(mean=True)
        if self.config.span == "retained" and not features.retained:
            raise ValueError("span=retained projects on retained texts, and there are none: give concepts to preserve.")
        S = features.Y if self.config.span == "anchors" else features.K
        U, s, _ = torch.linalg.svd(S, full_matrices=False)
        Q = U[:, s > 1e-10 * s.max()] if len(s) else U
        safe = Q @ (Q.T @ X)  # (d, n) = c*
        level = float(moment.diagonal().mean())
        U2 = null_basis(moment, self.config.threshold * level if level > 0 else 1.0)  # nothing retained: all is free
        D = null_space(X, safe - X, U2, policy=self.config.rank, tau=self.config.independence_threshold)
        D = dataclasses.replace(D, exact=False)  # it hits c*, while residuals are measured to the anchor
        return by_input_map(D), {"directions": U2.shape[1]}
