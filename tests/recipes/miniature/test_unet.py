"""The denoiser's phases: each has its steps and its turn, and a later one goes on from an earlier one's weights."""

import torch
from safetensors.torch import load_file

from erasepro.recipes.miniature import __main__ as recipe
from erasepro.recipes.miniature import unet
from erasepro.recipes.miniature.latents import Bank


def test_every_phase_is_a_part_of_the_recipe_after_the_one_it_starts_from():
    for name, phase in unet.PHASES.items():
        assert phase.name == name
        assert recipe.STEPS[name] > 0
        assert phase.start is None or recipe.PARTS.index(phase.start) < recipe.PARTS.index(name)


def test_a_later_phase_goes_on_from_the_earlier_weights(tmp_path, monkeypatch):
    g = torch.Generator().manual_seed(0)
    bank = Bank(torch.randn(4, 16, 8, 8, generator=g), torch.randn(4, 2, 32, 256, generator=g), torch.zeros(32, 256))
    monkeypatch.setattr(unet, "make_bank", lambda work, **options: bank)
    first = load_file(str(unet.train(tmp_path, steps=1, batch=2)))
    second = load_file(str(unet.train(tmp_path, steps=1, phase="tuned", batch=2)))
    moved = max(float((second[k] - v).abs().max()) for k, v in first.items())
    assert 0 < moved < 1e-3  # one step of warm-up away, not newly drawn
