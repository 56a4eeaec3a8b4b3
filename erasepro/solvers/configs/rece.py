"""Settings of rece."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from erasepro.errors import UserError
from erasepro.solvers.configs.checks import check_counts, check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class StartConfig:
    """The UCE edit that the rounds begin with: that of UCE's published numbers."""

    token_policy: str = "subject_to_common_end"  # of the erased pairs in the starting edit
    ridge: float = 0.5  # its λ
    erase_scale: float = 1.0  # its s_e
    preserve_scale: float | None = None  # its s_p; null: max(0.1, 1/#retained texts)


@dataclass
class RECEConfig(CrossAttentionConfig):
    """UCE's λ, s_e, s_p, the number of rounds and how freely the embeddings are derived."""

    name: str = "rece"
    token_policy: str = "position"
    anchor_source: str = "empty"
    preserve_tokens: str = "all"
    preserve_empty: bool = True
    ridge: float = 0.1  # λ of a round
    erase_scale: float = 1.0  # s_e
    preserve_scale: float = 0.1  # s_p
    eta: float = 0.1  # η: 0.1 nudity and easy objects, 0.001 art and hard ones
    epochs: int = 1  # 3 nudity, 2 unsafe, 1 else
    start: StartConfig = field(default_factory=StartConfig)

    def check(self) -> None:
        super().check()
        check_positive(self, "ridge", "erase_scale", "eta")
        check_positive(self, "preserve_scale", zero=True)
        check_counts(self, "epochs", least=0)
        start = self.start
        if not (0 < start.ridge < inf and 0 < start.erase_scale < inf and 0 <= (start.preserve_scale or 0) < inf):
            raise UserError(
                f"solver.start needs a positive ridge and erase_scale, and a preserve_scale of 0 or more; got {start.ridge}, "
                f"{start.erase_scale} and {start.preserve_scale}."
            )
