"""The trained miniature: its LoRA and its exported folder draw what the applied edit draws, and it is the anchor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import erasepro
from erasepro.concepts.load import load_concepts
from erasepro.edit.export import export_edit
from erasepro.models.load import MINIATURE
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.runs.resolve import resolve
from erasepro.solvers import make_solver

pytest.importorskip("peft")
PROMPTS = ["a photo of a dog", "a photo of a castle"]


def pictures(pipe):
    seeds = [torch.Generator().manual_seed(i) for i in range(len(PROMPTS))]
    done = pipe(PROMPTS, generator=seeds, num_inference_steps=8, guidance_scale=3.0, output_type="pt")
    return done.images.numpy()


@pytest.mark.ci_slow
def test_lora_and_folder_draw_what_apply_draws(tmp_path):
    model = erasepro.load_model("miniature")
    # a small change, so that a picture tells the loader's faults from float32's rounding
    spec = resolve(["templates=known", "concepts=mini/pair_dog"])
    stiff = {"independence_threshold": 0.6, "preserve": {"captions": 40, "ridge": 3e-3, "tokens": "all"}}
    prompts = make_edit_prompts(load_concepts(spec.concepts, "miniature"), spec.sentences)
    edit = make_solver("erasepro", {"text_fit": stiff, "cross_attention_fit": stiff}).solve(model, prompts)
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
