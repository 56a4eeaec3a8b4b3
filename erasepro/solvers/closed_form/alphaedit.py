"""AlphaEdit's update in the text encoder: what the captions read is left alone, the rest takes the change."""

from __future__ import annotations

from erasepro.solvers.configs.alphaedit import AlphaEditConfig
from erasepro.solvers.configs.fit import FitConfig, PreserveConfig
from erasepro.solvers.engine.text_encoder import TextStageSolver
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("alphaedit", AlphaEditConfig)
class AlphaEdit(TextStageSolver[AlphaEditConfig]):
    """Null-space constrained editing of fc2 (arXiv 2410.02355), the change split over the blocks as EMCID does.

    (P K Kᵀ + L₂ I) ΔWᵀ = P K Rᵀ, P over the small eigenvalues of the captions' mean k kᵀ, paddings left out: the penalised
    solve inside span U. There is no earlier edit, so K_prev is empty. Each prompt is a request of its own.
    """

    version = 2

    def fit(self) -> FitConfig:
        kept = PreserveConfig(
            kind="null_space", ridge=self.config.ridge, relative=False, tokens=self.config.preserve_tokens,
            weights="count", threshold=self.config.threshold,
        )  # fmt: skip
        return FitConfig(residual="soft", mu=1.0, weights="count", preserve=kept)
