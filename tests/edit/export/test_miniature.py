"""The trained miniature: its LoRA and its exported folder draw what the applied edit draws, and it is the anchor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import erasepro
from erasepro.edit.export import export_edit
from erasepro.models.load import MINIATURE

pytest.importorskip("peft")
PROMPTS = ["a photo of a dog", "a photo of a castle"]


def pictures(pipe):
    seeds = [torch.Generator().manual_seed(i) for i in range(len(PROMPTS))]
    done = pipe(PROMPTS, generator=seeds, num_inference_steps=8, guidance_scale=3.0, output_type="pt")
    return done.images.numpy()


@pytest.mark.ci_slow
def test_lora_and_folder_draw_what_apply_draws(tmp_path):
    model = erasepro.load_model("miniature")
    edit = erasepro.erase(model, {"dog": "cat"})
    before = pictures(model.pipe)
    edit.apply(model.pipe)
    erased = pictures(model.pipe)
    edit.revert(model.pipe)
    assert np.abs(erased - before)[0].max() > 0.1

    export_edit(edit, tmp_path / "lora", format="lora")
    model.pipe.load_lora_weights(tmp_path / "lora")
    assert np.abs(pictures(model.pipe) - erased).max() < 1e-4  # float32 sums in another order, through eight steps
    model.pipe.unload_lora_weights()
    assert np.array_equal(pictures(model.pipe), before)

    # The folder keeps the stored precision, float16.
    made = export_edit(edit, tmp_path / "whole", format="diffusers", base=MINIATURE)
    whole = erasepro.load_model(str(made.path))
    assert np.abs(pictures(whole.pipe) - erased).max() < 0.03  # weights rounded to float16, as stored
    assert whole.weights_hash != model.weights_hash
