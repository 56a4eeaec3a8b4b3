"""The text stage of TRCE (arXiv 2503.07389): only the end of text, which carries the meaning of a whole prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from erasepro.linalg import Cost, soft_input_map
from erasepro.solvers.engine.cross_attention import CrossAttentionConfig, CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@dataclass
class TRCEConfig(CrossAttentionConfig):
    """s, with the first end of text of the fitting prompts."""

    name: str = "trce_text"
    token_policy: str = "eot"
    prompts: str = "fitting"
    preserve: str = "fitting"
    preserve_tokens: str = "all"
    ridge: float = 0.0  # λ; to be raised where the captions are too few to span all dimensions
    preserve_scale: float = 0.01  # s


@SOLVERS.register("trce_text", TRCEConfig)
class TRCEText(CrossAttentionSolver[TRCEConfig]):
    """TRCE, first stage: the end of text of a prompt about the concept becomes the anchor's (arXiv 2503.07389).

    W = (λW_o + mean v kᵀ + s C₁)(λI + mean k kᵀ + s C₂)⁻¹, λ = 0, k the end of text,
    C₂ = Σ k kᵀ/#captions over all tokens, C₁ = W_o C₂: the soft solve with C = λI + s C₂, columns weighted 1/n and μ = 1.

    Its code counts words where it means tokens, so that it meets the first end of text only in prompts whose words are a token
    each, and counts s twice; here the end of text is found in the tokens, and s counts once.
    """

    def check(self) -> None:
        self.positive("preserve_scale")
        self.positive("ridge", zero=True)

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        C = Cost.from_gram(
            self.config.preserve_scale * features.moment() / max(features.retained, 1), self.config.ridge
        )
        n = features.X.shape[1]
        omega = torch.full((n,), 1.0 / n, dtype=torch.float64)
        return by_input_map(soft_input_map(features.X, features.Y, C, 1.0, omega)), {}
