"""SPEED (arXiv 2503.07392): erasure inside the null space of a refined set of what is retained; values only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor

from erasepro.linalg import Cost, Solution, Statistics, null_basis, orthogonal_complement_in, projected
from erasepro.models.features.locate import find_words
from erasepro.models.sites import Site
from erasepro.solvers.configs.speed import SPEEDConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionSolver, Features
from erasepro.solvers.engine.cross_attention_pass import SiteSolver
from erasepro.solvers.registry import SOLVERS

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts


@SOLVERS.register("speed", SPEEDConfig)
class SPEED(CrossAttentionSolver[SPEEDConfig]):
    """Null-space erasure of values with prior filtering, directed augmentation and invariants (arXiv 2503.07392).

    ΔW = W_o(S_at − S_tt) P [I − M K₂(K₂ᵀPMK₂ + λI)⁻¹K₂ᵀP] M with M = (S_tt P + ρI)⁻¹, S_tt = Σ X Xᵀ and S_at = Σ Y Xᵀ over
    the number of texts: the penalised solve inside span U, which at λ = 0 is also kept off K₂ (BOS and centres of the
    empty prompt). Plain erasure, by which texts are chosen, is W_o(S_at − S_tt)(S_tt + I)⁻¹.

    Retained texts that name a target are left out; where none is left, the empty prompt is retained at every token but BOS.
    Its code compares copies with the mean of 128 retained texts at a time, in a random order; here it is the mean of all.
    """

    version = 2
    kinds = ("attn2.to_v",)

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        config = self.config
        count = features.texts if config.mean_over == "texts" else features.X.shape[1]
        X, K = features.X / count**0.5, features.K  # X Xᵀ = S_tt
        R = features.Y / count**0.5 - X
        fixed = self._invariants(features)
        S_tt = X @ X.T
        eye = torch.eye(len(X), dtype=X.dtype, device=X.device)
        plain = torch.linalg.solve(S_tt + eye, X @ R.T).T  # (d, d): plain erasure without P
        pull = fixed @ fixed.T / config.slack if config.slack > 0 else torch.zeros_like(S_tt)
        C = Cost.from_gram(pull, config.ridge)

        def solve(site: Site, W: Tensor) -> Solution:
            kept = refined(W, W @ plain, K, config.filter, config.copies, config.seed)
            moment = Statistics(len(X)).update(kept).xx / max(kept.shape[1], 1)
            U = null_basis(moment, config.threshold)
            if config.slack == 0:
                U = orthogonal_complement_in(U, fixed)
            if not U.shape[1]:
                raise ValueError(
                    f"no direction is left to change values in: raise threshold ({config.threshold:g}) or preserve less."
                )
            return projected(X, W @ R, U, C)

        return solve, {"invariants": fixed.shape[1]}

    def _retained(self, prompts: EditPrompts) -> list[str]:
        targets = prompts.concepts.targets
        texts = dict.fromkeys(super()._retained(prompts))
        return [text for text in texts if not any(find_words(text, name) for name in targets)] or [""]

    def _retained_tokens(self, texts: Sequence[str]) -> str:
        return "content" if list(texts) == [""] else self.config.preserve_tokens

    def _invariants(self, features: Features) -> Tensor:
        """K₂ (d, 1 + centres): BOS, and k-means centres of the other tokens of the empty prompt."""
        empty = features.read([""]).to(features.X)
        if self.config.centres == 0 or empty.shape[1] < 2:
            return empty[:, :1]
        points = empty[:, 1:].T.cpu().numpy()
        count = min(self.config.centres, len(np.unique(points, axis=0)))
        centres, _ = kmeans2(points, count, minit="++", seed=np.random.default_rng(self.config.seed))
        return torch.cat([empty[:, :1], torch.from_numpy(centres).to(empty).T], dim=1)


def refined(W: Tensor, delta: Tensor, K: Tensor, keep_moved: bool, copies: int, seed: int) -> Tensor:
    """The retained columns that `delta` (d_out, d) moves more than the mean, and those of their noisy copies that it does.

    W (d_out, d), K (d, m) → (d, m'). The noise is standard normal along the last right-singular vector of W. Without copies
    all of K is kept.
    """
    if copies == 0 or not K.shape[1]:
        return K
    if keep_moved:
        K = _moved_most(delta, K)
    direction = least_felt(W)
    noise = torch.randn(copies, K.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(K)
    return torch.cat([K, _moved_most(delta, torch.cat([K + direction * row for row in noise], dim=1))], dim=1)


def least_felt(W: Tensor) -> Tensor:
    """The last right-singular vector (d, 1) of W (d_out, d); its largest part is positive, so that no processor decides."""
    if len(W) < W.shape[1]:
        direction = torch.linalg.svd(W, full_matrices=False).Vh[-1:].T
    else:
        direction = torch.linalg.eigh(W.T @ W).eigenvectors[:, :1]
    return direction * direction[direction.abs().argmax()].sign()


def _moved_most(delta: Tensor, K: Tensor) -> Tensor:
    moved = (delta @ K).norm(dim=0)
    return K[:, moved >= moved.mean()] if K.shape[1] > 1 else K
