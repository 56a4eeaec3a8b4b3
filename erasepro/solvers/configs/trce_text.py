"""Settings of trce_text."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class TRCEConfig(CrossAttentionConfig):
    """s, with the first end of text of the fitting prompts."""

    name: str = "trce_text"
    token_policy: str = "eot"
    prompts: str = "fitting"
    preserve: str = "fitting"
    preserve_tokens: str = "all"
    ridge: float = 0.0  # λ; to be raised where the captions are too few to span all dimensions
    preserve_scale: float = 0.01  # s

    def check(self) -> None:
        super().check()
        check_positive(self, "preserve_scale")
        check_positive(self, "ridge", zero=True)
