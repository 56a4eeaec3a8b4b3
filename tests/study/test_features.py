import pytest

from erasepro.errors import UserError
from erasepro.study.features import FeatureStage
from erasepro.study.tuning_plan import TuningPlan

TINY = ("model=tiny", "templates.preserve_count=20", "templates.contexts=2", "templates.count=2", "generation.max_retain=4")
PLAN = TuningPlan(("uce",), ("instance/snoopy",), TINY, 4, 2, 4.0, 1, 0, "")


@pytest.fixture(scope="module")
def stage():
    return FeatureStage(PLAN)


def test_a_setting_is_measured_on_sentences_that_it_was_not_fitted_on(stage):
    weak, strong = (stage.measure("uce", [f"solver.ridge={ridge}"]) for ridge in (1e3, 1e-3))
    assert 0.0 < weak.drift < strong.drift
    assert weak.residual != strong.residual
    assert stage.measure("uce", ["solver.ridge=1000.0"]).residual == weak.residual
    fitted = {pair.target_prompt for pair in stage._sentences["instance/snoopy"].fitted.pairs}
    assert not fitted & {pair.target_prompt for pair in stage._sentences["instance/snoopy"].targets}


def test_a_setting_that_cannot_be_is_refused(stage):
    with pytest.raises(UserError, match="ridge"):
        stage.measure("uce", ["solver.ridge=-1"])
