"""Layers are found by every name that files give them, and their changes are read at the scale that a loader applies."""

import json

import pytest
import torch
from safetensors.torch import save_file

from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.verification.lora_coverage import compare_lora, cover, stated_strength, stated_weights
from erasepro.verification.lora_file import is_lora, read_lora
from tests.edit.export.conftest import edit_of, pipeline

K = "mid_block.attentions.0.transformer_blocks.0.attn2"


@pytest.fixture(scope="module")
def pipe():
    return pipeline("sd1")


def layer(pipe, path, rank=2, names=("lora_A.weight", "lora_B.weight")):
    """Random factors of a layer's shape under two ends of names."""
    weight = pipe.get_submodule(path).weight
    down, up = torch.rand(rank, *weight.shape[1:]), torch.rand(weight.shape[0], rank, *(1 for _ in weight.shape[2:]))
    return {names[0]: down, names[1]: up}


def read(tmp_path, tensors, metadata=None):
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, tmp_path / "x.safetensors", metadata)
    return read_lora(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("prefix", "ends"),
    [
        (f"unet.{K}.to_k.", ("lora_A.weight", "lora_B.weight")),
        (f"unet.{K}.to_k.", ("lora.down.weight", "lora.up.weight")),
        (f"unet.{K}.processor.to_k_", ("lora.down.weight", "lora.up.weight")),
        (f"base_model.model.unet.{K}.to_k.", ("lora_A.default.weight", "lora_B.default.weight")),
        (f"lora_unet_{K.replace('.', '_')}_to_k.", ("lora_down.weight", "lora_up.weight")),
    ],
)
def test_every_usual_name_of_a_layer(pipe, tmp_path, prefix, ends):
    factors = layer(pipe.unet, f"{K}.to_k", names=ends)
    found = cover(read(tmp_path, {prefix + end: tensor for end, tensor in factors.items()}), pipe)
    assert list(found.sites) == [f"unet.{K}.to_k"]
    assert found.carries == "the U-Net's part alone (1 layers): nothing of the text encoder"
    assert found.rows == [("unet", "attn2.to_k", "1", "4")]


def test_convolutions_zeros_other_shapes_and_other_adapters(pipe, tmp_path):
    ends = ("lora_down.weight", "lora_up.weight")
    conv = {f"lora_unet_conv_in.{end}": t for end, t in layer(pipe.unet, "conv_in", 1, ends).items()}
    right = {f"unet.{K}.to_k.{end}": t for end, t in layer(pipe.unet, f"{K}.to_k").items()}
    silent = {f"unet.{K}.to_v.{end}": t * 0 for end, t in layer(pipe.unet, f"{K}.to_v").items()}
    wrong = {f"unet.{K}.to_q.{end}": t[:, :1] for end, t in layer(pipe.unet, f"{K}.to_q").items()}
    alone = {f"unet.{K}.to_out.0.lora_A.weight": torch.rand(2, 3)}
    strange = {"unet.x.hada_w1_a": torch.rand(2, 2), "dora_scale": torch.rand(1)}
    lora = read(tmp_path, conv | right | silent | wrong | alone | strange)
    found = cover(lora, pipe)
    assert set(found.sites) == {"unet.conv_in", f"unet.{K}.to_k"}
    assert found.zeros == [f"unet.{K}.to_v"]
    assert {unmatched.name for unmatched in found.unmatched} == {f"unet.{K}.to_q", f"unet.{K}.to_out.0"}
    assert sorted(lora.strangers) == ["dora_scale", "unet.x.hada_w1_a"]
    assert lora.keys == 11


@pytest.mark.parametrize(
    ("metadata", "scale"),
    [
        (None, 1.0),
        ({"unet.r": 2, "unet.lora_alpha": 4}, 2.0),
        ({"unet.lora_alpha": 4, "unet.alpha_pattern": {f"^{K}.to_k": 1}}, 0.5),
        ("{", 1.0),
    ],
)
def test_the_scale_is_the_loaders(pipe, tmp_path, metadata, scale):
    factors = {f"unet.{K}.to_k.{end}": t for end, t in layer(pipe.unet, f"{K}.to_k").items()}
    text = metadata if isinstance(metadata, str | None) else json.dumps(metadata)
    lora = read(tmp_path, factors, None if text is None else {"lora_adapter_metadata": text})
    up, _ = lora.layers[f"unet.{K}.to_k"].factors()
    assert torch.equal(up, factors[f"unet.{K}.to_k.lora_B.weight"].double() * scale)


@pytest.mark.parametrize("kind", ["sd1", "sd2", "xl"])
@pytest.mark.parametrize("format", ["lora", "kohya"])
def test_an_export_is_the_edit_in_every_family(kind, format, tmp_path):
    pipe = pipeline(kind)
    edit = edit_of(pipe)
    out = tmp_path / ("lora" if format == "lora" else "x.safetensors")
    export_edit(edit, out, format)
    assert is_lora(out)
    lora = read_lora(out)
    found = cover(lora, pipe)
    assert (found.unmatched, lora.strangers) == ([], [])
    compared = compare_lora(lora, found, edit)
    assert (compared.missing, compared.wrong, compared.others) == ([], [], [])
    assert max(compared.differences.values()) < 3e-7
    assert stated_weights(lora) == found.parts
    assert stated_strength(lora) == 1.0


@pytest.mark.parametrize("harm", [{"erasepro_weights": text} for text in ("[1]", "{", '{"unet": "x"}')] + [{}])
def test_metadata_that_says_nothing_is_not_believed(pipe, tmp_path, harm):
    factors = {f"unet.{K}.to_k.{end}": t for end, t in layer(pipe.unet, f"{K}.to_k").items()}
    lora = read(tmp_path, factors, harm | {"erasepro_strength": "-3", "format": "pt"})
    assert stated_weights(lora) is None
    assert stated_strength(lora) is None


def test_what_is_no_lora_is_refused(tmp_path):
    with pytest.raises(UserError, match="No LoRA in"):
        read_lora(tmp_path)
    assert not is_lora(tmp_path)
    with pytest.raises(UserError, match="none of its 1 keys is one's"):
        read(tmp_path, {"model.weight": torch.rand(2)})
