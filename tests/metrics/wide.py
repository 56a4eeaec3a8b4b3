"""A stand-in for Inception: a random layer over the pixels, as wide as asked for; and pictures made on the fly."""

import torch

from erasepro.generation import Row
from erasepro.metrics.engine.base import Batch

SIDE = 8


class WideNetwork:
    """Pictures of SIDE pixels (or ``side``) to (B, f): |W x|, W random and fixed."""

    def __init__(self, f, side=SIDE):
        draw = torch.Generator().manual_seed(1)
        self.weights = torch.randn(3 * side * side, f, generator=draw) / (3 * side * side) ** 0.5
        self.num_features, self.key, self.asked = f, f"wide-{f}-{side}", 0

    def __call__(self, images):
        self.asked += len(images)
        return {"features": ((images.float().flatten(1) / 64 - 2) @ self.weights).abs()}


def noise(n, seed, high=256, side=SIDE):
    """(n, 3, side, side) uint8."""
    return torch.randint(0, high, (n, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def rows(n, role="retain"):
    return [Row(f"r{i}", "a dog", 0, "dog", role, "plain", "dog") for i in range(n)]


def feed(metric, images, reference=False, size=32, feature_cache=None, role="retain"):
    """The pictures (n, 3, H, W) to a metric in batches."""
    named = rows(len(images), role)
    for i in range(0, len(images), size):
        metric.update(
            Batch(images[i : i + size], named[i : i + size], feature_cache=feature_cache), reference=reference
        )
    return metric
