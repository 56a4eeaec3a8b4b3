"""Whatever is damaged in a finished run, no command gives another number with status 0 and without a line about it."""

import pytest

from tests.end_to_end.damaged_runs import FinishedRun, summary


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return FinishedRun(tmp_path_factory.mktemp("finished"))


def test_no_damage_gives_another_number_without_a_word(finished):
    draws = [finished.draw(seed, ("report first", "run more", "scores lost")) for seed in range(3)]
    assert not any(draw.problems for draw in draws), summary(draws)


@pytest.mark.ci_slow
def test_seventeen_more_damages_give_no_other_number_without_a_word(finished):
    draws = [finished.draw(seed, ("report first", "run more", "scores lost")) for seed in range(3, 20)]
    assert not any(draw.problems for draw in draws), summary(draws)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(20, 100, 20))
def test_a_hundred_damages_give_no_other_number_without_a_word(finished, first):
    draws = [finished.draw(seed) for seed in range(first, first + 20)]
    assert not any(draw.problems for draw in draws), summary(draws)
