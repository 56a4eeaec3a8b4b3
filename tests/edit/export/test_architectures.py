"""The LoRA of every kind of pipeline, loaded back with diffusers: the same pictures as the applied edit."""

from __future__ import annotations

import json

import pytest

import erasepro
from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.models.base import Model
from tests.models.pipelines import BUILDERS, build, draw

pytest.importorskip("peft")
PROMPT = "a photo of a dog"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=() if n in ("sdxl", "flux") else pytest.mark.ci_slow)
        for n in BUILDERS
        if n not in ("stable-diffusion", "sd3-without-t5")
    ],
)
def test_lora_draws_what_apply_draws(name, tmp_path):
    pipe = build(name)
    edit = erasepro.erase(Model(pipe, name, name, ""), {"dog": "cat"}, solver="erasepro", **LIGHT)
    original = draw(name, pipe, PROMPT)
    edit.apply(pipe)
    erased = draw(name, pipe, PROMPT)
    edit.revert(pipe)
    export_edit(
        edit, tmp_path / "lora", format="lora", rank=128
    )  # these layers are so small that their changes are dense
    if hasattr(pipe, "load_lora_weights"):
        pipe.load_lora_weights(tmp_path / "lora")
        if name == "wan-two-experts":
            pipe.load_lora_weights(tmp_path / "lora" / "transformer_2", load_into_transformer_2=True)
    else:  # diffusers has no LoRA loader for PixArt: peft itself
        load_with_peft(pipe.transformer, tmp_path / "lora" / "pytorch_lora_weights.safetensors")
    loaded = draw(name, pipe, PROMPT)
    change = float((erased - original).abs().max())
    assert change > 0
    assert float((loaded - erased).abs().max()) < max(2e-5, 2e-3 * change)  # float32 sums in another order


LIGHT = {key: {"preserve": {"kind": "ridge"}} for key in ("text_fit", "cross_attention_fit")}


def load_with_peft(transformer, path):
    """A LoRA of a transformer, read by peft: the file's own names, ranks and alphas."""
    from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        told = json.loads(file.metadata()["lora_adapter_metadata"])
        state = {k.removeprefix("transformer."): file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    config = LoraConfig(**{k.removeprefix("transformer."): v for k, v in told.items()})
    inject_adapter_in_model(config, transformer)
    set_peft_model_state_dict(transformer, state)


def test_a_single_file_has_no_place_for_a_transformer(tmp_path):
    pipe = build("flux")
    edit = erasepro.erase(Model(pipe, "flux", "flux", ""), {"dog": "cat"}, solver="uce")
    with pytest.raises(UserError, match=r"no place for 'transformer\.context_embedder': use format=diffusers"):
        export_edit(edit, tmp_path / "file.safetensors", format="single_file", base=tmp_path)
    assert not list(tmp_path.iterdir())
