"""A file of whole edited weights becomes an edit that gives exactly those weights, or is refused in one line."""

import pickle
import re

import pytest
import torch
from safetensors.torch import save_file

from erasepro.edit import Edit
from erasepro.edit.uce_file import load_uce
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate
from erasepro.models.sites import cross_attention_sites, site_module
from erasepro.models.tensor_hashes import raw_bytes, weights_hash
from erasepro.solvers.extend import add_concepts

OUT_BIAS = "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.bias"
KEY = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"


@pytest.fixture
def weights(model32):
    generator = torch.Generator().manual_seed(3)
    found = {}
    for site in cross_attention_sites(model32.pipe):
        W = site_module(model32.pipe, site.name).weight.detach()
        found[f"{site.path}.weight"] = W + 0.1 * torch.randn(W.shape, generator=generator)
    return found


def test_it_gives_the_files_weights_to_the_byte(model32, weights, tmp_path):
    save_file(weights, tmp_path / "uce.safetensors")
    edit = load_uce(tmp_path / "uce.safetensors", model32)
    assert KEY in weights
    assert {f"unet.{key.removesuffix('.weight')}" for key in weights} == set(edit.updates)
    assert all(isinstance(update, DenseUpdate) for update in edit.updates.values())
    assert set(edit.meta["base"]) == set(edit.updates)
    edit = Edit.load(edit.save(tmp_path / "edit"))
    edit.apply(model32.pipe)
    for key, W in weights.items():
        assert raw_bytes(site_module(model32.pipe, f"unet.{key.removesuffix('.weight')}").weight) == raw_bytes(W)
    edit.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash


def test_another_base_is_refused_and_so_is_solving_again(model32, other_model, weights, tmp_path):
    save_file(weights, tmp_path / "uce.safetensors")
    edit = load_uce(tmp_path / "uce.safetensors", model32)
    with pytest.raises(UserError, match="differs from the one"):
        edit.apply(other_model.pipe)
    with pytest.raises(UserError, match="does not say"):
        add_concepts(edit, {"dog": "cat"}, model32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w | {"unet." + KEY: w[KEY].clone()}, f"Did you mean '{KEY}'"),
        (lambda w: w | {KEY.replace("to_k", "to_kk"): w[KEY].clone()}, f"Did you mean '{KEY}'"),
        (lambda w: w | {KEY.replace(".weight", ".bias"): w[KEY][0].clone()}, "no weight of a linear layer"),
        (lambda w: w | {OUT_BIAS: w[KEY][0].clone()}, rf"'{re.escape(OUT_BIAS)}', a bias, .*cannot be held whole"),
        (lambda w: w | {"conv_in.weight": w[KEY].clone()}, "'conv_in.weight', the weight of a Conv2d, .*cannot be held whole"),
        (lambda w: {KEY: w[KEY][:, :-1].contiguous()}, "made for another model"),
        (lambda w: {KEY: w[KEY] * float("nan")}, "NaN"),
        (lambda w: {KEY: w[KEY].int()}, "whole numbers"),
        (lambda w: {}, "holds no weights"),
    ],
)
def test_a_file_that_does_not_fit_is_one_line(model32, weights, tmp_path, change, message):
    save_file(change(weights), tmp_path / "uce.safetensors")
    with pytest.raises(UserError, match=message) as info:
        load_uce(tmp_path / "uce.safetensors", model32)
    assert "\n" not in str(info.value)


def test_pickles_damage_and_other_things_are_one_line(model32, weights, tmp_path):
    path = tmp_path / "uce.safetensors"
    save_file(weights, path)
    whole = path.read_bytes()

    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    for suffix in (".pt", ".bin", ".pth"):
        (tmp_path / f"uce{suffix}").write_bytes(pickle.dumps(Evil()))
    renamed = tmp_path / "pickle.safetensors"
    renamed.write_bytes(pickle.dumps(Evil()))
    path.write_bytes(whole[:-50])
    for wrong, message in (
        *((tmp_path / f"uce{s}", "never loaded") for s in (".pt", ".bin", ".pth")),
        (renamed, "never loaded"),
        (path, "cannot be read as safetensors"),
        (tmp_path, "is a folder"),
        (tmp_path / "none.safetensors", "No file"),
    ):
        with pytest.raises(UserError, match=message) as info:
            load_uce(wrong, model32)
        assert "\n" not in str(info.value)
    path.write_bytes(whole)
    with pytest.raises(UserError, match="what load_model returns"):
        load_uce(path, model32.pipe)
    edit = load_uce(str(path), model32)
    edit.apply(model32.pipe)
    with pytest.raises(UserError, match="revert it"):
        load_uce(path, model32)
    edit.revert(model32.pipe)


def test_a_bias_that_is_the_models_own_needs_no_place(model32, weights, tmp_path):
    """ESD-x files list attn2.to_out's bias whether training moved it or not."""
    bias = model32.pipe.unet.get_parameter(OUT_BIAS).detach().clone()
    save_file(weights | {OUT_BIAS: bias}, tmp_path / "esd.safetensors")
    edit = load_uce(tmp_path / "esd.safetensors", model32)
    assert {f"{site.removeprefix('unet.')}.weight" for site in edit.updates} == set(weights)
