"""Settings of esd_x and esd_u."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import UserError, unknown
from erasepro.solvers.configs.checks import check_counts, check_positive
from erasepro.solvers.configs.training import TrainingConfig

INNER = ("none", "pgd")


@dataclass
class ESDConfig(TrainingConfig):
    """The papers' and their codes' keys, those of RACE's inner loop among them, which any loss of ESD's form can take."""

    name: str = "esd_x"
    erase_guidance: float = 1.0  # η
    inner: str = "none"  # none | pgd (RACE's: the loss at the embedding near the concept's that draws it best)
    inner_epsilon: float = 0.1  # ε: how far any number of that embedding may lie from the concept's
    inner_steps: int = 10  # signed gradient steps
    inner_step_size: float | None = None  # null: ε/4
    l1: float = 0.0  # weight of Σ|θ − θ_start|

    def check(self) -> None:
        super().check()
        check_positive(self, "erase_guidance", "l1", zero=True)
        check_positive(self, "inner_epsilon")
        check_counts(self, "inner_steps")
        if self.inner not in INNER:
            raise unknown("solver.inner", self.inner, INNER)
        if self.inner_step_size is not None and not self.inner_step_size > 0:
            raise UserError(f"solver.inner_step_size must be positive, or null for a quarter of ε; got {self.inner_step_size}.")


@dataclass
class ESDuConfig(ESDConfig):
    """The same keys."""

    name: str = "esd_u"
