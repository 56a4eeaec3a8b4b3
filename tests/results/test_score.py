"""A score as it stands in a run's results, and read back."""

import json
import math

import pytest

from erasepro.results.results_json import nonfinite_to_null
from erasepro.results.score import Score, restore_score

SHARE = {"value": 0.25, "n": 4, "stderr": 0.2}


def test_a_score_comes_back_from_json_as_it_was():
    score = Score("clip_score", 31.5, 12, 0.4, True, {"target": SHARE, "unit": "100·cos"})
    assert restore_score(json.loads(json.dumps(score.as_dict()))) == score


def test_nan_is_null_in_json_and_nan_again():
    nothing = {"value": math.nan, "n": 0, "stderr": None}
    stored = nonfinite_to_null(Score("fid", math.nan, 0, None, False, {"retain": nothing}).as_dict())
    assert (stored["value"], stored["parts"]["retain"]["value"]) == (None, None)
    restored = restore_score(stored)
    assert math.isnan(restored.value)
    assert math.isnan(restored.parts["retain"]["value"])
    assert (restored.stderr, restored.parts["retain"]["stderr"]) == (None, None), "only a value is NaN"


def test_a_key_that_no_score_has_is_refused():
    with pytest.raises(TypeError, match="colour"):
        restore_score({**Score("kid", 0.1, 2, None, False).as_dict(), "colour": "blue"})
