"""Which of several points none other beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

Point = Sequence[float]


def dominates(a: Point, b: Point) -> bool:
    """Whether `a` is nowhere larger than `b` and somewhere smaller; every number is to be small."""
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


def front(points: Sequence[Point]) -> list[int]:
    """Places of the points that no other dominates (Pareto front), in their order."""
    return [i for i, point in enumerate(points) if not any(dominates(other, point) for other in points)]
