import math

import pytest

from erasepro.results.results_json import Results, Value
from erasepro.study.pictures import OBJECTIVES, objectives, score


def share(value):
    return {"value": value, "n": 10, "stderr": 0.1}


def row(role, phrasing="all", group="", **shares):
    return {"role": role, "phrasing": phrasing, "group": group, **{key: share(value) for key, value in shares.items()}}


def results(rows, values=()):
    return Results("r", "s", {}, "p", {}, recognition=rows, values=list(values))


def test_objectives_are_read_of_all_phrasings_and_all_concepts():
    rows = [
        row("target", concept_shown=0.1, anchor_shown=0.8),
        row("target", "plain", concept_shown=0.5, anchor_shown=0.5),
        row("target", group="dog", concept_shown=0.7, anchor_shown=0.1),
        row("retain", retention=0.95),
        row("anchor", retention=1.05),
        row("synonym", concept_shown=0.3, anchor_shown=0.6),
    ]
    fd = [
        Value("fd_miniature", "edited", "", "", 2.5, 10, None),
        Value("fd_miniature", "edited", "retain", "", 9.0, 10, None),
    ]
    assert objectives(results(rows, fd)) == {
        "target": 0.1, "anchor": 0.8, "kept": 0.95, "anchors_kept": 1.05, "synonym_anchor": 0.6, "fd": 2.5,
    }  # fmt: skip
    assert objectives(results([row("target", concept_shown=math.nan, anchor_shown=0.2)])) == {"anchor": 0.2}


def test_the_score_is_one_for_a_perfect_setting_and_falls_with_every_rate():
    best = {"target": 0.0, "anchor": 1.0, "kept": 1.0, "anchors_kept": 1.0, "synonym_anchor": 1.0, "fd": 5.0}
    assert score(best) == 1.0
    assert score({**best, "kept": 1.2, "fd": 50.0}) == 1.0  # what is above the original's is chance
    for objective in OBJECTIVES:
        worse = {**best, objective.name: 0.5 if objective.larger_is_better else best[objective.name] + 0.5}
        assert (score(worse) < 1.0) == (objective.weight > 0)
    assert score({"target": 0.0, "kept": 0.5}) == pytest.approx(0.75)
    assert math.isnan(score({}))
