"""The model that runs of one process share."""

import pytest
import torch

from erasepro.config.schema import ModelConfig
from erasepro.models.load import fingerprint
from erasepro.runs.model_shelf import ModelShelf, take_model

TINY = ModelConfig(name="tiny", kind="tiny")


def test_the_same_model_is_given_out_again_and_another_is_loaded():
    shelf, mark = ModelShelf(), fingerprint(TINY)
    first = shelf.load(TINY, mark)
    assert shelf.load(TINY, mark) is first
    assert shelf.load(TINY, "other bytes") is not first
    other = ModelConfig(name="tiny", kind="tiny", seed=1)
    assert shelf.load(other, fingerprint(other)).weights_hash != first.weights_hash


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_model_that_a_run_changed_is_loaded_again(part, capsys):
    shelf, mark = ModelShelf(), fingerprint(TINY)
    first = shelf.load(TINY, mark)
    with torch.no_grad():
        next(getattr(first.pipe, part).parameters()).view(-1)[0] += 1e-6
    assert shelf.load(TINY, mark) is not first
    assert capsys.readouterr().err == "erasepro: tiny was changed by the run before: loaded again.\n"


def test_after_an_error_nothing_is_kept():
    shelf, mark = ModelShelf(), fingerprint(TINY)
    with shelf.in_use():
        first = take_model(TINY, mark)
        assert take_model(TINY, mark) is first
    with pytest.raises(ZeroDivisionError), shelf.in_use():
        1 / 0  # noqa: B018
    with shelf.in_use():
        assert take_model(TINY, mark) is not first
    assert take_model(TINY, mark) is not take_model(TINY, mark)  # no runs share here
