"""The workflow beside a kohya file: every wire leads to a node's output of the right type, and CLIP passes the LoRA."""

import json
import re

import pytest

from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.edit.export.comfyui import CHECKPOINTS, HARMLESS, make_workflow

OUTPUTS = {
    "CheckpointLoaderSimple": ["MODEL", "CLIP", "VAE"],
    "LoraLoader": ["MODEL", "CLIP"],
    "CLIPTextEncode": ["CONDITIONING"],
    "EmptyLatentImage": ["LATENT"],
    "KSampler": ["LATENT"],
    "VAEDecode": ["IMAGE"],
    "SaveImage": [],
}
INPUTS = {
    "CheckpointLoaderSimple": {"ckpt_name": str},
    "LoraLoader": {"model": "MODEL", "clip": "CLIP", "lora_name": str, "strength_model": float, "strength_clip": float},
    "CLIPTextEncode": {"text": str, "clip": "CLIP"},
    "EmptyLatentImage": {"width": int, "height": int, "batch_size": int},
    "KSampler": {
        "model": "MODEL", "seed": int, "steps": int, "cfg": float, "sampler_name": str, "scheduler": str,
        "positive": "CONDITIONING", "negative": "CONDITIONING", "latent_image": "LATENT", "denoise": float,
    },
    "VAEDecode": {"samples": "LATENT", "vae": "VAE"},
    "SaveImage": {"images": "IMAGE", "filename_prefix": str},
}  # fmt: skip
"""ComfyUI's own declarations of these nodes."""


def check(workflow):
    """Every node has exactly its inputs, each of its type."""
    for node in workflow.values():
        inputs = INPUTS[node["class_type"]]
        assert set(node["inputs"]) == set(inputs)
        for name, kind in inputs.items():
            value = node["inputs"][name]
            if isinstance(kind, type):
                assert type(value) is kind, name
            else:
                number, slot = value
                assert OUTPUTS[workflow[number]["class_type"]][slot] == kind


def edit_of(target="dog", kind="instance"):
    return Edit({}, {"concepts": {"pairs": [[target, "cat"]], "kind": kind}})


@pytest.mark.parametrize("family", CHECKPOINTS)
def test_every_wire_leads_to_what_its_input_takes(family):
    workflow = make_workflow(edit_of(), family, "dog.safetensors")
    check(workflow)
    kinds = [node["class_type"] for node in workflow.values()]
    assert sorted(kinds) == sorted([*OUTPUTS, "CLIPTextEncode"])


def test_model_and_clip_pass_the_lora_and_nothing_goes_round_it():
    workflow = make_workflow(edit_of(), "sd_v1", "dog.safetensors")
    (lora,) = [number for number, node in workflow.items() if node["class_type"] == "LoraLoader"]
    inputs = workflow[lora]["inputs"]
    assert (inputs["lora_name"], inputs["strength_model"], inputs["strength_clip"]) == ("dog.safetensors", 1.0, 1.0)
    for node in workflow.values():
        if node["class_type"] == "CLIPTextEncode":
            assert node["inputs"]["clip"] == [lora, 1]
        if node["class_type"] == "KSampler":
            assert node["inputs"]["model"] == [lora, 0]


def test_the_prompt_is_the_target_unless_it_is_sensitive():
    def prompt(edit):
        return make_workflow(edit, "sd_v1", "x")["3"]["inputs"]["text"]

    assert prompt(edit_of()) == "a photo of dog"
    assert prompt(edit_of("Van Gogh", "style")) == "a painting by Van Gogh"
    for edit in (edit_of("x", "nudity"), edit_of("naked woman"), edit_of("a child"), Edit({})):
        assert prompt(edit) == HARMLESS


def test_it_lies_beside_the_file_and_is_json(sd1, tmp_path):
    export_edit(sd1.edit, tmp_path / "a dog.safetensors", "kohya")
    workflow = json.loads((tmp_path / "a dog.comfyui.json").read_text(encoding="utf-8"))
    check(workflow)
    assert workflow["2"]["inputs"]["lora_name"] == "a dog.safetensors"
    assert all(re.fullmatch(r"\d+", number) for number in workflow)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a dog.comfyui.json", "a dog.md", "a dog.safetensors"]
