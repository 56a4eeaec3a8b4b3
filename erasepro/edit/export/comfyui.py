"""A minimal ComfyUI workflow beside a LoRA in kohya's layout, which loads it into the model and into CLIP.

It is in ComfyUI's API format, node → class and inputs by name. ComfyUI opens it when it is dropped into the window, and takes
it by HTTP too. The other format holds widgets by their order and nodes by their place, which change with its version.

A link is [node, output]. Outputs: CheckpointLoaderSimple MODEL 0, CLIP 1, VAE 2; LoraLoader MODEL 0, CLIP 1; else one, 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.concepts.safety.minors import mentions_minor
from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS, mentions_nudity
from erasepro.edit.meta import pairs_of

if TYPE_CHECKING:
    from erasepro.edit import Edit

CHECKPOINTS = {
    "sd_v1": ("v1-5-pruned-emaonly.safetensors", 512),
    "sd_v2": ("v2-1_768-ema-pruned.safetensors", 768),
    "sdxl_base_v1-0": ("sd_xl_base_1.0.safetensors", 1024),
}
"""kohya's base model → a checkpoint of that family by its usual name, which the user replaces by their own; pixels a side."""
HARMLESS = "a photo of a person"
"""The prompt where the target itself is not to be drawn."""


def workflow_path(target: Path) -> Path:
    """Where the workflow of a LoRA file lies: dog.safetensors → dog.comfyui.json."""
    return target.with_name(f"{target.stem}.comfyui.json")


def workflow_json(edit: Edit, family: str, lora_name: str) -> str:
    """The workflow's file."""
    return json.dumps(make_workflow(edit, family, lora_name), indent=2, ensure_ascii=False) + "\n"


def make_workflow(edit: Edit, family: str, lora_name: str) -> dict[str, Any]:
    """Nodes by their number.

    Args:
        edit: its first target is the prompt, unless that is sensitive.
        family: kohya's name of the base model.
        lora_name: the file's name in ComfyUI's folder of LoRAs.
    """
    checkpoint, side = CHECKPOINTS.get(family, CHECKPOINTS["sd_v1"])
    sampler = {"seed": 0, "steps": 25, "cfg": 7.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
    wires = {"model": ["2", 0], "positive": ["3", 0], "negative": ["4", 0], "latent_image": ["5", 0]}
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("CheckpointLoaderSimple", "The base model that was edited", {"ckpt_name": checkpoint}),
        (
            "LoraLoader",
            "The erasure: model and CLIP",
            {"lora_name": lora_name, "strength_model": 1.0, "strength_clip": 1.0, "model": ["1", 0], "clip": ["1", 1]},
        ),
        ("CLIPTextEncode", "Prompt", {"text": _prompt(edit), "clip": ["2", 1]}),
        ("CLIPTextEncode", "Negative prompt", {"text": "", "clip": ["2", 1]}),
        ("EmptyLatentImage", "Size", {"width": side, "height": side, "batch_size": 1}),
        ("KSampler", "Sampler", sampler | wires),
        ("VAEDecode", "Decode", {"samples": ["6", 0], "vae": ["1", 2]}),
        ("SaveImage", "Save", {"filename_prefix": "erased", "images": ["7", 0]}),
    ]
    return {
        str(number): {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}
        for number, (kind, title, inputs) in enumerate(nodes, start=1)
    }


def _prompt(edit: Edit) -> str:
    """A sentence about the first target, where that may be drawn."""
    kind = edit.meta.get("concepts", {}).get("kind", "instance")
    names = [name for pair in pairs_of(edit.meta) for name in pair]
    if not names or kind in SENSITIVE_KINDS or mentions_nudity(names) or any(map(mentions_minor, names)):
        return HARMLESS
    return f"a painting by {names[0]}" if kind == "style" else f"a photo of {names[0]}"
