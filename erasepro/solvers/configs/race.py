"""Settings of race."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import unknown
from erasepro.solvers.configs.checks import check_counts
from erasepro.solvers.configs.esd import ESDConfig

STARTS = ("esd_x", "esd_u")


@dataclass
class RACEConfig(ESDConfig):
    """ESD's keys with the inner loop on, and the ESD that is trained first where no edit is given to start from."""

    name: str = "race"
    inner: str = "pgd"
    start: str = "esd_x"  # esd_x | esd_u: which weights are trained, and what is trained first
    start_steps: int = 1000  # of that ESD; without use where init_edit is given

    def check(self) -> None:
        super().check()
        check_counts(self, "start_steps")
        if self.start not in STARTS:
            raise unknown("solver.start", self.start, STARTS)
