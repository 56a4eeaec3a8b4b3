import math

import pytest

from erasepro.results.results_json import Results
from erasepro.study.objectives import OBJECTIVES
from erasepro.study.pictures import score


def share(value):
    return {"value": value, "n": 10, "stderr": 0.1}


def row(role, phrasing="all", group="", **shares):
    return {"role": role, "phrasing": phrasing, "group": group, **{key: share(value) for key, value in shares.items()}}


def results(rows, values=()):
    return Results("r", "s", {}, "p", {}, recognition=rows, values=list(values))


def test_the_score_is_one_for_a_perfect_setting_and_falls_with_every_rate():
    best = {"target": 0.0, "anchor": 1.0, "kept": 1.0, "anchors_kept": 1.0, "synonym_anchor": 1.0, "fd": 5.0}
    assert score(best) == 1.0
    assert score({**best, "kept": 1.2, "fd": 50.0}) == 1.0  # what is above the original's is chance
    for objective in OBJECTIVES:
        worse = {**best, objective.name: 0.5 if objective.larger_is_better else best[objective.name] + 0.5}
        assert (score(worse) < 1.0) == (objective.weight > 0)
    assert score({"target": 0.0, "kept": 0.5}) == pytest.approx(0.75)
    assert math.isnan(score({}))
