"""Every name of the full-size architectures, there and back through diffusers' own conversions (no weights are made)."""

import re

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders import lora_conversion_utils as lora
from diffusers.loaders import single_file_utils as single

from erasepro.edit.export.kohya import kohya_name
from erasepro.models.layouts.original_unet import original_unet
from erasepro.models.layouts.original_vae import original_vae
from erasepro.models.layouts.site_names import split, weight_keys

XL = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


@pytest.fixture(scope="module")
def unets():
    with torch.device("meta"):
        return {"sd": UNet2DConditionModel(cross_attention_dim=768), "xl": UNet2DConditionModel(**XL)}


@pytest.mark.parametrize("kind", ["sd", "xl"])
def test_unets(unets, kind):
    keys = list(unets[kind].state_dict())
    stored = {}
    for key in keys:
        path, _, end = key.rpartition(".")
        attention = any(k.startswith(path.partition("upsamplers")[0] + "attentions.") for k in keys)
        stored[f"model.diffusion_model.{original_unet(path, 2, attention)}.{end}"] = key
    back = single.convert_ldm_unet_checkpoint(stored, unets[kind].config)
    assert back == {key: key for key in keys}


def test_vae(monkeypatch):
    class Name(str):
        shape = (1,)

    with torch.device("meta"):
        blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
        vae = AutoencoderKL(block_out_channels=(128, 256, 512, 512), layers_per_block=2, **blocks)
    monkeypatch.setattr(single, "conv_attn_to_linear", lambda stored: None)  # here the tensors are names
    stored = {}
    for key in vae.state_dict():
        path, _, end = key.rpartition(".")
        stored[f"first_stage_model.{original_vae(path, 4)}.{end}"] = Name(key)
    assert single.convert_ldm_vae_checkpoint(stored, vae.config) == {key: key for key in vae.state_dict()}


@pytest.mark.parametrize("kind", ["sd", "xl"])
def test_kohya(unets, kind):
    sites = [f"unet.{path}" for path, _ in unets[kind].named_modules() if re.search(r"attn2\.to_[kv]$", path)]
    stored = {}
    for site in sites:
        stored[f"{kohya_name(site, kind == 'xl')}.lora_down.weight"] = site
        stored[f"{kohya_name(site, kind == 'xl')}.lora_up.weight"] = site
    if kind == "xl":
        stored = lora._maybe_map_sgm_blocks_to_diffusers(stored, unets[kind].config)
    back, _ = lora._convert_non_diffusers_lora_to_diffusers(stored)
    assert {k.replace(".processor", "").partition("_lora.")[0] for k in back} == set(sites)
    assert all(key.replace(".processor", "").startswith(site) for key, site in back.items())


def test_clip_paths_of_every_transformers_version():
    long, short = "text_encoder.text_model.encoder.layers.1.mlp.fc2", "text_encoder.encoder.layers.1.mlp.fc2"
    assert split(long) == split(short) == ("text_encoder", "encoder.layers.1.mlp.fc2")
    assert weight_keys(long) == ["text_model.encoder.layers.1.mlp.fc2.weight", "encoder.layers.1.mlp.fc2.weight"]
    assert weight_keys("text_encoder_3.encoder.block.0.layer.0.SelfAttention.v") == [
        "encoder.block.0.layer.0.SelfAttention.v.weight"
    ]
