"""ErasePro's settings: what they may be, without its solver."""

import pytest

from erasepro.errors import UserError
from erasepro.solvers import make_solver
from erasepro.solvers.configs.erasepro import EraseProConfig
from tests.solvers.test_contract import PAIRS, prompts


def test_the_default_is_sound():
    EraseProConfig().check()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cross_attention_kinds": []}, "cross_attention_kinds is empty: solver.cross_attention=false"),
        ({"cross_attention_kinds": ["to_k"]}, "Unknown kind in solver.cross_attention_kinds 'to_k'.* attn2.to_k, attn2.to_v"),
        ({"feature_dtype": "float16"}, "Unknown solver.feature_dtype 'float16'"),
        ({"preserve_dtype": "float16"}, "Unknown solver.preserve_dtype 'float16'"),
    ],
)
def test_what_a_setting_may_not_be(values, message):
    with pytest.raises(UserError, match=message):
        EraseProConfig(**values).check()


@pytest.mark.parametrize("kind", ["attn2.to_k", "attn2.to_v"])
def test_keys_or_values_alone_are_edited_as_both_are(shared_model, kind):
    """One map serves keys and values, so leaving the others alone changes nothing in these."""
    both = make_solver("erasepro", {}).solve(shared_model, prompts(*PAIRS))
    alone = make_solver("erasepro", {"cross_attention_kinds": [kind]}).solve(shared_model, prompts(*PAIRS))
    left_out = {name for name in both.updates if "attn2" in name and not name.endswith(kind)}
    assert left_out
    assert alone.updates.keys() == both.updates.keys() - left_out
    assert all((alone.updates[name].dense() == both.updates[name].dense()).all() for name in alone.updates)
