"""Settings that all trained methods have in common."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import UserError, unknown
from erasepro.solvers.configs.checks import check_counts, check_positive

PRECISIONS = ("float32", "bfloat16")


@dataclass
class TrainingConfig:
    """How long, how fast and on what; each method's config adds its equation's symbols and its published choice of these."""

    name: str = ""
    steps: int = 1000  # of the optimiser
    learning_rate: float = 1e-5  # of Adam
    batch_size: int = 1  # latents a step
    prompts: str = "bare"  # bare (the concepts' own names) | fitting (the prompts an edit is fitted on)
    sampling_steps: int = 50  # DDIM steps of a whole drawing, of which a latent takes a part
    guidance: float = 3.0  # of that drawing
    size: int | None = None  # pixels a side of what is trained on; null: the model's own
    ema: float = 0.0  # decay of the weights' moving average, which the edit then takes; 0: none is kept
    precision: str = "float32"  # of the trained net's passes: float32 | bfloat16 (weights stay in float32)
    gradient_checkpointing: bool = False  # less memory for a third more time
    init_edit: str | None = None  # folder of an edit, or of its run, whose weights training starts from; null: the model's
    seed: int = 0  # of noise, times and the order of prompts
    checkpoint_minutes: float = 5.0  # between two checkpoints of a run, which a killed one goes on from

    def check(self) -> None:
        """Raise UserError for a setting out of range, as far as it shows without a model."""
        check_counts(self, "steps", "batch_size", "sampling_steps")
        check_positive(self, "learning_rate")
        check_positive(self, "guidance", "checkpoint_minutes", zero=True)
        for key, allowed in (("precision", PRECISIONS), ("prompts", ("bare", "fitting"))):
            if getattr(self, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(self, key), allowed)
        if not 0 <= self.ema < 1:
            raise UserError(f"solver.ema must be 0 or more and below 1; got {self.ema}.")
        if self.size is not None and (self.size < 8 or self.size % 8):
            raise UserError(f"solver.size must be a positive multiple of 8 pixels, or null (the model's own); not {self.size}.")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"solver.seed must lie between 0 and 2**31 - 1; got {self.seed}.")
