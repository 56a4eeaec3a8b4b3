import itertools
import random

from erasepro.study.front import choose_spread, dominates, front


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


def test_spread_takes_the_middle_of_a_front_first_and_then_the_fronts_behind():
    line = [(float(i), float(8 - i)) for i in range(9)]
    assert choose_spread(line, 1) == [4]
    assert choose_spread(line, 3) == [1, 4, 7]
    behind = [(x + 0.5, y + 0.5) for x, y in line]
    assert set(choose_spread(line + behind, 9)) == set(range(9))
    assert len(set(choose_spread(line + behind, 12))) == 12
    assert sorted(choose_spread(line, 20)) == list(range(9))
    assert choose_spread([], 3) == []
