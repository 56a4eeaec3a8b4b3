"""EMCID and AlphaEdit against naive transcriptions that run the whole encoder, with hooks, once per block."""

import copy

import pytest
import torch

from erasepro.errors import UserError
from erasepro.models.features.columns import pair_columns, preserve_columns
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.sites import text_sites
from erasepro.solvers import make_solver

PAIRS = (("dog", "cat"), ("apple", "pear"))
CAPTIONS = tuple(
    f"a {a} {b} on a {c} background" for a in ("big", "red") for b in ("bird", "house") for c in ("pink", "grey")
)


def fc2_input_and_block_output(encoder, tokenizer, texts, path, last_path):
    """What enters fc2 at `path` and what leaves the block at `last_path` (B, T, d), by one whole forward pass."""
    found = {}
    hooks = [
        encoder.get_submodule(path).register_forward_pre_hook(lambda _, args: found.update(x=args[0])),
        encoder.get_submodule(last_path).register_forward_hook(
            lambda _, __, out: found.update(h=out[0] if isinstance(out, tuple) else out)
        ),
    ]
    with torch.no_grad():
        encoder(token_ids(tokenizer, texts))
    for hook in hooks:
        hook.remove()
    return found["x"].double(), found["h"].double()


def naive(model, build, blocks, update, average):
    """Edit the blocks in turn on a copy of the encoder; `update(K, R, captions' inputs)` is one block's ΔW.

    average: a concept's prompts give one column, their mean.
    """
    original, tokenizer = model.pipe.text_encoder, model.pipe.tokenizer
    edited = copy.deepcopy(original)
    columns = pair_columns(tokenizer, build.pairs, "last_subject")
    targets, anchors = [p.target_prompt for p in build.pairs], [p.anchor_prompt for p in build.pairs]
    kept, _ = preserve_columns(tokenizer, token_ids(tokenizer, build.preserve), "text")
    paths = {s.depth: s.path for s in text_sites(model.pipe)}
    last = paths[blocks[-1]].rpartition(".mlp")[0]
    changes = {}
    for i, block in enumerate(blocks):
        x, h = fc2_input_and_block_output(edited, tokenizer, targets, paths[block], last)
        _, z = fc2_input_and_block_output(original, tokenizer, anchors, paths[block], last)
        k0, _ = fc2_input_and_block_output(original, tokenizer, build.preserve, paths[block], last)
        K = columns.target.gather(x)
        R = (columns.anchor.gather(z) - columns.target.gather(h)) / (len(blocks) - i)
        if average:
            K, R = (
                [F[:, [c == p.target for c in columns.concepts]].mean(1) for p in build.concepts.pairs] for F in (K, R)
            )
            K, R = torch.stack(K, dim=1), torch.stack(R, dim=1)
        change = update(K, R, kept.gather(k0))
        changes[f"text_encoder.{paths[block]}"] = change
        with torch.no_grad():
            edited.get_submodule(paths[block]).weight += change
    return changes


def compare(model, build, solver, update, average=False):
    edit = make_solver(solver["name"], solver).solve(model, build)
    blocks = edit.meta["blocks"]
    want = naive(model, build, blocks, update, average)
    assert set(edit.updates) == set(want)
    for name, change in want.items():
        assert float(change.norm()) > 1e-6
        assert float((edit.updates[name].dense() - change).norm() / change.norm()) < 1e-8, name
    return blocks


@pytest.mark.parametrize("average", [True, False])
def test_emcid(any_model, make_build, average):
    alpha, w = (3.0, 0.25)
    build = make_build(pairs=PAIRS, preserve=CAPTIONS)

    def update(K, R, kept):
        cov = kept @ kept.T / kept.shape[1]
        cov = cov + 1e-4 * cov.trace() / len(cov) * torch.eye(len(cov), dtype=cov.dtype)
        inner = alpha * cov * (1 - w) / 0.5 + K @ K.T * w / 0.5
        return (w / 0.5) * R @ K.T @ torch.linalg.inv(inner)

    solver = {"name": "emcid", "alpha": alpha, "weight": w, "average": average}
    with_few = make_build(pairs=PAIRS, preserve=CAPTIONS[:2])
    with pytest.raises(UserError, match=r"solver=emcid: .*preserve more texts"):
        make_solver(solver["name"], solver | {"ridge": 0.0}).solve(any_model, with_few)
    compare(any_model, build, solver, update, average)


def test_a_mean_of_several_tokens_is_refused(any_model, make_build):
    with pytest.raises(UserError, match=r"last_subject or eot; got 'last_to_eos': set solver\.average=false"):
        make_solver("emcid", {"token_policy": "last_to_eos"}).solve(any_model, make_build(pairs=PAIRS))


def test_alphaedit(any_model, make_build):
    build = make_build(pairs=PAIRS, preserve=CAPTIONS)

    def update(K, R, kept):
        values, vectors = torch.linalg.eigh(kept @ kept.T / kept.shape[1])
        P = vectors[:, values < 1e-3] @ vectors[:, values < 1e-3].T
        return torch.linalg.solve(P @ K @ K.T + 10 * torch.eye(len(K), dtype=K.dtype), P @ K @ R.T).T

    blocks = compare(any_model, build, {"name": "alphaedit", "threshold": 1e-3}, update)
    assert blocks == ([1] if any_model.name == "tiny64" else [4, 5, 6])
