"""The standard error of a share of images, also where none or all of them are hits."""

from __future__ import annotations

import math


def share_stderr(p: float, n: int) -> float | None:
    """One standard error of a share ``p`` (0 to 1) of ``n`` images; None for fewer than two.

    √(p(1 − p)/(n − 1)). At 0 and 1 that is zero however few the images, as if the share were known for certain. There it is
    Agresti and Coull's at z = 1, the same ±1 standard error: with p̃ = (np + ½)/(n + 1), √(p̃(1 − p̃)/(n + 1)), which is about
    0.7/n (Agresti & Coull, The American Statistician 52, 1998). It joins smoothly: one hit in n gives 1/n.
    """
    if n < 2:
        return None
    if 0 < p < 1:
        return math.sqrt(p * (1 - p) / (n - 1))
    centre = (n * p + 0.5) / (n + 1)
    return math.sqrt(centre * (1 - centre) / (n + 1))
