import pytest
import torch

from erasepro.models.features.columns import plan_retain_columns
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.models.features.text_stack import TextStack, conditioning_inputs
from erasepro.solvers.engine import retained_sums as module
from erasepro.solvers.engine.retained_sums import retained_sums

TEXTS = [f"a {colour} {thing} on the grass" for colour in ("red", "blue", "old") for thing in ("house", "tree", "bird", "boat")]


@pytest.mark.parametrize("tokens", ["all", "text", "eot"])
@pytest.mark.parametrize("block", [5, 256])
def test_sums_are_those_of_all_columns_at_once(shared_model, monkeypatch, tokens, block):
    monkeypatch.setattr(module, "BLOCK", block)
    stack = TextStack(shared_model.pipe)
    (read,) = conditioning_inputs(shared_model.pipe)
    columns, _ = plan_retain_columns(shared_model.pipe, read, TEXTS, tokens)
    K = stack.input_features(read, TEXTS, columns)  # (d, m)
    sums = retained_sums(stack, read, TEXTS, tokens, StatisticsStore())
    torch.testing.assert_close(sums.xx, K @ K.T, rtol=1e-12, atol=1e-12)
    assert sums.total == sums.count == K.shape[1]


def test_no_texts_have_sums_of_zero(shared_model, tmp_path):
    stack = TextStack(shared_model.pipe)
    (read,) = conditioning_inputs(shared_model.pipe)
    sums = retained_sums(stack, read, [], "all", StatisticsStore(tmp_path))
    assert not sums.xx.any()
    assert not list(tmp_path.iterdir())


def test_other_texts_and_other_tokens_are_kept_apart(shared_model, tmp_path):
    stack = TextStack(shared_model.pipe)
    (read,) = conditioning_inputs(shared_model.pipe)
    store = StatisticsStore(tmp_path)
    for texts, tokens in ((TEXTS, "all"), (TEXTS[:-1], "all"), (TEXTS, "text"), (TEXTS[::-1], "all")):
        want = retained_sums(stack, read, texts, tokens, StatisticsStore())
        for _ in range(2):
            assert torch.equal(retained_sums(stack, read, texts, tokens, store).xx, want.xx)
    assert store.read == 4
