"""Settings that the methods which edit cross-attention only have in common."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.errors import unknown
from erasepro.solvers.configs.checks import check_counts


@dataclass
class CrossAttentionConfig:
    """What is read; each method's own config adds its equation's symbols and its published choice of these."""

    name: str = ""
    token_policy: str = "last_subject"  # token policy of the erased pairs
    prompts: str = "bare"  # bare (the concepts' own names) | fitting (the prompts the edit is fitted on)
    anchor_source: str = "anchor"  # anchor | empty (the empty prompt)
    # concepts (names to keep; none given: the model's own words) | fitting (the sentences to preserve) | none
    preserve: str = "concepts"
    # columns of each retained text: last | eot | words | text (BOS to the end of text) | content (all but BOS) | all
    preserve_tokens: str = "last"
    preserve_empty: bool = False  # retain "" as well
    batch_size: int = 64

    def check(self) -> None:
        """Raise UserError for a setting out of range, as far as it shows without a model."""
        for key, allowed in (
            ("prompts", ("bare", "fitting")),
            ("preserve", ("concepts", "fitting", "none")),
            ("anchor_source", ("anchor", "empty")),
        ):
            if getattr(self, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(self, key), allowed)
        check_counts(self, "batch_size")
