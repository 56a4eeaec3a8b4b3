"""FID with a stand-in network against torchmetrics, scipy and closed forms; its references; its memory."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.linalg import sqrtm

from erasepro.errors import UserError
from erasepro.metrics.engine.build import build_metrics, metric_configs, split_by_need
from erasepro.metrics.fid import FID, FIDConfig, write_statistics
from erasepro.metrics.networks.feature_cache import FeatureCache
from tests.metrics.wide import WideNetwork, feed, noise

NET = WideNetwork(6)


def fid(network=NET, **config):
    return FID(FIDConfig(**{"roles": [], **config}), network)


def features(images):
    return NET(images)["features"].double()


def save(folder, images):
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{i:04d}.png")
    return str(folder)


def test_equals_torchmetrics():
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Identity(torch.nn.Module):
        num_features = 6

        def forward(self, x):
            return x

    theirs = FrechetInceptionDistance(feature=Identity()).set_dtype(torch.float64)
    a, b = noise(150, 0), noise(150, 1, high=200)
    theirs.update(features(a), real=False)
    theirs.update(features(b), real=True)
    mine = feed(feed(fid(), b, reference=True), a).compute()
    assert mine.value == pytest.approx(float(theirs.compute()), rel=1e-6)
    assert (mine.n, mine.parts["n_reference"]) == (150, 150)


def scipys(x, y):
    """The distance as it is defined, from whole covariances."""
    x, y = x.double().numpy(), y.double().numpy()
    s1, s2 = np.cov(x.T), np.cov(y.T)
    return float(np.square(x.mean(0) - y.mean(0)).sum() + np.trace(s1 + s2) - 2 * np.trace(sqrtm(s1 @ s2).real))


def test_two_thousand_pictures_equal_scipy():
    wide = WideNetwork(256, side=16)
    a, b = noise(2000, 0, side=16), noise(2000, 1, high=230, side=16)
    found = feed(feed(fid(wide), b, reference=True, size=64), a, size=64).compute()
    assert found.value == pytest.approx(scipys(wide(a)["features"], wide(b)["features"]), rel=1e-6)
    assert 0 < found.stderr < found.value


def test_a_shift_of_the_mean_in_closed_form(tmp_path):
    """Same covariance, means apart by δ: d² = |δ|²."""
    a = noise(200, 0)
    x = features(a).numpy()
    delta = np.array([3.0, 0, 0, -1, 0, 2])
    np.savez(tmp_path / "s.npz", mu=x.mean(0) + delta, sigma=np.cov(x.T))
    found = feed(fid(reference=str(tmp_path / "s.npz")), a).compute()
    assert found.value == pytest.approx(14, rel=1e-9)
    assert found.parts["n_reference"] is None
    assert found.parts["reference"] == "file s.npz"


def test_the_same_images_are_at_no_distance_and_few_images_are_warned_of():
    a = noise(64, 0)
    found = feed(feed(fid(), a, reference=True), a).compute()
    assert found.value == pytest.approx(0, abs=1e-9)
    assert "64 images: biased upwards below 10,000; prefer kid or clip_fd" in found.parts["warning"]
    assert found.parts["sizes"] == {"8x8": 64}
    assert found.parts["unit"] == "inception, to original model"  # a stand-in has no way to resize


def test_a_folder_is_a_number_of_each_model_and_unreadable_files_are_counted(tmp_path):
    a, b = noise(90, 0), noise(70, 1, high=200)
    folder = save(tmp_path / "real", b)
    (tmp_path / "real" / "zz.png").write_bytes(b"broken")
    metric = feed(fid(reference=folder), a)
    assert not metric.needs_reference
    found = metric.compute()
    assert found.value == pytest.approx(scipys(features(a), features(b)), rel=1e-6)
    assert (found.parts["n_reference"], found.parts["skipped"], found.parts["skipped_names"]) == (70, 1, ["zz.png"])
    assert found.parts["reference_sizes"] == {"8x8": 70}
    out = tmp_path / "real.safetensors"
    write_statistics(folder, out, NET)
    again = feed(fid(reference=str(out)), a).compute()
    assert again.value == pytest.approx(found.value, rel=1e-9)
    assert again.stderr == pytest.approx(found.stderr, rel=1e-6)
    assert again.parts["n_reference"] == 70


def test_a_folder_is_looked_at_once(tmp_path):
    folder, a, feature_cache = save(tmp_path / "real", noise(40, 1)), noise(40, 0), FeatureCache(tmp_path / "features")
    first = feed(fid(WideNetwork(6), reference=folder), a, feature_cache=feature_cache).compute()
    network = WideNetwork(6)
    assert feed(fid(network, reference=folder), a, feature_cache=feature_cache).compute() == first
    assert network.asked == 0


def test_only_the_chosen_roles_count():
    metric = feed(fid(roles=["retain"]), noise(20, 0), role="target")
    assert metric.compute().n == 0
    assert math.isnan(metric.compute().value)


def test_stderr_is_about_the_spread_of_repeated_measurements(tmp_path):
    reference = features(noise(4000, 99, high=220)).numpy()
    np.savez(tmp_path / "s.npz", mu=reference.mean(0), sigma=np.cov(reference.T))
    found = [feed(fid(reference=str(tmp_path / "s.npz")), noise(400, s), size=400).compute() for s in range(30)]
    real = float(np.std([score.value for score in found], ddof=1))
    assert 0.6 < float(np.mean([score.stderr for score in found])) / real < 1.7


def test_mistakes_are_one_line(tmp_path):
    np.savez(tmp_path / "s.npz", mu=np.zeros(5), sigma=np.eye(5))
    with pytest.raises(UserError, match="of 5 features, but the network has 6"):
        feed(fid(reference=str(tmp_path / "s.npz")), noise(20, 0)).compute()
    with pytest.raises(UserError, match=r"no folder 'nowhere'.*Allowed: original, a folder of images"):
        fid(reference="nowhere").check([])
    with pytest.raises(UserError, match=r"no file 'nowhere\.npz'"):
        fid(reference="nowhere.npz").check([])
    with pytest.raises(UserError, match=r"metrics.params.fid.network 'incepton'. Did you mean 'inception'"):
        build_metrics(["fid"], metric_configs({"fid": {"network": "incepton"}}))
    with pytest.raises(UserError, match=r"metrics.params.fid.weights: no file 'nowhere.pth'"):
        build_metrics(["fid"], metric_configs({"fid": {"weights": "nowhere.pth"}}))
    folder = save(tmp_path / "one", noise(1, 0))
    with pytest.raises(UserError, match="two readable pictures or more, not 1"):
        feed(fid(reference=folder), noise(20, 0)).compute()


def test_weights_that_do_not_fit_are_found_before_anything_is_drawn(tmp_path):
    from safetensors.torch import save_file

    save_file({"fc.weight": torch.zeros(1000, 2048)}, tmp_path / "torchvision.safetensors")
    metric = build_metrics(["fid"], metric_configs({"fid": {"weights": str(tmp_path / "torchvision.safetensors")}}))["fid"]
    with pytest.raises(UserError, match=r"does not hold the FID Inception: it lacks the tensor Mixed_7c"):
        metric.check([])


def test_which_judge_is_needed_hangs_on_the_network():
    assert split_by_need(["fid", "kid"]) == (["kid"], ["fid"])
    params = {"fid": {"network": "judge"}, "kid": {"network": "inception"}}
    assert split_by_need(["fid", "kid"], metric_configs(params)) == (["fid"], ["kid"])


@pytest.mark.slow
def test_thirty_thousand_pictures_through_2048_features_equal_scipy():
    """Streamed: the metric sees 250 pictures at a time. scipy is given all the features at once, kept here only."""
    wide, n = WideNetwork(2048, side=32), 30_000
    metric, kept = fid(wide, blocks=1), {True: [], False: []}
    for reference, high in ((True, 230), (False, 256)):
        for i in range(0, n, 250):
            images = noise(250, i + reference, high=high, side=32)
            kept[reference].append(wide(images)["features"])
            feed(metric, images, reference=reference, size=250)
    found = metric.compute()
    assert found.value == pytest.approx(scipys(torch.cat(kept[False]), torch.cat(kept[True])), rel=1e-6)
    assert (found.n, found.parts["n_reference"]) == (n, n)


@pytest.mark.slow
def test_thirty_thousand_pictures_take_no_more_memory_than_ten_thousand():
    """Processes of their own: the peak of this one is other tests'."""
    script = Path(__file__).parents[2] / "benchmarks" / "frechet.py"
    peaks = {}
    for n in (10_000, 30_000):
        command = [sys.executable, str(script), "--row", str(n), "--blocks", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[n] = json.loads(done.stdout)["peak_mib"]
    assert peaks[30_000] < peaks[10_000] + 50
