"""EMCID (arXiv 2403.13807): concepts edited in the text encoder's MLPs, spread over its deeper blocks."""

from __future__ import annotations

from erasepro.solvers.configs.emcid import EMCIDConfig
from erasepro.solvers.configs.fit import FitConfig, PreserveConfig
from erasepro.solvers.engine.text_encoder import TextStageSolver
from erasepro.solvers.registry import SOLVERS

"""Token policies under which a prompt gives one column for each time it names the concept."""


@SOLVERS.register("emcid", EMCIDConfig)
class EMCID(TextStageSolver[EMCIDConfig]):
    """Editing massive concepts in the text encoder, with the anchor's state as target (arXiv 2403.13807, closed form).

    ΔW = (w/½)(Z − z)/(L − i) Kᵀ (αCov (1 − w)/½ + K Kᵀ w/½)⁻¹ at the i-th of L blocks: the soft solve with
    C = α(1 − w)/w Cov, Cov the mean of k kᵀ over the inputs of the captions' tokens, paddings left out, and μ = 1.
    K and z are means over a concept's prompts, Z is the anchor's.

    Its code subtracts fc2's output at each block from a hidden state after the last block; here Z and z are the same quantity:
    the hidden state, or with residual=output fc2's output.
    """

    version = 2

    def fit(self) -> FitConfig:
        w = self.config.weight
        kept = PreserveConfig(
            "gram", self.config.ridge, True, self.config.alpha * (1 - w) / w, True, self.config.preserve_tokens, "count"
        )  # fmt: skip
        return FitConfig(residual="soft", mu=1.0, weights="count", preserve=kept)

    def takes_means(self) -> bool:
        return self.config.average

    def gap_is_measured_at(self) -> str:
        return self.config.residual
