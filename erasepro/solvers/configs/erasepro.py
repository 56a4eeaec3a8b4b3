"""Settings of the superset, ErasePro's own among them."""

from __future__ import annotations

from dataclasses import dataclass, field

from erasepro.errors import UserError, unknown
from erasepro.models.kinds import ATTENTION_KINDS
from erasepro.schedules.config import ScheduleConfig
from erasepro.solvers.configs.checks import check_counts
from erasepro.solvers.configs.fit import FitConfig, check_fit

PRECISIONS = ("float32", "float64")

@dataclass
class EraseProConfig:
    """Everything that ErasePro's public material leaves open is a key here."""

    name: str = "erasepro"
    text_sites: list[str] = field(default_factory=lambda: ["mlp.fc2"])  # linears of each text block; [] for none
    text_blocks: list[int] | None = None  # blocks that may be edited; null: all
    # token policy in the text encoder. Paddings carry the concept too; beyond the fourth nothing was gained (development sets)
    text_token_policy: str = "subject_to_fourth_padding"
    text_fit: FitConfig = field(default_factory=FitConfig)
    cross_attention: bool = True  # edit cross-attention keys and values at the end
    cross_attention_kinds: list[str] = field(default_factory=lambda: list(ATTENTION_KINDS))  # keys, values; both: the default
    cross_attention_token_policy: str = "subject_to_fourth_padding"  # the same of keys and values
    cross_attention_fit: FitConfig = field(default_factory=FitConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    # precision of the pairs' forward passes (solves are always float64): float64 | float32 | mixed (float64 of what is held
    # exactly, with hold=names a concept's name; float32 of the sentences that are fitted beside it: as exact, less work, and
    # in another order the same to 1e-5 alone)
    feature_dtype: str = "float64"
    preserve_dtype: str = "float32"  # of the captions' to preserve: they only shape the cost
    # captions to preserve at most where an encoder always reads its whole context (FLUX: 512 tokens)
    long_captions: int = 64
    batch_size: int = 64  # prompts encoded at a time; speed only

    @property
    def holds_names(self) -> bool:
        """Whether nothing is held exactly but names, in text layers as for keys and values."""
        return all(fit.holds_names for fit in (self.text_fit, self.cross_attention_fit))

    def check(self) -> None:
        """Raise UserError for a setting out of range, as far as it shows without a model."""
        check_fit(self.text_fit, "text_fit")
        check_fit(self.cross_attention_fit, "cross_attention_fit")
        for key, allowed in (("feature_dtype", (*PRECISIONS, "mixed")), ("preserve_dtype", PRECISIONS)):
            if getattr(self, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(self, key), allowed)
        if not self.cross_attention_kinds:
            raise UserError("solver.cross_attention_kinds is empty: solver.cross_attention=false edits no keys and values.")
        for kind in self.cross_attention_kinds:
            if kind not in ATTENTION_KINDS:
                raise unknown("kind in solver.cross_attention_kinds", kind, ATTENTION_KINDS)
        check_counts(self, "batch_size", "long_captions")
