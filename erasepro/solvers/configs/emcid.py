"""Settings of emcid."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import UserError, unknown
from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.text_stage import TextStageConfig

ONE_TOKEN = ("last_subject", "eot")
"""Token policies that give one column a prompt."""


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

    def check(self) -> None:
        super().check()
        check_positive(self, "alpha")
        check_positive(self, "ridge", zero=True)
        if not 0 < self.weight < 1:
            raise UserError(f"solver.weight must lie in (0, 1); got {self.weight}.")
        if self.average and self.token_policy not in ONE_TOKEN:
            raise UserError(
                f"solver.average=true takes the mean of one token a prompt, so solver.token_policy must be "
                f"{' or '.join(ONE_TOKEN)}; got {self.token_policy!r}: set solver.average=false for it."
            )
        if self.residual not in ("state", "output"):
            raise unknown("solver.residual", self.residual, ("state", "output"))
