from erasepro.study.front import choose_spread


def test_spread_takes_the_middle_of_a_front_first_and_then_the_fronts_behind():
    line = [(float(i), float(8 - i)) for i in range(9)]
    assert choose_spread(line, 1) == [4]
    assert choose_spread(line, 3) == [1, 4, 7]
    behind = [(x + 0.5, y + 0.5) for x, y in line]
    assert set(choose_spread(line + behind, 9)) == set(range(9))
    assert len(set(choose_spread(line + behind, 12))) == 12
    assert sorted(choose_spread(line, 20)) == list(range(9))
    assert choose_spread([], 3) == []
