"""MACE's closed-form refinement of cross-attention (CVPR 2024), without its LoRA modules and their fusion."""

from __future__ import annotations

from typing import Any

from erasepro.linalg import Cost, soft_input_map
from erasepro.solvers.configs.mace_cfr import MACEConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("mace_cfr", MACEConfig)
class MACERefinement(CrossAttentionSolver[MACEConfig]):
    """MACE's refinement: the words around a concept lose what they know of it (CVPR 2024, closed-form part only).

    W = (λW_o + Σ v kᵀ + s C₁)(λI + Σ k kᵀ + s C₂)⁻¹ with v = W_o k_anchor, C₂ = Σ k kᵀ and C₁ = W_o C₂ over captions:
    the soft solve with C = λI + s C₂ and μ = 1. The tokens that both prompts begin or end with are around the concept, and the
    paddings that both have. Its code counts s twice, once in what it stores of the captions; here s counts once.
    """

    version = 2

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        C = Cost.from_gram(self.config.preserve_scale * features.moment(), self.config.ridge)
        return by_input_map(soft_input_map(features.X, features.Y, C)), {}
