"""Applying and reverting are exact, and refuse what cannot be meant."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.errors import UserError
from erasepro.models.sites import site_module
from erasepro.models.tensor_hashes import weights_hash


def test_apply_changes_and_revert_restores_every_byte(model, solve):
    edit = solve(model)
    before = weights_hash(model.pipe)
    assert before == model.weights_hash  # solving left it alone
    pointers = {n: site_module(model.pipe, n).weight.data_ptr() for n in edit.updates}
    edit.apply(model.pipe)
    edited = weights_hash(model.pipe)
    assert edited != before
    assert pointers == {n: site_module(model.pipe, n).weight.data_ptr() for n in edit.updates}
    edit.revert(model.pipe)
    assert weights_hash(model.pipe) == before
    edit.apply(model.pipe)
    assert weights_hash(model.pipe) == edited
    edit.revert(model.pipe)


def test_special_values_survive(model32, edit32):
    """A weight of −0.0 comes back as −0.0: originals are kept, not subtracted."""
    W = site_module(model32.pipe, next(iter(edit32.updates))).weight
    with torch.no_grad():
        W[0, 0] = -0.0
    loose = Edit(edit32.updates)  # no fingerprints
    before = weights_hash(model32.pipe)
    loose.apply(model32.pipe)
    loose.revert(model32.pipe)
    assert weights_hash(model32.pipe) == before


def test_twice_and_without_are_errors(model32, edit32):
    with pytest.raises(UserError, match="no edit on this pipeline"):
        edit32.revert(model32.pipe)
    edit32.apply(model32.pipe)
    with pytest.raises(UserError, match="already carries edit"):
        edit32.apply(model32.pipe)
    with pytest.raises(UserError, match="not"):
        edit32.scale(0.5).revert(model32.pipe)
    edit32.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash


def test_scale(model32, edit32):
    name = next(iter(edit32.updates))
    W = site_module(model32.pipe, name).weight
    original, full = W.detach().clone(), edit32.updates[name].dense()
    half = edit32.scale(0.5)
    half.apply(model32.pipe)
    assert torch.allclose(W.double(), original.double() + 0.5 * full, atol=1e-6)
    half.revert(model32.pipe)
    nothing = edit32.scale(0)
    nothing.apply(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash
    assert half.hash != edit32.hash == half.scale(1.0).hash
    for bad in (-0.1, 1.1, float("nan"), "x", None, [1]):
        with pytest.raises(UserError, match=r"\[0, 1\]"):
            edit32.scale(bad)


def test_other_weights_are_refused_by_name(model32, edit32, other_model):
    with pytest.raises(UserError, match=r"text_encoder\.\S*layers\.0\.mlp\.fc2' differs"):
        edit32.apply(other_model.pipe)
    name = list(edit32.updates)[3]
    with torch.no_grad():
        site_module(model32.pipe, name).weight[1, 1] += 1e-6
    with pytest.raises(UserError, match=name):
        edit32.apply(model32.pipe)


def test_the_same_weights_in_half_precision_are_accepted(model_at, edit32):
    model = model_at(torch.float16)
    edit32.apply(model.pipe)
    edit32.revert(model.pipe)
    assert weights_hash(model.pipe) == model.weights_hash


def test_float32_residual_is_small(edit32):
    assert edit32.residuals["selected"] <= 1e-5
    assert {"selected", "all", "before", "selected_share", "exact"} == set(edit32.residuals)
    keys = {"site", "depth", "residual_before", "residual_after_selected", "residual_after_all", "delta_norm", "rank"}
    assert all(keys | {"condition", "columns", "selected", "gap"} <= set(d) for d in edit32.diagnostics)


def test_what_is_no_pipeline_is_one_line(model32, edit32):
    for wrong in (model32, None, 5):
        with pytest.raises(UserError, match=rf"A {type(wrong).__name__} has no .*model\.pipe"):
            edit32.apply(wrong)


def test_force_insists_on_another_base_of_the_same_shapes(other_model, edit32):
    edit32.apply(other_model.pipe, force=True)
    assert weights_hash(other_model.pipe) != other_model.weights_hash
    edit32.revert(other_model.pipe)
    assert weights_hash(other_model.pipe) == other_model.weights_hash
    name, update = next(iter(edit32.updates.items()))
    wrong = Edit({name: type(update)(update.up[1:], update.down)})
    with pytest.raises(UserError, match="another model"):
        wrong.apply(other_model.pipe, force=True)


def test_mixed_precisions_and_what_is_saved_give_the_same_bytes(model32, solve, tmp_path):
    """Text encoder float32, U-Net float16, as many run it."""
    model32.pipe.unet.to(torch.float16)
    before = weights_hash(model32.pipe)
    edit = solve(model32)
    edit.apply(model32.pipe)
    edited = weights_hash(model32.pipe)
    edit.revert(model32.pipe)
    assert weights_hash(model32.pipe) == before != edited
    again = Edit.load(edit.save(tmp_path))
    again.apply(model32.pipe)
    assert weights_hash(model32.pipe) == edited


def test_saved_and_loaded_it_gives_the_same_bytes(model, solve, tmp_path):
    edit = solve(model).scale(0.7)
    edit.apply(model.pipe)
    edited = weights_hash(model.pipe)
    edit.revert(model.pipe)
    Edit.load(edit.save(tmp_path)).apply(model.pipe)
    assert weights_hash(model.pipe) == edited


def test_a_missing_text_encoder_is_one_line(model32, edit32):
    model32.pipe.text_encoder = None
    with pytest.raises(UserError, match="no text_encoder"):
        edit32.apply(model32.pipe)


def test_a_runs_folder_is_that_of_its_edit(model, solve, tmp_path):
    edit = solve(model)
    edit.save(tmp_path / "run" / "edit")
    assert Edit.load(tmp_path / "run").hash == Edit.load(tmp_path / "run" / "edit").hash == edit.hash
    (tmp_path / "empty" / "edit").mkdir(parents=True)
    with pytest.raises(UserError, match="holds no edit"):
        Edit.load(tmp_path / "empty")
