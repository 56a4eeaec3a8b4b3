"""fd_miniature and KID against independent references: scipy's square root, closed forms, a double loop, torchmetrics."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from erasepro.generation import Row
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.engine.frechet import Moments, frechet_distance, frechet_score
from erasepro.metrics.kid import KID, KIDConfig, mmd2
from tests.metrics.stub import StubJudge


def normal(n, f, seed=0, shift=0.0, scale=1.0):
    return shift + scale * torch.randn(n, f, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_moments_in_pieces_equal_numpy_even_far_from_zero():
    x = normal(50, 5, shift=1e6)
    moments = Moments(blocks=3)
    for part in x.split([7, 1, 20, 22]):
        moments.update(part)
    mean, cov = moments.gaussian()
    np.testing.assert_allclose(mean, x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(cov, np.cov(x.numpy().T), rtol=1e-6)
    left = x[[i for i in range(50) if i % 3 != 1]]
    np.testing.assert_allclose(moments.gaussian(without=1)[1], np.cov(left.numpy().T), rtol=1e-6)


@pytest.mark.parametrize("n", [200, 4])  # 4 images in 6 dimensions: singular covariances
def test_frechet_equals_scipy(n):
    x, y = normal(n, 6), normal(n, 6, seed=1, shift=0.5, scale=2.0)
    (m1, s1), (m2, s2) = Moments().update(x).gaussian(), Moments().update(y).gaussian()
    root = sqrtm((s1 @ s2).numpy().astype(complex)).real
    expected = (m1 - m2).square().sum() + torch.trace(s1 + s2) - 2 * np.trace(root)
    assert frechet_distance(m1, s1, m2, s2) == pytest.approx(float(expected), rel=1e-6)


def test_frechet_of_gaussians_in_closed_form():
    m, s = torch.zeros(3, dtype=torch.float64), torch.diag(torch.tensor([1.0, 4.0, 9.0], dtype=torch.float64))
    assert frechet_distance(m, s, m, s) == pytest.approx(0, abs=1e-12)
    # diagonal: |m|² + Σ (σ₁ − σ₂)²
    assert frechet_distance(m, s, m + 2, 4 * s) == pytest.approx(12 + 1 + 4 + 9)


def naive_mmd2(x, y):
    def k(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    m = len(x)
    within = sum(k(x[i], x[j]) + k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within - 2 * sum(k(a, b) for a in x for b in y) / m**2


def test_mmd2_equals_a_double_loop():
    x, y = normal(9, 4), normal(9, 4, seed=1, shift=0.3)
    assert mmd2(x, y) == pytest.approx(naive_mmd2(x, y), rel=1e-12)


def test_mmd2_equals_torchmetrics():
    from torchmetrics.image.kid import poly_mmd

    x, y = normal(30, 8), normal(30, 8, seed=1, scale=1.5)
    assert mmd2(x, y) == pytest.approx(float(poly_mmd(x, y)), rel=1e-10)


def test_paired_mmd2_leaves_the_pairs_out_and_is_zero_on_average_for_pairs_that_are_alike():
    x, y = normal(9, 4), normal(9, 4, seed=1, shift=0.3)

    def k(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    terms = [
        k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(x[j], y[i]) for i in range(9) for j in range(9) if i != j
    ]
    assert mmd2(x, y, paired=True) == pytest.approx(sum(terms) / 72, rel=1e-12)
    assert mmd2(x, x, paired=True) == pytest.approx(0, abs=1e-12)
    assert mmd2(x, x) < -0.01, "the unpaired estimate is biased there"


ROWS = [Row(f"r{i}", "a dog", 0, "dog", "retain" if i % 2 else "target", "plain", "dog") for i in range(80)]


def images(seed, high=256):
    return torch.randint(0, high, (80, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def scored(name, edited, original, **params):
    metric = build_metrics([name], metric_configs({name: params}))[name]
    for part in range(0, 80, 32):
        rows = ROWS[part : part + 32]
        metric.update(Batch(original[part : part + 32], rows, StubJudge()), reference=True)
        metric.update(Batch(edited[part : part + 32], rows, StubJudge()))
    return metric.compute()


@pytest.mark.parametrize("name", ["fd_miniature", "kid"])
def test_same_images_are_at_no_distance_and_others_are(name):
    same, other = scored(name, images(0), images(0)), scored(name, images(0), images(1, high=128))
    assert same.n == other.n == 40  # retain rows only
    assert abs(same.value) < 3 * (same.stderr or 0) + 1e-6
    assert other.value > 3 * other.stderr > 0
    assert scored(name, images(0), images(1), roles=[]).n == 80


def test_kid_is_repeatable_and_stderr_is_about_right():
    assert scored("kid", images(0), images(1)) == scored("kid", images(0), images(1))
    metric = build_metrics(["kid"])["kid"]
    found = []
    for seed in range(20):
        metric = build_metrics(["kid"], metric_configs({"kid": {"roles": []}}))["kid"]
        sets = {False: normal(60, 4, seed=seed), True: normal(60, 4, seed=100 + seed, shift=1.0)}
        metric._features = {ref: {str(i): row for i, row in enumerate(one)} for ref, one in sets.items()}
        found.append(metric.compute())
    real = float(np.std([s.value for s in found], ddof=1))
    assert 0.5 < float(np.mean([s.stderr for s in found])) / real < 2


def test_kid_s_error_is_over_prompts_where_they_have_several_images():
    """Three images a prompt, hardly different: the error of a third as many pictures, and the same value."""
    found, real = [], []
    for seed in range(20):
        metric = build_metrics(["kid"], metric_configs({"kid": {"roles": []}}))["kid"]
        sets = {False: normal(30, 4, seed=seed), True: normal(30, 4, seed=100 + seed, shift=1.0)}
        thrice = {ref: one.repeat_interleave(3, 0) + 0.01 * normal(90, 4, seed=9) for ref, one in sets.items()}
        metric._features = {ref: {f"{i}": row for i, row in enumerate(one)} for ref, one in thrice.items()}
        alone = metric.compute()
        metric._prompts = {f"{i}": f"{i // 3}" for i in range(90)}
        score = metric.compute()
        assert score.value == alone.value
        found.append((score.stderr, alone.stderr))
        real.append(score.value)
    told, alone = np.mean(found, axis=0)
    assert told > 1.4 * alone
    assert 0.5 < told / float(np.std(real, ddof=1)) < 2


def test_blocks_hold_whole_prompts():
    x = normal(60, 3)
    prompts = [f"p{i // 3}" for i in range(60)]
    moments = Moments(blocks=4)
    for first in range(0, 60, 7):
        moments.update(x[first : first + 7], prompts[first : first + 7])
    left = x[[i for i in range(60) if (i // 3) % 4 != 2]]
    np.testing.assert_allclose(moments.gaussian(without=2)[1], np.cov(left.numpy().T), rtol=1e-9)
    few = Moments(blocks=8).update(x, [f"p{i // 20}" for i in range(60)])
    assert few.filled == [0, 1, 2]
    assert (
        frechet_score(few, Moments(blocks=8).update(normal(60, 3, seed=1), [f"p{i // 20}" for i in range(60)]))[1] > 0
    )


@pytest.mark.parametrize("counts", [(7, 1), (20, 1), (39, 1)])
def test_one_prompt_with_nearly_all_images_has_no_error_and_stops_nothing(counts):
    mine = Moments(8)
    other = Moments(8, like=mine)
    for number, count in enumerate(counts):
        for moments in (mine, other):
            moments.update(normal(count, 4, seed=number), [f"p{number}"] * count)
    assert frechet_score(mine, other) == (pytest.approx(0, abs=1e-9), None)
    assert frechet_score(mine, (torch.zeros(4).double(), torch.eye(4).double()))[1] is None


def test_a_prompt_lies_in_the_same_block_of_both_sets_though_one_has_lost_it():
    mine = Moments(4)
    other = Moments(4, like=mine)
    prompts = [f"p{i // 3}" for i in range(60)]
    mine.update(normal(60, 3), prompts)
    other.update(normal(57, 3), prompts[3:])
    assert other.gaussian(without=1)[1].shape == (3, 3)
    assert mine.filled == other.filled
    assert [a - b for a, b in zip(mine._counts, other._counts, strict=True)] == [3, 0, 0, 0]


def test_kid_to_a_small_folder_varies_as_much_as_it_says(tmp_path, monkeypatch):
    """Several images a prompt: most of the spread is of the few pictures of the reference."""
    told, found = [], []
    for trial in range(40):
        config = KIDConfig(network="judge", reference=str(tmp_path), subsets=40)
        metric = KID(config)
        rng = torch.Generator().manual_seed(trial)
        features = torch.randn(100, 1, 16, generator=rng).repeat(1, 2, 1) + 0.3 * torch.randn(100, 2, 16, generator=rng)
        rows = [Row(f"p{i // 2}", "x", i % 2, "c", role="retain") for i in range(200)]
        metric._add(rows, features.reshape(200, 16), False)
        pictures = torch.randn(20, 16, generator=rng)
        monkeypatch.setattr(metric, "_folder", lambda: None)
        monkeypatch.setattr(metric, "_folder_features", lambda _, pictures=pictures: [pictures])
        monkeypatch.setattr("erasepro.metrics.kid.folder_facts", lambda _: {})
        score = metric.compute()
        told.append(score.stderr)
        found.append(score.value)
    assert float(np.mean(told)) > 0.8 * float(np.std(found, ddof=1))
