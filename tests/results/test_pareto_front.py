import itertools
import random

from erasepro.results.pareto_front import dominates, front


def test_dominates_asks_for_no_worse_anywhere_and_better_somewhere():
    assert dominates((1, 2), (1, 3))
    assert not dominates((1, 2), (1, 2))
    assert not dominates((1, 3), (2, 2))


def test_front_holds_what_no_other_point_dominates():
    rng = random.Random(0)
    points = [(rng.random(), rng.random(), rng.random()) for _ in range(60)]
    places = front(points)
    assert not any(dominates(points[i], points[j]) for i, j in itertools.permutations(places, 2))
    for i in set(range(60)) - set(places):
        assert any(dominates(points[j], points[i]) for j in places)
