"""Settings of ace."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import unknown
from erasepro.solvers.configs.checks import check_counts, check_positive
from erasepro.solvers.configs.training import TrainingConfig

CORRECTIONS = ("sum", "average")
PRIOR_SCALES = ("clip", "one")


@dataclass
class ACEConfig(TrainingConfig):
    """The paper's and its code's keys; the values are its presets for characters."""

    name: str = "ace"
    steps: int = 1500
    learning_rate: float = 1e-3
    sampling_steps: int = 30
    rank: int = 4  # of the LoRA on every linear and convolution of the U-Net's attention blocks
    alpha: float = 1.0  # its output is scaled by alpha/rank
    unconditional_guidance: float = 3.0  # η_u
    erase_guidance: float = 3.0  # η_c
    prior_guidance: float = 3.0  # η_p
    unconditional_weight: float = 0.19  # λ of L_unc
    prior_weight: float = 0.8  # λ of L_prior
    erase_weight: float = 0.01  # λ of L_esd; 0: it is left out (the code's no_cond)
    corrections: str = "sum"  # sum | average of the two priors' corrections
    with_prior_latent: bool = False  # hold the unconditional prediction at latents of the priors too
    prior_scale: str = "clip"  # γ: clip (how like the target a judge finds a prior's pictures) | one
    prior_pictures: int = 4  # of the target and of each prior, that γ is measured on
    priors: int = 10  # concepts to hold: those in concepts.preserve, else the words nearest to the target, else the anchors

    def check(self) -> None:
        super().check()
        check_counts(self, "rank", "prior_pictures", "priors")
        check_positive(self, "alpha")
        check_positive(
            self, "unconditional_guidance", "erase_guidance", "prior_guidance", "unconditional_weight", "prior_weight",
            "erase_weight", zero=True,
        )  # fmt: skip
        for key, allowed in (("corrections", CORRECTIONS), ("prior_scale", PRIOR_SCALES)):
            if getattr(self, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(self, key), allowed)
