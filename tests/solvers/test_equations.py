"""Every cross-attention method against a naive dense float64 transcription of its published equation."""

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.errors import UserError
from erasepro.models.features.columns import pair_columns, preserve_columns
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.sites import cross_attention_sites, module
from erasepro.solvers import make_solver
from erasepro.solvers.closed_form.speed import refined

PAIRS = (("dog", "cat"), ("apple", "pear"))
NAMES = ("bird", "house", "tree")
CAPTIONS = tuple(
    f"a {a} {b} on a {c} background"
    for a in ("big", "red", "small", "blue")
    for b in NAMES
    for c in ("green", "pink", "grey")
)
inv, pinv, eye = torch.linalg.inv, torch.linalg.pinv, lambda n: torch.eye(n, dtype=torch.float64)


def states(pipe, texts):
    with torch.no_grad():
        return pipe.text_encoder(token_ids(pipe.tokenizer, texts))[0].double()  # (B, T, d)


def read(pipe, pairs, policy):
    """X, Y (d, n) straight from the whole encoder."""
    columns = pair_columns(pipe.tokenizer, pairs, policy)
    x, y = (states(pipe, [getattr(p, f"{side}_prompt") for p in pairs]) for side in ("target", "anchor"))
    return columns.target.gather(x), columns.anchor.gather(y)


def kept(pipe, texts, tokens):
    ids = token_ids(pipe.tokenizer, texts)
    return preserve_columns(pipe.tokenizer, ids, tokens)[0].gather(states(pipe, texts))


def bare(build, empty=False):
    return [PromptPair(p.target, "" if empty else p.anchor, ConceptPair(p.target, "" if empty else p.anchor))
            for p in build.concepts.pairs]  # fmt: skip


def check(model, build, solver, want, kinds=("attn2.to_k", "attn2.to_v")):
    """want(W) → the edited weight; relative error over all sites ≤ 1e-8."""
    edit = make_solver(solver["name"], solver).solve(model, build)
    sites = cross_attention_sites(model.pipe, kinds)
    assert set(edit.updates) == {s.name for s in sites}
    for site in sites:
        W = module(model.pipe, site).weight.detach()
        expected = want(W)
        change = edit.updates[site.name].dense()
        assert float((expected - W).norm()) > 1e-6
        assert float((W + change - expected).norm() / expected.norm()) < 1e-8, site.name
    return edit


def least_squares(W, X, V, s, C, lam, K_cost):
    """(λW + s Σ v xᵀ + W C)(λI + s Σ x xᵀ + C)⁻¹ by plain sums and an inverse."""
    left, right = lam * W + W @ (C * K_cost), lam * eye(W.shape[1]) + C * K_cost
    for x, v in zip(X.T, V.T, strict=True):
        left, right = left + s * torch.outer(v, x), right + s * torch.outer(x, x)
    return left @ inv(right)


@pytest.mark.parametrize(("lam", "s"), [(1000.0, 0.0), (0.3, 0.01)])
def test_mace_refinement(any_model, make_build, lam, s):
    build = make_build(pairs=PAIRS)
    X, Y = read(any_model.pipe, build.pairs, "surrounding")
    K = kept(any_model.pipe, build.preserve, "all")
    solver = {"name": "mace_cfr", "ridge": lam, "preserve_scale": s}
    check(any_model, build, solver, lambda W: least_squares(W, X, W @ Y, 1.0, K @ K.T, lam, s))


def test_trce_text_stage(any_model, make_build):
    build = make_build(pairs=PAIRS, preserve=CAPTIONS)
    X, Y = read(any_model.pipe, build.pairs, "eot")
    K = kept(any_model.pipe, build.preserve, "all")
    n, C2 = X.shape[1], K @ K.T / len(CAPTIONS)

    def want(W):
        left, right = 1e-3 * W + 0.01 * W @ C2, 1e-3 * eye(len(C2)) + 0.01 * C2
        for x, y in zip(X.T, Y.T, strict=True):
            left, right = left + torch.outer(W @ y, x) / n, right + torch.outer(x, x) / n
        return left @ inv(right)

    check(any_model, build, {"name": "trce_text", "ridge": 1e-3}, want)


def test_trce_with_too_few_captions_is_one_clear_line(real_model, make_build):
    with pytest.raises(UserError, match=r"solver=trce_text: .*singular") as info:
        make_solver("trce_text").solve(real_model, make_build(pairs=PAIRS))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("cache", [False, True], ids=["one concept", "many concepts"])
def test_ace_zero(any_model, make_build, cache):
    build = make_build(pairs=PAIRS, preserve=CAPTIONS)
    X, Y = read(any_model.pipe, bare(build), "subject_to_common_end")
    K = kept(any_model.pipe, CAPTIONS, "text")  # so many that 300 of 768 directions are told apart
    d = len(X)
    U = torch.linalg.eigh(K @ K.T).eigenvectors[:, : round(300 / 768 * d)]
    P = U @ U.T
    l, lam2 = (0.1, 20.0) if cache else (1.0, 0.5)
    M = X @ X.T + (K @ K.T if cache else 0)
    solver = {"name": "ace_zero", "ridge": lam2 / l, "cache": cache, "preserve": "fitting", "preserve_tokens": "text"}
    want = lambda W: W + l * (W @ Y - W @ X) @ X.T @ P @ inv(l * M @ P + lam2 * eye(d))  # noqa: E731
    check(any_model, build, solver, want)


def test_double_projection(any_model, make_build):
    build = make_build(pairs=(("dog", "cat"),))
    X, Y = read(any_model.pipe, bare(build), "last_subject")
    K = kept(any_model.pipe, NAMES, "last")
    safe = Y @ pinv(Y.T @ Y) @ Y.T @ X
    S = K @ K.T / K.shape[1]
    values, vectors = torch.linalg.eigh(S)
    U2 = vectors[:, values < 0.01 * S.trace() / len(S)]
    x = U2.T @ X
    want = lambda W: W + W @ (safe - X) @ x.T @ U2.T / x.pow(2).sum()  # noqa: E731
    edit = check(any_model, build, {"name": "double_projection"}, want)
    assert edit.meta["directions"] == U2.shape[1]


def test_cure(any_model, make_build):
    build = make_build(pairs=PAIRS)
    X, _ = read(any_model.pipe, bare(build), "subject_to_end")
    K = kept(any_model.pipe, NAMES, "all")

    def P(A):
        U, s, _ = torch.linalg.svd(A, full_matrices=False)
        r = s**2 / (s**2).sum()
        return U @ torch.diag(2 * r / (r + 1)) @ U.T

    check(any_model, build, {"name": "cure"}, lambda W: W @ (eye(len(X)) - P(X) + P(X) @ P(K)))


def test_oce(any_model, make_build):
    build = make_build(pairs=PAIRS)
    X, Y = read(any_model.pipe, bare(build), "last_subject")
    K, general = kept(any_model.pipe, NAMES, "last"), kept(any_model.pipe, build.preserve, "text")

    def want(W):
        E, G = torch.linalg.qr(W @ X).Q, torch.linalg.qr(W @ Y).Q
        M = -E @ E.T @ (eye(len(W)) - G @ G.T) + 1.5 * W @ W.T
        M = M + 0.5 * W @ (general @ general.T / general.shape[1]) @ W.T
        for k in K.T:
            M = M + 0.3 * torch.outer(W @ k, W @ k)
        U, _, Vh = torch.linalg.svd(M)
        return U @ Vh @ W

    edit = check(any_model, build, {"name": "oce"}, want, kinds=("attn2.to_v",))
    for name, update in edit.updates.items():
        W = any_model.pipe.unet.get_submodule(name.removeprefix("unet.")).weight
        new = W + update.dense()
        assert torch.allclose(new.T @ new, W.T @ W, atol=1e-8)  # a rotation of the values


@pytest.mark.parametrize("epochs", [0, 2])
def test_rece(any_model, make_build, epochs):
    build = make_build(pairs=(("dog", "cat"),))
    pipe = any_model.pipe
    X, Y = read(pipe, bare(build, empty=True), "position")
    X_start, Y_start = read(pipe, bare(build, empty=True), "subject_to_common_end")
    K = kept(pipe, ("", *NAMES), "all")
    sites = cross_attention_sites(pipe)
    original = {s.name: module(pipe, s).weight.detach() for s in sites}
    KK = K @ K.T
    # the starting edit is UCE's: λ 0.5, s_p max(0.1, 1/#retained)
    current = {n: least_squares(W, X_start, W @ Y_start, 1.0, KK, 0.5, 0.25) for n, W in original.items()}
    for _ in range(epochs):
        right = 0.1 * eye(len(X)) + sum(W.T @ W for W in current.values())
        derived = inv(right) @ sum(current[n].T @ original[n] for n in current) @ X
        current = {n: least_squares(W, derived, W @ Y, 1.0, KK, 0.1, 0.1) for n, W in current.items()}
    edit = make_solver("rece", {"epochs": epochs}).solve(any_model, build)
    for name, W in original.items():
        error = (W + edit.updates[name].dense() - current[name]).norm() / current[name].norm()
        assert float(error) < 1e-8


@pytest.mark.parametrize("policy", ["last_subject", "position_after_start"])
@pytest.mark.parametrize("slack", [0.0, 0.5])
def test_speed(any_model, make_build, slack, policy):
    build = make_build(pairs=PAIRS)
    pipe = any_model.pipe
    X, Y = read(pipe, bare(build), policy)
    K = kept(pipe, NAMES, "last")
    d, n = len(X), len(PAIRS)
    S_tt, S_at = X @ X.T / n, Y @ X.T / n  # summed over a text's tokens, mean over the texts
    K2 = kept(pipe, [""], "all")[:, :1]  # no centres here: BOS alone

    def want(W):
        plain = W @ (S_at - S_tt) @ inv(S_tt + eye(d))
        moved = (plain @ K).norm(dim=0)
        chosen = K[:, moved >= moved.mean()]
        assert torch.equal(refined(W, plain, K, True, 0, 0), K)  # without copies nothing is filtered
        many = refined(W, plain, K, True, 4, 0)
        assert torch.equal(many[:, : chosen.shape[1]], chosen)
        assert chosen.shape[1] < many.shape[1] < 5 * chosen.shape[1]  # the copies are filtered as well
        v = torch.linalg.svd(W, full_matrices=False).Vh[-1]
        off = many[:, :, None] - K[:, None, :]  # (d, m', m)
        off = off - v[:, None, None] * torch.einsum("d,dij->ij", v, off)
        assert float(off.norm(dim=0).min(dim=1).values.max()) < 1e-9  # each is a text, or one along v
        U, s, _ = torch.linalg.svd(many @ many.T / many.shape[1])
        U = U[:, s < 1e-2]
        P, M = U @ U.T, None
        M = inv(S_tt @ P + eye(d))
        inner = inv(K2.T @ P @ M @ K2 + slack * eye(K2.shape[1]))
        return W + W @ (S_at - S_tt) @ P @ (eye(d) - M @ K2 @ inner @ K2.T @ P) @ M

    solver = {
        "name": "speed", "slack": slack, "threshold": 1e-2, "copies": 4, "centres": 0, "token_policy": policy,
    }  # fmt: skip
    edit = check(any_model, build, solver, want, kinds=("attn2.to_v",))
    if slack == 0:
        assert max(float((u.dense() @ K2).abs().max()) for u in edit.updates.values()) < 1e-9


@pytest.mark.parametrize(
    ("preserve", "retained", "tokens"),
    [(("Dog house", "tree", "tree"), ["tree"], "last"), (("a dog",), [""], "content")],
)
def test_speed_retains_no_text_that_names_a_target(make_build, preserve, retained, tokens):
    solver = make_solver("speed", {"preserve": "fitting"})
    texts = solver._retained(make_build(pairs=PAIRS, preserve=preserve))
    assert texts == retained
    assert solver._retained_tokens(texts) == tokens


def test_speed_keeps_centres_of_the_empty_prompt(any_model, make_build):
    edit = make_solver("speed", {"threshold": 1.0}).solve(any_model, make_build(pairs=PAIRS))
    assert 2 <= edit.meta["invariants"] <= 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "oce", "ridge": -1.0}, "solver.ridge must be 0 or more"),
        ({"name": "ace_zero", "free_fraction": 1.5}, "share of the directions"),
        ({"name": "rece", "epochs": -1}, "solver.epochs"),
        ({"name": "rece", "start": {"ridge": 0.0}}, "solver.start needs a positive ridge"),
        ({"name": "speed", "threshold": 0.0}, "solver.threshold must be positive"),
        ({"name": "speed", "mean_over": "text"}, "Did you mean 'texts'"),
        ({"name": "double_projection", "span": "anchor"}, "Did you mean 'anchors'"),
        ({"name": "cure", "alpha": float("nan")}, "solver.alpha"),
        ({"name": "mace_cfr", "ridge": 0.0}, "singular"),
        ({"name": "emcid", "weight": 1.0}, "solver.weight"),
        ({"name": "alphaedit", "threshold": 1e-30}, "solver=alphaedit: .*span all"),
        ({"name": "emcid", "blocks": [99]}, r"solver\.blocks must lie in 0"),
        ({"name": "emcid", "residual": "stat"}, "Did you mean 'state'"),
    ],
)
def test_bad_values_are_one_clear_line(shared_model, make_build, options, message):
    build = make_build(preserve=tuple(f"a {a} {b} {c}" for a in "abcdefgh" for b in NAMES for c in "xyz"))
    with pytest.raises(UserError, match=message) as info:
        make_solver(options["name"], options).solve(shared_model, build)
    assert "\n" not in str(info.value)
