"""What a safetensors file is, by the names of its tensors."""

import pytest

from erasepro.models.file_contents import describe_contents, explain_missing_part

UNET = "model.diffusion_model.input_blocks.0.0.weight"
TEXT = "cond_stage_model.transformer.text_model.final_layer_norm.weight"
VAE = "first_stage_model.decoder.conv_in.weight"


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ([UNET, TEXT, VAE], "a U-Net, a text encoder and a VAE"),
        ([UNET, VAE], "a U-Net and a VAE"),
        ([UNET], "a U-Net alone"),
        ([VAE], "a VAE alone"),
        (["input_blocks.0.0.weight"], "a U-Net alone (without the prefix of a whole checkpoint)"),
        (["conv_in.weight", "down_blocks.0.resnets.0.norm1.weight"], "a U-Net alone (in diffusers' layout)"),
        (["conv_in.weight", "decoder.up_blocks.0.resnets.0.norm1.weight"], "a VAE alone"),
        (["text_model.encoder.layers.0.mlp.fc1.weight"], "a text encoder alone"),
        (["encoder.block.0.layer.0.SelfAttention.q.weight"], "a text encoder alone"),
        (["lora_unet_down_blocks_0.lora_up.weight"], "a LoRA"),
        (["unet.down_blocks.0.attn.lora_A.weight"], "a LoRA"),
        (["model.diffusion_model.double_blocks.0.img_attn.qkv.weight", VAE], "a FLUX transformer"),
        (["model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"], "an SD 3 transformer"),
        (["weight"], "other weights"),
        ([], "other weights"),
    ],
)
def test_a_file_is_described(keys, what):
    assert describe_contents(keys) == what


def test_what_to_give_instead():
    line = explain_missing_part("text_encoder_2", [UNET])
    assert line.startswith("holds a U-Net alone, but no text encoder, and an edit needs one: give the whole checkpoint")
    assert "nothing can be drawn without one (erasepro edit reads none)" in explain_missing_part("vae", [UNET, TEXT])
    assert "with this file's weights in its unet/" in explain_missing_part("text_encoder", ["down_blocks.0.x"])
