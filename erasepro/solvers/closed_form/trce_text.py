"""The text stage of TRCE (arXiv 2503.07389): only the end of text, which carries the meaning of a whole prompt."""

from __future__ import annotations

from typing import Any

import torch

from erasepro.linalg import Cost, soft_input_map
from erasepro.solvers.configs.trce_text import TRCEConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("trce_text", TRCEConfig)
class TRCEText(CrossAttentionSolver[TRCEConfig]):
    """TRCE, first stage: the end of text of a prompt about the concept becomes the anchor's (arXiv 2503.07389).

    W = (λW_o + mean v kᵀ + s C₁)(λI + mean k kᵀ + s C₂)⁻¹, λ = 0, k the end of text,
    C₂ = Σ k kᵀ/#captions over all tokens, C₁ = W_o C₂: the soft solve with C = λI + s C₂, columns weighted 1/n and μ = 1.

    Its code counts words where it means tokens, so that it meets the first end of text only in prompts whose words are a token
    each, and counts s twice; here the end of text is found in the tokens, and s counts once.
    """

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        C = Cost.from_gram(
            self.config.preserve_scale * features.moment() / max(features.retained, 1), self.config.ridge
        )
        n = features.X.shape[1]
        omega = torch.full((n,), 1.0 / n, dtype=torch.float64)
        return by_input_map(soft_input_map(features.X, features.Y, C, 1.0, omega)), {}
