"""Changes of convolutions, norms and biases: in whole models, in both layouts, and by the loaded pipeline alike."""

from __future__ import annotations

import pytest
import torch

from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.edit.fingerprints import fingerprints
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate
from erasepro.models.tensor_hashes import weights_hash
from erasepro.solvers.training.denoiser import parameters_of
from tests.edit.export.conftest import edited, sites_of
from tests.edit.export.test_single_file import loaded, unedited


@pytest.fixture(scope="module")
def whole(made):
    """An edit of every parameter of the U-Net, of the text encoders' values, and of parts that no layer of theirs holds."""
    draw = torch.Generator().manual_seed(0)
    named = dict(parameters_of(made.pipe.unet))
    text = parameters_of(made.pipe.text_encoder, "text_encoder")
    named |= {name: value for name, value in text.items() if "final_layer_norm" in name or "token_embedding" in name}
    updates = {
        name: DenseUpdate(0.1 * torch.randn(value.shape, dtype=torch.float64, generator=draw))
        for name, value in named.items()
    }
    updates |= {site: made.edit.updates[site] for site in sites_of(made.pipe) if site not in updates}
    return Edit(updates, {**made.edit.meta, "base": fingerprints(made.pipe, updates)})


def test_it_is_applied_and_taken_off(made, whole):
    before = weights_hash(made.pipe)
    with whole.applied(made.pipe):
        assert weights_hash(made.pipe) != before
    assert weights_hash(made.pipe) == before


def test_a_bias_that_is_not_there_is_told(made):
    (site, *_) = [name for name in sites_of(made.pipe) if name.endswith("attn2.to_k")]
    edit = Edit({f"{site}.bias": DenseUpdate(torch.zeros(3, dtype=torch.float64))}, made.edit.meta)
    with pytest.raises(UserError, match=r"has no parameter 'unet\..*attn2\.to_k\.bias': this edit was made for another"):
        edit.apply(made.pipe)


@pytest.mark.parametrize("form", ["diffusers", "single_file"])
def test_a_whole_model_has_every_one(made, whole, form, tmp_path):
    wanted = weights_hash(edited(made.pipe, whole))
    target = tmp_path / ("out" if form == "diffusers" else "out.safetensors")
    done = export_edit(whole, target, form, base=made.folder)
    pipe = type(made.pipe).from_pretrained(done.path) if form == "diffusers" else loaded(made, done.path)
    assert weights_hash(pipe) == wanted
    if form == "single_file":
        again = export_edit(whole, tmp_path / "again.safetensors", form, base=unedited(made, tmp_path / "base.safetensors"))
        assert weights_hash(loaded(made, again.path)) == wanted


@pytest.mark.parametrize("form", ["lora", "kohya"])
def test_a_lora_says_what_holds_it(whole, form, tmp_path):
    target = tmp_path / ("out" if form == "lora" else "out.safetensors")
    with pytest.raises(UserError, match=r"A LoRA holds changes of linear layers alone.*'unet\..*format=diffusers"):
        export_edit(whole, target, form)
    assert not target.exists()
