"""EMCID (arXiv 2403.13807): concepts edited in the text encoder's MLPs, spread over its deeper blocks."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import UserError
from erasepro.solvers.engine.fit import FitConfig, PreserveConfig
from erasepro.solvers.engine.text_encoder import TextStageConfig, TextStageSolver
from erasepro.solvers.registry import SOLVERS


@dataclass
class EMCIDConfig(TextStageConfig):
    """α and the weight of the edit against what is preserved."""

    name: str = "emcid"
    alpha: float = 1e4  # α
    weight: float = 0.5  # w in (0, 1)
    ridge: float = 1e-4  # added to Cov, in units of its mean eigenvalue; its code has 0 and far more captions


@SOLVERS.register("emcid", EMCIDConfig)
class EMCID(TextStageSolver[EMCIDConfig]):
    """Editing massive concepts in the text encoder, with the anchor's state as target (arXiv 2403.13807, closed form).

    ΔW = (w/½)(Z − z)/(L − i) Kᵀ (αCov (1 − w)/½ + K Kᵀ w/½)⁻¹ at the i-th of L blocks: the soft solve with
    C = α(1 − w)/w Cov, Cov the mean of k kᵀ over the captions' inputs, and μ = 1. Z is the anchor's state.
    """

    def fit(self) -> FitConfig:
        self.positive("alpha")
        if not self.config.ridge >= 0:
            raise UserError(f"solver.ridge must be 0 or more; got {self.config.ridge}.")
        w = self.config.weight
        if not 0 < w < 1:
            raise UserError(f"solver.weight must lie in (0, 1); got {w}.")
        kept = PreserveConfig(
            "gram", self.config.ridge, True, self.config.alpha * (1 - w) / w, True, self.config.preserve_tokens, "count"
        )  # fmt: skip
        return FitConfig(residual="soft", mu=1.0, weights="count", preserve=kept)
