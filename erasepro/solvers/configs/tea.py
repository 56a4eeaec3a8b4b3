"""Settings of tea."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_counts, check_positive
from erasepro.solvers.configs.training import TrainingConfig


@dataclass
class TEAConfig(TrainingConfig):
    """The paper's keys. What enters D, and that all pairs' anchors serve each target, is ours: the code is not public."""

    name: str = "tea"
    epochs: int = 10  # of the target's sentences; steps is taken from it
    learning_rate: float = 1e-4  # of the text encoder
    discriminator_rate: float = 1e-3  # of D
    discriminator_width: int = 256  # of its hidden layer
    batch_size: int = 16
    prompts: str = "fitting"
    anchors: int = 5  # sentences about the anchor that D sees for each of the target's
    adversarial_weight: float = 0.5  # λ_adv
    preserve_weight: float = 1.0  # of the cosine of the preserved sentences' tokens
    ema: float = 0.999

    def check(self) -> None:
        super().check()
        check_counts(self, "epochs", "anchors", "discriminator_width")
        check_positive(self, "discriminator_rate")
        check_positive(self, "adversarial_weight", "preserve_weight", zero=True)
