"""Settings that the methods which edit the text encoder's fc2 layers only have in common."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_counts


@dataclass
class TextStageConfig:
    """Which blocks and tokens; each method's own config adds its equation's symbols."""

    name: str = ""
    token_policy: str = "last_subject"  # token policy of the erased pairs
    blocks: list[int] | None = None  # null: those at 7/12 of the encoder's depth up to the last but one (7 … 10 of 12)
    # columns of each fitting caption: last | eot | words | text (BOS to the end of text) | content (all but BOS) | all
    preserve_tokens: str = "text"
    batch_size: int = 64

    def check(self) -> None:
        """Raise UserError for a setting out of range, as far as it shows without a model."""
        check_counts(self, "batch_size")
