"""EMCID (arXiv 2403.13807): concepts edited in the text encoder's MLPs, spread over its deeper blocks."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import UserError, unknown
from erasepro.solvers.engine.fit import FitConfig, PreserveConfig
from erasepro.solvers.engine.text_encoder import TextStageConfig, TextStageSolver
from erasepro.solvers.registry import SOLVERS

ONE_TOKEN = ("last_subject", "eot")
"""Token policies under which a prompt gives one column for each time it names the concept."""


@dataclass
class EMCIDConfig(TextStageConfig):
    """α and the weight of the edit against what is preserved."""

    name: str = "emcid"
    alpha: float = 1e4  # α
    weight: float = 0.5  # w in (0, 1)
    ridge: float = 1e-4  # added to Cov, in units of its mean eigenvalue; its code has 0 and far more captions
    average: bool = True  # a concept's prompts give one column, their mean; needs token_policy last_subject or eot
    # Z and z: state (the hidden state after the last edited block) | output (fc2's own, block by block)
    residual: str = "state"


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
        self.positive("alpha")
        if not self.config.ridge >= 0:
            raise UserError(f"solver.ridge must be 0 or more; got {self.config.ridge}.")
        w = self.config.weight
        if not 0 < w < 1:
            raise UserError(f"solver.weight must lie in (0, 1); got {w}.")
        if self.config.average and self.config.token_policy not in ONE_TOKEN:
            raise UserError(
                f"solver.average=true takes the mean of one token a prompt, so solver.token_policy must be "
                f"{' or '.join(ONE_TOKEN)}; got {self.config.token_policy!r}: set solver.average=false for it."
            )
        kept = PreserveConfig(
            "gram", self.config.ridge, True, self.config.alpha * (1 - w) / w, True, self.config.preserve_tokens, "count"
        )  # fmt: skip
        return FitConfig(residual="soft", mu=1.0, weights="count", preserve=kept)

    def takes_means(self) -> bool:
        return self.config.average

    def gap_is_measured_at(self) -> str:
        if self.config.residual not in ("state", "output"):
            raise unknown("solver.residual", self.config.residual, ("state", "output"))
        return self.config.residual
