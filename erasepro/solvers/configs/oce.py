"""Settings of oce."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.solvers.configs.checks import check_positive
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig


@dataclass
class OCEConfig(CrossAttentionConfig):
    """The weights of the terms of M."""

    name: str = "oce"
    token_policy: str = "last_subject"
    erase_scale: float = 1.0  # s_e
    preserve_scale: float = 0.3  # s_c
    global_scale: float = 0.5  # s_g
    ridge: float = 1.5  # λ
    global_tokens: str = (
        "text"  # columns of each fitting caption in C_g, named as in preserve_tokens: paddings left out
    )
    # turn U's last column round where det(UVᵀ) < 0: the best rotation without a reflection. Arbitrary if d_out > d_in
    proper: bool = False

    def check(self) -> None:
        super().check()
        check_positive(self, "erase_scale", "preserve_scale", "global_scale", "ridge", zero=True)
