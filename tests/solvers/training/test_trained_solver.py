"""What a training says of its work before it begins: the passes of the denoiser, counted."""

from __future__ import annotations

import pytest

from erasepro.solvers import make_solver

QUICK = {"steps": 6, "sampling_steps": 3, "learning_rate": 1e-4, "batch_size": 2}
CASES = {
    "esd_x": {},
    "race": {"start_steps": 4, "inner_steps": 3},
    "ac": {"anchor_pictures": 4},
    "ace": {"prior_scale": "one", "with_prior_latent": True},
}


@pytest.mark.parametrize("name", CASES)
def test_passes_are_counted_as_they_are_made(name, shared_model, build, monkeypatch):
    """To the parts of drawings, whose lengths are drawn: a step of each is the longest or none."""
    solver = make_solver(name, {**QUICK, **CASES[name]})
    counted = [0.0]
    unet = type(shared_model.pipe.unet)
    plain = unet.forward

    def forward(self, sample, *rest, **keys):
        out = plain(self, sample, *rest, **keys)
        trained = out.sample.requires_grad
        counted[0] += len(sample) * (3 if trained else 1)
        return out

    monkeypatch.setattr(unet, "forward", forward)
    solver.solve(shared_model, build)
    assert counted[0] == pytest.approx(solver.passes(build), rel=0.3)
    assert solver.work(build).startswith(f"trains {10 if name == 'race' else 6} steps, about ")


def test_a_closed_form_says_nothing(build):
    assert make_solver("uce").work(build) == ""


def test_teas_passes_are_of_the_text_encoder(build):
    solver = make_solver("tea", {"epochs": 3, "batch_size": 1})
    assert solver.work(build) == f"trains 6 steps, about {6 * (3 + 5 + 4)} passes of the text encoder"
