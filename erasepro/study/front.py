"""Settings of a search that are spread over the front of those that none other beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

from erasepro.results.pareto_front import Point, front


def choose_spread(points: Sequence[Point], number: int) -> list[int]:
    """So many places, from the front and, where it is short, from the fronts behind it, spread evenly over each.

    Along a front the points are ordered by their first number; the middle ones are taken first, its ends last: a search's
    extremes erase nothing, or keep nothing.
    """
    left = list(range(len(points)))
    chosen: list[int] = []
    while left and len(chosen) < number:
        places = sorted((left[i] for i in front([points[i] for i in left])), key=lambda i: (tuple(points[i]), i))
        wanted = min(number - len(chosen), len(places))
        picks = [places[round((k + 0.5) * len(places) / wanted - 0.5)] for k in range(wanted)]
        chosen += list(dict.fromkeys(picks))
        left = [i for i in left if i not in places] + [i for i in places if i not in picks]
    return chosen[:number]
