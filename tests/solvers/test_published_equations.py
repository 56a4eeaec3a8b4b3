"""Presets whose code has no licence, or a bug that is not followed, against dense transcriptions of what they are to solve.

The columns are counted out here from the token ids, at one word → two words and at two → one; nothing of the package pairs
them.
"""

import pytest
import torch

from erasepro.models.sites import cross_attention_sites, module
from tests.solvers.published import (
    CAPTIONS,
    NAMES,
    PAIRS,
    TEMPLATES,
    TOLERANCE,
    largest_difference,
    preset_edit,
    published_model,
    published_prompts,
)

inv, eye = torch.linalg.inv, lambda n: torch.eye(n, dtype=torch.float64)
LENGTH = 32


@pytest.fixture(scope="module")
def model():
    return published_model()


@pytest.fixture(scope="module")
def read(model):
    """text → its ids without paddings, and its hidden states (LENGTH, d)."""
    pipe, texts = model.pipe, {}

    def states(text):
        if text not in texts:
            ids = pipe.tokenizer(text).input_ids
            padded = pipe.tokenizer(text, padding="max_length", max_length=LENGTH, return_tensors="pt").input_ids
            with torch.no_grad():
                texts[text] = ids, pipe.text_encoder(padded)[0][0]
        return texts[text]

    return states


def sentences():
    return [(t.format(target), t.format(anchor)) for target, anchor in PAIRS for t in TEMPLATES]


def gather(read, pairs, positions):
    """X, Y (d, n): `positions(ids, ids of the anchor)` lists the aligned positions of two texts."""
    X, Y = [], []
    for target, anchor in pairs:
        (a, x), (b, y) = read(target), read(anchor)
        for i, j in positions(a, b):
            X.append(x[i])
            Y.append(y[j])
    return torch.stack(X, dim=1), torch.stack(Y, dim=1)


def check(model, preset, want, kinds=("attn2.to_k", "attn2.to_v"), prompts=None, **options):
    edit = preset_edit(model, preset, prompts or published_prompts(), **options)
    expected = {s.name: want(module(model.pipe, s).weight.detach()) for s in cross_attention_sites(model.pipe, kinds)}
    assert largest_difference(model, edit, expected) < TOLERANCE
    return edit


def from_last_word(a, b):
    """The token before EOS and what follows it, as far as the longer text has paddings."""
    first, other = len(a) - 2, len(b) - 2
    return [(first + k, other + k) for k in range(LENGTH - max(first, other))]


def around(a, b):
    """What both texts begin with, what both end with, and as many paddings as the longer text has."""
    begin = 0
    while a[begin] == b[begin]:
        begin += 1
    end = 0
    while end < min(len(a), len(b)) - begin and a[-1 - end] == b[-1 - end]:
        end += 1
    pads = LENGTH - max(len(a), len(b))
    return [(i, i) for i in range(begin)] + [(len(a) - end + k, len(b) - end + k) for k in range(end + pads)]


@pytest.mark.parametrize("preset", ["mace_cfr", "mace_cfr_celebrity", "mace_cfr_nudity"])
def test_mace(model, read, preset):
    X, Y = gather(read, sentences(), around)
    ids, _ = read("a photo of a yellow bird")
    other, _ = read("a photo of a house")
    assert len(ids) == len(other) + 1
    K = torch.cat([read(text)[1].T for text in CAPTIONS], dim=1)
    lam, s = {"mace_cfr": (1e3, 0), "mace_cfr_celebrity": (0, 1e-4), "mace_cfr_nudity": (0, 7e-7)}[preset]

    def want(W):
        left = lam * W + (W @ Y) @ X.T + s * W @ K @ K.T
        return left @ inv(lam * eye(len(X)) + X @ X.T + s * K @ K.T)

    check(model, preset, want)


def test_mace_takes_a_word_of_both_names_for_context(model, read):
    pairs = (("red dog", "red cat"),)
    X, Y = gather(read, [(t.format("red dog"), t.format("red cat")) for t in TEMPLATES], around)
    assert X.shape[1] == len(TEMPLATES) * (LENGTH - 1)
    prompts = published_prompts(pairs=pairs)
    check(model, "mace_cfr", lambda W: (1e3 * W + W @ Y @ X.T) @ inv(1e3 * eye(len(X)) + X @ X.T), prompts=prompts)


def test_trce(model, read):
    """Corrected: s once, and the first end of text as the tokens have it."""
    X, Y = gather(read, sentences(), lambda a, b: [(len(a) - 1, len(b) - 1)])
    K = torch.cat([read(text)[1].T for text in CAPTIONS], dim=1)
    n, s = X.shape[1], 0.01 / len(CAPTIONS)
    check(model, "trce_text", lambda W: (W @ Y @ X.T / n + s * W @ K @ K.T) @ inv(X @ X.T / n + s * K @ K.T))


@pytest.mark.parametrize("preset", ["ace_zero", "ace_zero_many"])
def test_ace_zero(model, read, preset):
    """The first batch: nothing was erased before, so the cache of the many-concepts script is zero."""
    X, Y = gather(read, PAIRS, from_last_word)
    K = torch.stack([read(text)[1][len(read(text)[0]) - 1] for text in CAPTIONS], dim=1)  # first end of text
    share, l, lam = {"ace_zero": (300 / 768, 1.0, 0.5), "ace_zero_many": (400 / 768, 0.1, 20.0)}[preset]
    d = len(X)
    U = torch.linalg.svd(K @ K.T).U[:, d - round(share * d) :]
    P = U @ U.T
    prompts = published_prompts(names=CAPTIONS)
    check(
        model,
        preset,
        lambda W: W + l * (W @ Y - W @ X) @ X.T @ P @ inv(l * X @ X.T @ P + lam * eye(d)),
        prompts=prompts,
    )


def test_oce(model, read):
    """Corrected: no column of the rotation is turned round where its determinant is negative."""
    X, Y = gather(read, PAIRS, lambda a, b: [(len(a) - 2, len(b) - 2)])
    K = torch.stack([read(text)[1][len(read(text)[0]) - 2] for text in NAMES], dim=1)
    G_all = torch.cat([read(text)[1][: len(read(text)[0])].T for text in CAPTIONS], dim=1)  # BOS to EOS, no paddings
    C_g = G_all @ G_all.T / G_all.shape[1]

    def want(W):
        E, G = torch.linalg.qr(W @ X).Q, torch.linalg.qr(W @ Y).Q
        M = -E @ E.T @ (eye(len(W)) - G @ G.T) + 0.3 * W @ K @ K.T @ W.T + 0.5 * W @ C_g @ W.T + 1.5 * W @ W.T
        U, _, Vh = torch.linalg.svd(M)
        return U @ Vh @ W

    check(model, "oce", want, kinds=("attn2.to_v",))
