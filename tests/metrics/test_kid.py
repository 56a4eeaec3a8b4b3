"""KID on another network and against a folder: torchmetrics' estimate, pairing, and mistakes."""

import math

import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.kid import KID, KIDConfig, mmd2
from tests.metrics.stub import StubJudge
from tests.metrics.wide import WideNetwork, feed, noise

NET = WideNetwork(16)


def kid(**config):
    return KID(KIDConfig(**{"roles": [], "network": "inception", **config}), NET)


def save(folder, images):
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{i:04d}.png")
    return str(folder)


def test_a_folder_is_compared_as_torchmetrics_does(tmp_path):
    """Its estimate on the very subsets that were drawn."""
    from torchmetrics.image.kid import poly_mmd

    a, b = noise(60, 0), noise(80, 1, high=200)
    found = feed(kid(reference=save(tmp_path / "real", b), subsets=5, subset_size=20), a).compute()
    x, y = NET(a)["features"].double(), NET(b)["features"].double()
    draw, theirs = torch.Generator().manual_seed(0), []
    for _ in range(5):
        i, j = torch.randperm(60, generator=draw)[:20], torch.randperm(80, generator=draw)[:20]
        theirs.append(float(poly_mmd(x[i], y[j], gamma=1 / 16)))
    assert found.value == pytest.approx(sum(theirs) / 5, rel=1e-6)
    assert (found.n, found.parts["n_reference"], found.parts["paired"]) == (60, 80, False)


def test_a_folder_of_the_same_kind_is_at_no_distance(tmp_path):
    folder = save(tmp_path / "real", noise(200, 1))
    same, other = (feed(kid(reference=folder), images).compute() for images in (noise(200, 0), noise(200, 0, high=200)))
    assert abs(same.value) < 4 * same.stderr
    assert other.value > 4 * other.stderr > 0


def test_unequal_sets_have_the_unbiased_estimate():
    x, y = torch.randn(9, 4, dtype=torch.float64), torch.randn(13, 4, dtype=torch.float64)

    def k(a, b):
        return (float(a @ b) / 4 + 1) ** 3

    def within(z):
        return sum(k(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j) / (len(z) * (len(z) - 1))

    across = sum(k(a, b) for a in x for b in y) / (9 * 13)
    assert mmd2(x, y) == pytest.approx(within(x) + within(y) - 2 * across, rel=1e-12)


def test_the_original_models_images_are_paired():
    a = noise(60, 0)
    found = feed(feed(kid(), a, reference=True), a).compute()
    assert found.parts["paired"]
    assert found.value == pytest.approx(0, abs=1e-12)


def test_the_judge_looks_at_a_folder_too(tmp_path):
    folder = save(tmp_path / "real", noise(40, 1))
    metric = KID(KIDConfig(roles=[], reference=folder))
    from erasepro.metrics.engine.base import Batch
    from tests.metrics.wide import rows

    images = noise(40, 0)
    metric.update(Batch(images, rows(40), StubJudge()))
    assert metric.compute().parts["n_reference"] == 40


def test_statistics_and_empty_sets(tmp_path):
    with pytest.raises(UserError, match="kid compares pictures one by one; give their folder, or original"):
        kid(reference="stats.npz").check([])
    metric = build_metrics(["kid"], metric_configs({"kid": {"reference": str(tmp_path / "nowhere")}}))["kid"]
    assert math.isnan(metric.compute().value)
    with pytest.raises(UserError, match="no folder"):
        metric.check([])
