"""Settings of alphaedit."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.text_stage import TextStageConfig


@dataclass
class AlphaEditConfig(TextStageConfig):
    """L₂ and the null space's threshold."""

    name: str = "alphaedit"
    ridge: float = 10.0  # L₂
    threshold: float = 0.02  # eigenvalues of the captions' mean k kᵀ below this are its null space

    def check(self) -> None:
        super().check()
        check_positive(self, "ridge", "threshold")
