"""An interval in place of ±, where ± would pass the end of what a number can be."""

from __future__ import annotations

import math

Bounds = tuple[float | None, float | None]
"""The least and the greatest value that a number can have; None: it has no end there."""
UNBOUNDED: Bounds = (None, None)
SHARE: Bounds = (0, 1)
SIZE: Bounds = (0, None)
BOUNDS: dict[str, Bounds] = {"any": UNBOUNDED, "size": SIZE, "share": SHARE}
"""What a metric's number can be, by ``Metric.number_kind``."""
ROUNDING = 1e-9
"""By how much ± may pass an end before it counts as passing."""


def wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's interval of a share at one standard error (z = 1).

    (p + 1/2n ± √(p(1 − p)/n + 1/4n²)) / (1 + 1/n): E. B. Wilson, Journal of the American Statistical Association 22, 1927.

    Args:
        p: the share, 0 to 1.
        n: independent draws that it is of, above 0; no whole number where they are worked out from a standard error.
    """
    centre, half = p + 0.5 / n, math.sqrt(p * (1 - p) / n + 0.25 / n**2)
    return (0.0 if p == 0 else (centre - half) / (1 + 1 / n)), (1.0 if p == 1 else (centre + half) / (1 + 1 / n))


def independent_draws(p: float, stderr: float) -> float:
    """How many independent draws give a share this standard error: the inverse of `standard_error.share_stderr`.

    Images of one prompt are alike, so that it is fewer than there are images.
    """
    if 0 < p < 1:
        return p * (1 - p) / stderr**2 + 1
    inverse = stderr * math.sqrt(2)  # x = 1/(n + 1) of stderr² = (x/2)(1 − x/2) x: a few rounds meet it
    for _ in range(50):
        inverse = stderr / math.sqrt(max(0.5 - 0.25 * inverse, 0.25))
    return max(1 / inverse - 1, 1.0)


def interval(value: float, n: int, stderr: float | None, bounds: Bounds) -> tuple[float, float] | None:
    """The interval to print in place of ±; None where ± stays inside the bounds, or nothing was counted.

    Args:
        n: images. A share of a single one has no standard error; its interval is Wilson's of one draw.
        bounds: (0, 1) of a share, whose interval is Wilson's; otherwise value ± stderr is cut at the end that it passes.
    """
    if math.isnan(value):
        return None
    if stderr is None:
        return wilson(value, 1) if bounds == SHARE and n == 1 and 0 <= value <= 1 else None
    low, high = bounds
    passes = (low is not None and value - stderr < low - ROUNDING) or (high is not None and value + stderr > high + ROUNDING)
    if not passes or stderr == 0:
        return None
    if bounds == SHARE and 0 <= value <= 1:
        return wilson(value, independent_draws(value, stderr))
    return (
        value - stderr if low is None else max(low, value - stderr),
        value + stderr if high is None else min(high, value + stderr),
    )
