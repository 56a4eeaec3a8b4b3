"""What a single safetensors file is, told by the names of its tensors: a whole checkpoint, or a part or another thing."""

from __future__ import annotations

from collections.abc import Collection

UNET = "model.diffusion_model."
PREFIXES = {
    "U-Net": (UNET,),
    "text encoder": ("cond_stage_model.", "conditioner."),
    "VAE": ("first_stage_model.",),
}
"""Part of a checkpoint in the original layout → how the names of its tensors begin."""
COMPONENTS = {"unet": "U-Net", "text_encoder": "text encoder", "text_encoder_2": "text encoder", "vae": "VAE"}
OTHERS = (
    (("double_blocks.", f"{UNET}double_blocks."), "a FLUX transformer"),
    (("joint_blocks.", f"{UNET}joint_blocks."), "an SD 3 transformer"),
    (("input_blocks.", "output_blocks."), "a U-Net alone (without the prefix of a whole checkpoint)"),
    (("down_blocks.", "up_blocks."), "a U-Net alone (in diffusers' layout)"),
    (("decoder.up.", "decoder.up_blocks."), "a VAE alone"),
    (("text_model.", "encoder.layers.", "encoder.block.", "transformer.resblocks."), "a text encoder alone"),
)
"""How names begin in files that are no checkpoint of the original layout, and what such a file is; the first match counts."""


def describe_contents(keys: Collection[str]) -> str:
    """What a file with tensors of these names is: "a U-Net alone", "a U-Net and a VAE", "a LoRA", "other weights"."""
    if any("lora_" in key or ".lora." in key for key in keys):
        return "a LoRA"
    for starts, what in OTHERS:
        if any(key.startswith(starts) for key in keys):
            return what
    held = [f"a {part}" for part, starts in PREFIXES.items() if any(key.startswith(starts) for key in keys)]
    if len(held) < 2:
        return f"{held[0]} alone" if held else "other weights"
    return f"{', '.join(held[:-1])} and {held[-1]}"


def explain_missing_part(component: str, keys: Collection[str]) -> str:
    """What a file holds that lacks a component, and what to give instead; after its name."""
    part = COMPONENTS.get(component, component)
    what = describe_contents(keys)
    why = "nothing can be drawn without one (erasepro edit reads none)" if part == "VAE" else "an edit needs one"
    own = "unet" if "U-Net" in what else "vae" if "VAE" in what else None
    where = f", with this file's weights in its {own}/" if own and "diffusers" in what else ""
    return (
        f"holds {what}, but no {part}, and {why}: give the whole checkpoint (U-Net, text encoder and VAE in one file), or as "
        f"model.source the folder of the pipeline in diffusers' layout{where}."
    )
