"""Settings of ac."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import unknown
from erasepro.solvers.configs.checks import check_counts
from erasepro.solvers.configs.training import TrainingConfig

TARGETS = ("model", "noise")
WEIGHTS = ("kv", "full", "embedding")


@dataclass
class ACConfig(TrainingConfig):
    """The paper's and its code's keys. Their rate of 2e-6 is for one latent: the code multiplies it by the batch."""

    name: str = "ac"
    steps: int = 100
    learning_rate: float = 1.6e-5
    batch_size: int = 8
    prompts: str = "fitting"  # sentences about the anchor, with the target's name in its place
    guidance: float = 7.5  # of the anchor's pictures
    target: str = "model"  # model (what the net predicts for the anchor's sentence) | noise (that of the picture)
    weights: str = "kv"  # kv (keys and values of cross-attention) | full (the whole U-Net) | embedding (of the target's tokens)
    anchor_pictures: int = 1000  # that the model draws of the anchors first

    def check(self) -> None:
        super().check()
        check_counts(self, "anchor_pictures")
        for key, allowed in (("target", TARGETS), ("weights", WEIGHTS)):
            if getattr(self, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(self, key), allowed)
