"""LoRAs in both layouts, loaded back by diffusers, do what `Edit.apply` does."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate, LowRankUpdate
from erasepro.models.sites import site_module
from tests.edit.export.conftest import clone, draw, edit_of, edited, pipeline

pytest.importorskip("peft")
FORMATS = ("lora", "kohya")
ATOL = 3e-7  # float32: the factors, their product and the sum are each rounded once; W is of the order of 1
IMAGES = 1e-5  # in units of the pixels' range [0, 1]


def written(edit, format, tmp_path, **options):
    return export_edit(edit, tmp_path / ("lora" if format == "lora" else "lora.safetensors"), format, **options)


def loaded(pipe, done, weight=1.0):
    """A copy of the pipeline with the file on it as an adapter, at this strength."""
    twin = clone(pipe)
    place = done.path if done.path.is_dir() else done.path.parent
    name = None if done.path.is_dir() else done.path.name
    twin.load_lora_weights(str(place), adapter_name="erased", weight_name=name)
    twin.set_adapters(["erased"], [weight])
    return twin


def weights(pipe, sites):
    return {site: site_module(pipe, site).weight.detach().double() for site in sites}


def fused(pipe, done, weight=1.0):
    twin = loaded(pipe, done, weight)
    twin.fuse_lora(adapter_names=["erased"])
    twin.unload_lora_weights()
    return twin


def assert_same(one, other, sites, atol=ATOL):
    a, b = weights(one, sites), weights(other, sites)
    for site in sites:
        assert float((a[site] - b[site]).abs().max()) <= atol, site


@pytest.mark.parametrize("format", FORMATS)
def test_same_weights_and_images(made, format, tmp_path):
    done = written(made.edit, format, tmp_path)
    assert set(done.ranks.values()) == {1, 2, 3, 4}
    assert done.loss == {}
    assert_same(fused(made.pipe, done), made.after, made.edit.updates)
    twin = loaded(made.pipe, done)  # not fused: every site has its adapter
    assert float((draw(twin) - made.images).abs().max()) <= IMAGES
    assert float((made.before - made.images).abs().max()) > 100 * IMAGES


@pytest.mark.parametrize("format", FORMATS)
def test_strength(made, format, tmp_path):
    """The slider at s, and an export at scale s, are `edit.scale(s)`; 0 is the original."""
    half = edited(made.pipe, made.edit.scale(0.5))
    done = written(made.edit, format, tmp_path / "full")
    assert_same(fused(made.pipe, done, 0.5), half, made.edit.updates)
    done = written(made.edit.scale(0.5), format, tmp_path / "half")
    assert_same(fused(made.pipe, done), half, made.edit.updates)
    done = written(made.edit.scale(0), format, tmp_path / "none")
    assert_same(fused(made.pipe, done), made.pipe, made.edit.updates, atol=0)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_pipelines(sd1, format, dtype, tmp_path):
    """Factors, product and sum are rounded to the pipeline's dtype: a few of its units."""
    pipe = clone(sd1.pipe)
    pipe.text_encoder.to(dtype)
    pipe.unet.to(dtype)
    done = written(sd1.edit, format, tmp_path)
    largest = max(float(w.abs().max()) for w in weights(pipe, sd1.edit.updates).values())
    assert_same(fused(pipe, done), edited(pipe, sd1.edit), sd1.edit.updates, atol=4 * torch.finfo(dtype).eps * largest)


def test_the_solvers_own_edit(model32, edit32, tmp_path):
    for format in FORMATS:
        done = written(edit32, format, tmp_path)
        assert_same(fused(model32.pipe, done), edited(model32.pipe, edit32), edit32.updates)


@pytest.mark.parametrize("kinds", [("fc1",), ("fc2",), ("v_proj",), ("v_proj", "fc2"), ("out_proj", "to_v"), ("to_k",)])
def test_any_kinds_of_site_alone(sd1, kinds, tmp_path):
    """diffusers guesses a file's layout from the names it sees, so few of them are a trap."""
    edit = Edit({site: update for site, update in sd1.edit.updates.items() if site.endswith(kinds)})
    for format in FORMATS:
        done = written(edit, format, tmp_path)
        assert_same(fused(sd1.pipe, done), edited(sd1.pipe, edit), sd1.edit.updates)


def test_metadata_says_what_it_is_and_warns(sd1, tmp_path):
    done = written(sd1.edit.scale(0.75), "lora", tmp_path)
    assert "holds the edit at strength 0.75: a loader's strength 1 gives that" in str(done)
    with safe_open(done.path / "pytorch_lora_weights.safetensors", "pt") as file:
        told = file.metadata()
        keys = set(file.keys())
    assert "holds the edit at strength 0.75: a loader's strength 1 gives that" in told["erasepro_warning"]
    assert (told["erasepro_strength"], told["erasepro_concepts"]) == ("0.75", '[["dog", "cat"]]')
    config = json.loads(told["lora_adapter_metadata"])
    assert config["unet.r"] == config["unet.lora_alpha"]
    assert config["text_encoder.rank_pattern"] == config["text_encoder.alpha_pattern"]
    assert len(keys) == 2 * len(sd1.edit.updates)
    assert "text_encoder.text_model.encoder.layers.0.mlp.fc2.lora_linear_layer.down.weight" in keys


@pytest.mark.parametrize(("kind", "family"), [("sd1", "sd_v1"), ("xl", "sdxl_base_v1-0")])
def test_kohya_names(kind, family, tmp_path):
    done = written(edit_of(pipeline(kind)), "kohya", tmp_path)
    with safe_open(done.path, "pt") as file:
        told = file.metadata()
    assert (told["ss_base_model_version"], told["ss_network_dim"], told["ss_v2"]) == (family, "Dynamic", "False")
    keys = {key.partition(".")[0] for key in load_file(done.path)}
    name = "transformer_blocks_0_attn2_to_k"
    expected = {
        "sd1": {f"lora_unet_mid_block_attentions_0_{name}", "lora_te_text_model_encoder_layers_1_mlp_fc2"},
        "xl": {
            f"lora_unet_input_blocks_4_1_{name}",
            f"lora_unet_middle_block_1_{name}",
            f"lora_unet_output_blocks_2_1_{name}",
            "lora_te1_text_model_encoder_layers_0_self_attn_v_proj",
            "lora_te2_text_model_encoder_layers_1_mlp_fc1",
        },
    }[kind]
    assert expected <= keys


def test_dense_updates_are_cut_and_the_loss_is_told(sd1, tmp_path):
    dense = edit_of(sd1.pipe, dense=("fc2", "to_v"))  # of rank 1 to 4: nothing is lost
    done = written(dense, "lora", tmp_path / "exact")
    assert max(done.ranks.values()) <= 4
    assert 0 < len(done.loss) < len(dense.updates)
    assert max(done.loss.values()) < 1e-12
    assert_same(fused(sd1.pipe, done), edited(sd1.pipe, dense), dense.updates)

    site = next(s for s in sd1.edit.updates if s.endswith("fc2"))
    U, _, Vh = torch.linalg.svd(torch.randn(32, 64, dtype=torch.float64), full_matrices=False)
    S = 8.0 ** -torch.arange(32, dtype=torch.float64)  # keeping r loses 8**-r
    full = Edit({site: DenseUpdate(U * S @ Vh)})
    done = written(full, "kohya", tmp_path / "default")
    assert (done.ranks[site], f"{done.loss[site]:.1e}") == (4, "2.4e-04")
    done = written(full, "lora", tmp_path / "two", rank=2)
    assert f"{done.loss[site]:.4f}" == "0.0156"
    assert "loss of at most 0.016" in str(done)
    with safe_open(done.path / "pytorch_lora_weights.safetensors", "pt") as file:
        assert json.loads(file.metadata()["erasepro_truncation_loss"]) == done.loss
        up, down = (
            file.get_tensor(f"text_encoder.text_model.{site[13:]}.lora_linear_layer.{x}.weight").double()
            for x in ("up", "down")
        )
    measured = float((up @ down - full.updates[site].dense()).norm() / full.updates[site].dense().norm())
    assert abs(measured - done.loss[site]) < 1e-6
    assert written(full, "lora", tmp_path / "all", rank=500).ranks[site] == 32

    own = Edit({site: LowRankUpdate(U[:, :6] * S[:6], Vh[:6])})  # factors of the edit's own are cut where they have more
    assert written(own, "lora", tmp_path / "own").ranks[site] == written(own, "lora", tmp_path / "six", rank=6).ranks[site] == 6
    cut = written(own, "lora", tmp_path / "cut", rank=2)
    assert (cut.ranks[site], f"{cut.loss[site]:.4f}") == (2, "0.0156")
    assert "1 of them cut to a lower rank with a loss of at most 0.016" in str(cut)


def test_the_cap_on_the_rank(tmp_path):
    wide = Edit({"unet.a": DenseUpdate(torch.eye(200, dtype=torch.float64))})
    done = written(wide, "lora", tmp_path)
    assert done.ranks["unet.a"] == 128
    assert abs(done.loss["unet.a"] - (72 / 200) ** 0.5) < 1e-9


def test_transformers_have_a_lora_but_no_kohya_name(tmp_path):
    edit = Edit({"transformer.blocks.0.attn.to_v": DenseUpdate(torch.ones(4, 6))})
    done = written(edit, "lora", tmp_path)
    assert "transformer.blocks.0.attn.to_v.lora_A.weight" in load_file(done.path / "pytorch_lora_weights.safetensors")
    with pytest.raises(UserError, match="format=lora"):
        written(edit, "kohya", tmp_path)
    with pytest.raises(UserError, match=r"Cannot export 'vae\.x'"):
        written(Edit({"vae.x": DenseUpdate(torch.ones(4, 6))}), "lora", tmp_path / "v")
