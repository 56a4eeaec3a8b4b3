"""Trained weights become an edit that gives them back, and leaves alone what was not trained."""

import torch

from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.solvers import make_solver
from erasepro.solvers.training.trained_edit import trained_edit, weight_changes

NAMES = ("unet.conv_in.weight", "unet.conv_in.bias", "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k")


def test_the_edited_weights_are_the_trained_ones(model, build):
    pipe = model.pipe
    weights = {name: parameter(pipe, name).detach() * 1.01 + 0.003 for name in NAMES}
    same = {"unet.conv_out.bias": parameter(pipe, "unet.conv_out.bias").detach()}
    changes = weight_changes(pipe, {**weights, **same})
    edit = trained_edit(model, build, make_solver("esd_x").config, changes, {"training": {"steps": 1}})
    assert set(edit.updates) == set(NAMES)
    assert set(edit.meta["base"]) == set(NAMES)
    assert [entry["kind"] for entry in edit.diagnostics] == ["conv_in", "conv_in", "attn2.to_k"]
    assert "depth" in edit.diagnostics[2]
    assert "depth" not in edit.diagnostics[0]
    before = weights_hash(pipe)
    with edit.applied(pipe):
        for name, W in weights.items():
            assert torch.equal(parameter(pipe, name), W)
    assert weights_hash(pipe) == before
    assert edit.residuals == {}
