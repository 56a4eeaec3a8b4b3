"""RECE (arXiv 2407.12383): UCE again and again, each time on the embeddings that still draw the concept."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import Cost, Update, compose, soft_input_map
from erasepro.models.sites import weight
from erasepro.solvers.closed_form.uce import retain_scale
from erasepro.solvers.configs.rece import RECEConfig
from erasepro.solvers.engine.cross_attention import (
    CrossAttentionSolver,
    Features,
    all_columns,
    read_pairs,
)
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.engine.fit import check_finite
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("rece", RECEConfig)
class RECE(CrossAttentionSolver[RECEConfig]):
    """Reliable erasing: UCE, then rounds of UCE on derived embeddings (arXiv 2407.12383).

    Each round derives c' = (ηI + Σ W_lᵀW_l)⁻¹ (Σ W_lᵀ W_l,o) c, which the edited keys and values read as the original
    ones read c, and maps it to the guide by UCE from the current W. Every W is W_o (I + T) with one T for all.

    Its scripts retain the empty text always, and names where some are given; the one for nudity counts the empty text once
    for each concept, here it counts once. Weights between the rounds are not rounded to half precision, as stored ones are.
    """

    version = 2

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        config, X, Y = self.config, features.X, features.Y
        weights = []
        for site in features.sites():
            weights.append(weight(features.stack.pipe, site.name).to(X))
            check_finite(weights[-1], site.name)
        S_o: Tensor = sum((W.T @ W for W in weights), start=torch.zeros_like(weights[0].T @ weights[0]))
        K_K = features.moment()
        T: Update = self._start(features, K_K)
        C = Cost.from_gram(config.preserve_scale * K_K, config.ridge)
        eye = torch.eye(len(X), dtype=X.dtype, device=X.device)
        for _ in range(config.epochs):
            whole = eye + T.dense()
            back = whole.T @ S_o  # Σ WᵀW_o; Σ WᵀW = back (I + T)
            L = torch.linalg.cholesky(config.eta * eye + back @ whole)
            derived = torch.cholesky_solve(back @ X, L)  # (d, n) = c'
            T = compose(T, soft_input_map(derived, Y, C, config.erase_scale).update)
        return by_input_map(all_columns(T, X.shape[1])), {}

    def _start(self, features: Features, K_K: Tensor) -> Update:
        """T of the starting edit, from the moment K Kᵀ (d, d) of the retained texts."""
        start = self.config.start
        _, X, Y = read_pairs(features.stack, features.of, self.pairs(features.prompts), start.token_policy)
        s_p = retain_scale(start.preserve_scale, features.retained)
        return soft_input_map(X, Y, Cost.from_gram(s_p * K_K, start.ridge), start.erase_scale).update
