"""UCE (arXiv 2308.14761): the closed-form edit of cross-attention that later methods are measured against."""

from __future__ import annotations

from typing import Any

from erasepro.linalg import Cost, soft_input_map
from erasepro.solvers.configs.uce import UCEConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, by_input_map
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("uce", UCEConfig)
class UCE(CrossAttentionSolver[UCEConfig]):
    """Unified Concept Editing: penalised least squares on every cross-attention key and value (arXiv 2308.14761).

    W = (λW_o + s_e Σ v* cᵀ + s_p Σ W_o c_j c_jᵀ)(λI + s_e Σ c cᵀ + s_p Σ c_j c_jᵀ)⁻¹ with v* = W_o c_guide: the soft
    solve with C = λI + s_p K Kᵀ and μ = s_e. The text encoder is not edited.
    """

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        config = self.config
        s_p = retain_scale(config.preserve_scale, features.retained)
        C = Cost.from_gram(s_p * features.moment(), config.ridge)
        return by_input_map(soft_input_map(features.X, features.Y, C, config.erase_scale)), {"preserve_scale": s_p}


def retain_scale(scale: float | None, retained: int) -> float:
    """s_p; where none is given, the published max(0.1, 1/#retained texts)."""
    return scale if scale is not None else max(0.1, 1 / max(1, retained))
