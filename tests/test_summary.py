"""How runs are named in a joint table."""

import pytest
from omegaconf import OmegaConf

from erasepro.config import compose
from erasepro.summary import _method


@pytest.mark.parametrize(
    ("overrides", "label"),
    [
        ([], "erasepro"),
        (["solver=uce"], "uce"),
        (["solver=uce_published"], "uce_published"),
        (["solver=uce_best"], "uce_best"),
        (["schedule=reverse"], "erasepro schedule.name=reverse"),
        (["solver.kv_fit.tau=0.2"], "erasepro kv_fit.tau=0.2"),
        (["solver=uce", "solver.ridge=1"], "uce ridge=1.0"),
        (["concepts=mini/dev_5"], "erasepro, 5 concepts"),
    ],
)
def test_a_method_is_a_preset_and_what_was_changed_in_it(overrides, label):
    assert _method(OmegaConf.to_container(compose(overrides), resolve=True)) == label
