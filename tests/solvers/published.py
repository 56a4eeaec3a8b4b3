"""The model that published functions were run on, and the comparison of a preset's weights with what they gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.edit import Edit
from erasepro.models.base import Model
from erasepro.models.sites import cross_attention_sites, module, site_module
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.runs.resolve import resolve
from erasepro.solvers import make_solver

FIXTURES = Path(__file__).parent / "fixtures"
SEED = 2024
PAIRS = (("dog", "grumpy cat"), ("yellow bird", "house"))
"""One word to two, and two to one."""
NAMES = ("red car", "tree", "horse", "van gogh", "bus")
TEMPLATES = ("a photo of a {}", "{} on a red background", "a small {} and a tree")
CAPTIONS = tuple(
    f"{a} {b} {c} {d}"
    for a in ("a painting of a", "red art by", "the green")
    for b in ("horse", "monet", "person")
    for c in ("with an", "in the")
    for d in ("apple", "sunny day", "house", "bus")
)
TOLERANCE = 1e-6


def published_model() -> Model:
    """A small Stable Diffusion in float64; its text encoder, keys and values come from numpy, alike on every machine."""
    pipe = tiny_pipeline(blocks=5)
    pipe.text_encoder.double()
    pipe.unet.double()
    rng = np.random.default_rng(SEED)
    shaped = list(pipe.text_encoder.named_parameters())
    shaped += [(site.name, module(pipe, site).weight) for site in cross_attention_sites(pipe)]
    for name, p in shaped:
        draw = torch.from_numpy(rng.standard_normal(tuple(p.shape)))
        scale = p.shape[-1] ** -0.5 if p.ndim == 2 else 0.1
        with torch.no_grad():
            p.copy_(draw * scale + float(p.ndim == 1 and name.endswith("weight")))
    return Model(pipe, "published", "random", weights_hash(pipe))


def published_prompts(
    names: tuple[str, ...] = NAMES,
    pairs: tuple[tuple[str, str], ...] = PAIRS,
    preserve: tuple[str, ...] = CAPTIONS,
    templates: tuple[str, ...] = TEMPLATES,
) -> EditPrompts:
    """The concepts, the sentences about them, names and captions to retain."""
    concepts = ConceptSet("published", "instance", tuple(ConceptPair(*pair) for pair in pairs), names)
    rows = [PromptPair(t.format(p.target), t.format(p.anchor), p) for p in concepts.pairs for t in templates]
    return EditPrompts(concepts, tuple(rows), preserve)


def preset_edit(model: Model, preset: str, prompts: EditPrompts, **options: Any) -> Edit:
    """The edit of a stored solver option, as `solver=PRESET` reads it, with these keys set otherwise."""
    settings = resolve([f"solver={preset}"]).stored.at("solver")
    return make_solver(settings["name"], settings | options).solve(model, prompts)


def published_weights(fixture: str, case: str) -> dict[str, Tensor]:
    """Site name → the weight that the authors' function gave."""
    stored = load_file(FIXTURES / f"{fixture}.safetensors")
    return {key.removeprefix(f"{case}/"): W for key, W in stored.items() if key.startswith(f"{case}/")}


def largest_difference(model: Model, edit: Edit, expected: dict[str, Tensor]) -> float:
    """The largest relative difference of the edited weights; all sites must be the same, and each must have changed."""
    assert set(edit.updates) == set(expected)
    differences = []
    for name, want in expected.items():
        W_o = site_module(model.pipe, name).weight.detach()
        assert float((want - W_o).norm() / W_o.norm()) > 1e-3, f"{name} is not edited"
        differences.append(float((edit.updates[name].apply_to(W_o) - want).norm() / want.norm()))
    return max(differences)
