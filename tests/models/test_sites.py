"""Sites are found by name, in order, in the real classes."""

import pytest

from erasepro.errors import UserError
from erasepro.models.sites import (
    TEXT_KINDS,
    cross_attention_sites,
    is_linear_site,
    module,
    parameter,
    site_module,
    text_blocks,
    text_sites,
    weight,
)
from erasepro.models.tiny import tiny_pipeline


@pytest.fixture(scope="module")
def pipe():
    return tiny_pipeline()


def test_text_sites_run_shallow_to_deep_in_computing_order(pipe):
    sites = text_sites(pipe, ["mlp.fc2", "self_attn.v_proj", "mlp.fc1", "self_attn.out_proj"])
    assert [(s.depth, s.kind) for s in sites] == [(d, k) for d in range(3) for k in TEXT_KINDS]
    assert text_blocks(pipe) == 3
    assert module(pipe, sites[3]).weight.shape == (32, 64)
    assert sites[0].name.startswith("text_encoder.")
    assert text_sites(pipe, []) == []


def test_cross_attention_only(pipe):
    sites = cross_attention_sites(pipe)
    assert len(sites) == 2 * sum(name.endswith("attn2") for name, _ in pipe.unet.named_modules())
    assert all(".attn2.to_" in s.name and s.depth >= 3 for s in sites)
    assert all(module(pipe, s).in_features == 32 for s in sites)
    assert {s.kind for s in cross_attention_sites(pipe, ["attn2.to_v"])} == {"attn2.to_v"}


def test_names_survive_the_moved_prefix(pipe):
    (first, *_) = text_sites(pipe)
    other = first.name.replace("text_encoder.", "text_encoder.text_model.")
    assert site_module(pipe, other) is module(pipe, first)


def test_unknown_ones_are_refused(pipe):
    with pytest.raises(UserError, match=r"Did you mean 'mlp\.fc2'"):
        text_sites(pipe, ["fc2"])
    with pytest.raises(UserError, match="no linear layer"):
        site_module(pipe, "unet.nothing.here")


def test_any_parameter_has_a_name(pipe):
    assert parameter(pipe, "unet.conv_in.weight") is pipe.unet.conv_in.weight
    assert parameter(pipe, "unet.conv_in.bias") is pipe.unet.conv_in.bias
    (first, *_) = text_sites(pipe)
    assert parameter(pipe, first.name) is module(pipe, first).weight
    assert parameter(pipe, f"{first.name}.bias") is module(pipe, first).bias
    assert weight(pipe, "unet.conv_out.bias") is pipe.unet.conv_out.bias
    assert is_linear_site(first.name)
    assert not is_linear_site(f"{first.name}.bias")
    for name in ("unet.conv_in.nothing", "unet.nothing.weight"):
        with pytest.raises(UserError, match=r"no (parameter|linear layer)"):
            parameter(pipe, name)
