"""Settings of esd_x and esd_u."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.training import TrainingConfig


@dataclass
class ESDConfig(TrainingConfig):
    """The paper's and its code's keys."""

    name: str = "esd_x"
    erase_guidance: float = 1.0  # η

    def check(self) -> None:
        super().check()
        check_positive(self, "erase_guidance", zero=True)


@dataclass
class ESDuConfig(ESDConfig):
    """The same keys."""

    name: str = "esd_u"
