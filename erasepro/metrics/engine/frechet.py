"""The Fréchet distance between two sets of pictures' features, in constant memory, with its standard error.

d² = |m₁ − m₂|² + tr(S₁ + S₂ − 2 (S₁ S₂)^½)            m (f,), S (f, f): mean and covariance of the features

    (Dowson & Landau, J. Multivariate Anal. 12, 1982, eq. 4; on Inception features it is FID: Heusel et al., arXiv 1706.08500)
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import torch
from torch import Tensor

from erasepro.results.clusters import ClusterNumbers

PENDING = 512
"""Rows gathered before they are summed: one large product is much faster than many small ones."""


class Moments:
    """Mean (f,) and covariance (f, f) of features that arrive in pieces, in float64, around the first image seen.

    Kept in `blocks` parts, so that the distance's standard error can be had by leaving each out. Prompts are dealt to them in
    turn, with all their images: those of one prompt are alike. Memory: (blocks · f + PENDING) · f · 8 bytes and a name a
    prompt (2,048 features: 32 MiB a block).
    """

    def __init__(self, blocks: int = 1, like: Moments | None = None) -> None:
        """``like``: other Moments whose prompts lie in the same blocks here."""
        self.n, self.blocks = 0, blocks
        self._shift: Tensor | None = None  # (f,): sums of large, nearly equal numbers would lose digits
        self._counts = [0] * blocks
        self._sum = torch.empty(0)  # (blocks, f)
        self._outer = torch.empty(0)  # (blocks, f, f)
        self._pending: list[Tensor] = []  # the last rows, not summed yet
        self._places: list[int] = []  # their blocks
        self._prompts: ClusterNumbers = ClusterNumbers() if like is None else like._prompts

    def update(self, features: Tensor, prompts: Sequence[Hashable] | None = None) -> Moments:
        """Adds features (B, f) of images of these B prompts; None: each of a prompt of its own."""
        x = features.detach().cpu().double()
        if not len(x):
            return self
        if self._shift is None:
            self._shift = x[0].clone()
            self._sum = x.new_zeros(self.blocks, x.shape[1])
            self._outer = x.new_zeros(self.blocks, x.shape[1], x.shape[1])
        if self.blocks == 1:
            places = [0] * len(x)
        elif prompts is None:
            places = [(self.n + i) % self.blocks for i in range(len(x))]
        else:
            places = [self._prompts.number(prompt) % self.blocks for prompt in prompts]
        for first in range(0, len(x), PENDING):
            self._pending.append(x[first : first + PENDING])
            self._places += places[first : first + PENDING]
            if len(self._places) >= PENDING:
                self._flush()
        self.n += len(x)
        return self

    @property
    def width(self) -> int:
        """f, or 0 before the first image."""
        return 0 if self._shift is None else len(self._shift)

    def _flush(self) -> None:
        if self._shift is None or not self._pending:
            return
        x, places = torch.cat(self._pending) - self._shift, torch.tensor(self._places)
        for block in range(self.blocks):
            part = x if self.blocks == 1 else x[places == block]
            self._counts[block] += len(part)
            self._sum[block] += part.sum(0)
            self._outer[block].addmm_(part.T, part)
        self._pending, self._places = [], []

    @property
    def filled(self) -> list[int]:
        """The blocks that hold images: all, unless there are fewer prompts."""
        self._flush()
        return [block for block, count in enumerate(self._counts) if count]

    @property
    def largest(self) -> int:
        """Images in the block that holds most."""
        self._flush()
        return max(self._counts)

    def gaussian(self, without: int | None = None) -> tuple[Tensor, Tensor]:
        """Mean (f,) and unbiased covariance (f, f) of everything, or of all blocks but one."""
        self._flush()
        blocks = [b for b in range(self.blocks) if b != without]
        n = sum(self._counts[b] for b in blocks)
        if self._shift is None or n < 2:
            raise ValueError("a covariance needs at least two images")
        total, outer = self._sum[blocks[0]].clone(), self._outer[blocks[0]].clone()
        for b in blocks[1:]:  # not self._outer[blocks]: that would copy them all
            total += self._sum[b]
            outer += self._outer[b]
        outer.sub_(torch.outer(total, total / n)).div_(n - 1)
        return self._shift + total / n, outer


def root(s: Tensor) -> Tensor:
    """S^½ (f, f) of a covariance; what rounding has made negative is 0."""
    values, vectors = torch.linalg.eigh(s.double())
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def frechet_distance(m1: Tensor, s1: Tensor, m2: Tensor, s2: Tensor, root1: Tensor | None = None) -> float:
    """d² of two Gaussians in float64; tr (S₁S₂)^½ = Σ √eig(S₁^½ S₂ S₁^½), symmetric, so no complex square root.

    ``root1``: S₁^½, where it is known already.
    """
    r = root(s1) if root1 is None else root1  # (f, f)
    cross = torch.linalg.eigvalsh(r @ s2.double() @ r).clamp_min(0).sqrt().sum()
    distance = (m1 - m2).double().square().sum() + torch.trace(s1) + torch.trace(s2) - 2 * cross
    return max(float(distance), 0.0)


def frechet_score(images: Moments, reference: Moments | tuple[Tensor, Tensor]) -> tuple[float, float | None]:
    """The distance, and its standard error by the delete-a-block jackknife: √((b − 1)/b · Σ (d₍ᵢ₎ − mean)²) over b blocks.

    Two Moments lose their i-th block together: the same prompts lie in it (``Moments(like=…)``).
    A reference given by mean and covariance stands: only the images measured are sampled. The standard error is None for
    fewer than two blocks (or prompts), fewer than four images a block, or a block without which too few are left.
    """
    filled = images.filled
    blocks = len(filled)
    sampled = [images, reference] if isinstance(reference, Moments) else [images]
    enough = blocks > 1 and all(moments.n >= 4 * blocks and moments.n - moments.largest > 1 for moments in sampled)
    reference_root = None if isinstance(reference, Moments) else root(reference[1])

    def distance(without: int | None = None) -> float:
        if isinstance(reference, Moments):
            return frechet_distance(*images.gaussian(without), *reference.gaussian(without))
        return frechet_distance(*reference, *images.gaussian(without), root1=reference_root)

    value = distance()
    if not enough:
        return value, None
    distances = [distance(block) for block in filled]
    mean = sum(distances) / blocks
    return value, math.sqrt((blocks - 1) / blocks * sum((d - mean) ** 2 for d in distances))
