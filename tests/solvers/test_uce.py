"""UCE against a dense transcription of its published update, and as a setting of the superset."""

import pytest
import torch

from erasepro.concepts.load import load_concepts
from erasepro.concepts.miniature.names import NAMES, STYLES
from erasepro.concepts.prompt_pairs import EditPrompts
from erasepro.config.schema import ConceptsConfig
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.sites import cross_attention_sites, module
from erasepro.solvers import make_solver

PAIRS = (("dog", "cat"), ("grumpy bird", "house"))


def embed(pipe, text):
    """The last token before EOS of a bare text (BOS for the empty one), as UCE's code finds it, and all positions."""
    with torch.no_grad():
        states = pipe.text_encoder(token_ids(pipe.tokenizer, [text]))[0][0].double()  # (T, d)
    return states[len(pipe.tokenizer(text).input_ids) - 2], states


def dense_uce(W, erased, kept, lam, s_e, s_p):
    """(λW + s_e Σ v* cᵀ + s_p Σ W c cᵀ)(λI + s_e Σ c cᵀ + s_p Σ c cᵀ)⁻¹ by plain sums and an inverse."""
    left, right = lam * W, lam * torch.eye(W.shape[1], dtype=W.dtype)
    for c, guide in erased:
        left = left + s_e * torch.outer(W @ guide, c)
        right = right + s_e * torch.outer(c, c)
    for c in kept:
        left = left + s_p * torch.outer(W @ c, c)
        right = right + s_p * torch.outer(c, c)
    return left @ torch.linalg.inv(right)


@pytest.mark.parametrize("guide", ["anchor", "empty"])
def test_equals_the_dense_transcription(double_model, make_build, guide):
    build = make_build(pairs=PAIRS)
    pipe = double_model.pipe
    solver = make_solver("uce", {"anchor_source": guide, "erase_scale": 2.0, "preserve_scale": 0.7})
    edit = solver.solve(double_model, build)
    erased = [
        (embed(pipe, p.target)[0], embed(pipe, "" if guide == "empty" else p.anchor)[0]) for p in build.concepts.pairs
    ]
    kept = [embed(pipe, text)[0] for text in build.concepts.preserve]
    sites = cross_attention_sites(pipe)
    assert set(edit.updates) == {s.name for s in sites}
    for site in sites:
        W = module(pipe, site).weight.detach()
        want = dense_uce(W, erased, kept, 0.5, 2.0, 0.7)
        assert torch.allclose(edit.updates[site.name].apply_to(W), want, atol=1e-8, rtol=0)
    assert 0.01 < edit.residuals["selected"] < 1  # the non-zero alignment residual


def test_published_setting(double_model, make_build):
    build, pipe = make_build(), double_model.pipe
    solver = make_solver(
        "uce",
        {
            "preserve_scale": None,
            "token_policy": "subject_to_end",
            "preserve_tokens": "all",
            "preserve_empty": True,
        },
    )
    edit = solver.solve(double_model, build)
    assert edit.meta["preserve_scale"] == 0.25  # "" and three names
    (_, dog), (_, cat) = embed(pipe, "dog"), embed(pipe, "cat")
    kept = [c for text in ("", *build.concepts.preserve) for c in embed(pipe, text)[1]]
    site = cross_attention_sites(pipe)[0]
    W = module(pipe, site).weight.detach()
    want = dense_uce(W, list(zip(dog[1:], cat[1:], strict=True)), kept, 0.5, 1.0, 0.25)
    assert torch.allclose(edit.updates[site.name].apply_to(W), want, atol=1e-8, rtol=0)


@pytest.mark.parametrize(
    ("given", "retained"),
    [
        (ConceptsConfig(pairs=[["dog", "cat"]]), set(NAMES) - {"dog"}),
        (ConceptsConfig(pairs=[["dog", "cat"]], preserve=["fox"]), {"fox"}),
        (ConceptsConfig(kind="style", pairs=[["ink", "noto"]]), {*NAMES, *STYLES} - {"ink"}),
    ],
    ids=["all others", "named ones", "styles and concepts"],
)
def test_an_empty_list_of_names_to_preserve_means_all_others(shared_model, given, retained):
    build = EditPrompts(load_concepts(given, "miniature"), (), ())
    solver = make_solver("uce")
    assert set(solver._retained(build)) == retained
    assert solver.solve(shared_model, build).meta["retained"] == len(retained)
    assert make_solver("uce", {"preserve": "none"})._retained(build) == []


def test_is_the_neither_setting_of_erasepro(double_model, make_build):
    names = ("bird", "house", "tree")
    build = make_build(templates=("{}",), preserve=names, pairs=(("dog", "cat"), ("apple", "pear")))
    rival = make_solver("uce", {"ridge": 0.5, "erase_scale": 3.0, "preserve_scale": 0.2})
    uce = rival.solve(double_model, build)
    neither = make_solver(
        "erasepro",
        {
            "schedule": {"name": "cross_attention_only"},
            "cross_attention_token_policy": "last_subject",
            "preserve_dtype": "float64",
            "cross_attention_fit": {
                "residual": "soft",
                "mu": 3.0,
                "preserve": {
                    "kind": "gram", "ridge": 0.5, "relative": False, "scale": 0.2, "mean": False, "tokens": "last",
                    "weights": "count",
                },
            },
        }
    ).solve(double_model, build)  # fmt: skip
    assert set(uce.updates) == set(neither.updates)
    for name, update in uce.updates.items():
        assert torch.allclose(update.dense(), neither.updates[name].dense(), atol=1e-8, rtol=0)
