"""perceptual_change: 0 for the same pictures, the formula by hand, LPIPS by torchmetrics, pairs by name, nothing in memory."""

import math

import pytest
import torch
from safetensors.torch import save_file

from erasepro.errors import UserError
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.networks.feature_cache import FeatureCache
from erasepro.metrics.networks.imagenet import Layers
from erasepro.metrics.networks.perceptual import PairDistance
from erasepro.metrics.perceptual_change import PerceptualChange, PerceptualChangeConfig
from tests.metrics.wide import feed, noise, rows


class TwoLayers:
    """The pixels themselves, and their means over 2 × 2 places with the channels turned round."""

    key = "two-layers"

    def __call__(self, images):
        x = images.float() + 1
        return [x, torch.nn.functional.avg_pool2d(x, 2).flip(1) ** 2]


def by_hand(a, b):
    total = 0.0
    for f, g in zip(TwoLayers()(a[None]), TwoLayers()(b[None]), strict=True):
        f, g, at = f[0].double(), g[0].double(), []
        for y in range(f.shape[1]):
            for x in range(f.shape[2]):
                u, v = f[:, y, x], g[:, y, x]
                at.append(float(((u / u.norm() - v / v.norm()) ** 2).sum()))
        total += sum(at) / len(at)
    return total / 2


def change(**config):
    return PerceptualChange(PerceptualChangeConfig(**config), TwoLayers())


def test_the_formula_by_hand():
    before, after = noise(5, 0), noise(5, 1)
    metric = feed(feed(change(), before, reference=True, size=3), after, size=2)
    found = metric.compute()
    expected = [by_hand(a, b) for a, b in zip(before, after, strict=True)]
    assert found.value == pytest.approx(sum(expected) / 5, rel=1e-9)
    assert found.n == 5
    assert found.stderr == pytest.approx(float(torch.tensor(expected).double().std()) / math.sqrt(5), rel=1e-5)


def test_the_same_pictures_are_not_changed():
    found = feed(feed(change(), noise(5, 0), reference=True), noise(5, 0)).compute()
    assert (found.value, found.n, found.higher_is_better) == (0.0, 5, False)


def test_pairs_are_by_name_and_others_are_counted():
    before, after, named = noise(6, 0), noise(6, 1), rows(6)
    metric = change()
    metric.update(Batch(before[:4].flip(0), named[:4][::-1]), reference=True)
    values = metric.update(Batch(after, named))
    assert [v.get("perceptual_change") for v in values[:4]] == pytest.approx(
        [by_hand(a, b) for a, b in zip(before[:4], after[:4], strict=True)]
    )
    assert values[4:] == [{}, {}]
    assert metric.compute().parts["unpaired"] == 2
    assert feed(change(), noise(3, 0), role="target").compute().n == 0


@pytest.mark.parametrize(("name", "theirs"), [("alexnet", "alex"), ("vgg16", "vgg")])
@pytest.mark.slow
def test_learned_weights_give_torchmetrics_lpips(tmp_path, name, theirs):
    """On the same random backbone: the published ones are not at hand."""
    from torchmetrics.functional.image.lpips import _LPIPS
    from torchvision import models

    torch.manual_seed(0)
    backbone = getattr(models, name)(weights=None)
    save_file(backbone.state_dict(), tmp_path / "w.safetensors")
    reference = _LPIPS(pretrained=False, net=theirs, pnet_rand=True, use_dropout=True)
    import torchmetrics.functional.image as home

    path = f"{home.__path__[0]}/lpips_models/{theirs}.pth"
    reference.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=False)
    own = dict(backbone.features.state_dict())
    slices = {k: own[k.split(".", 1)[1]] for k in reference.net.state_dict()}
    reference.net.load_state_dict(slices)
    pairs = torch.randint(0, 256, (3, 2, 3, 64, 64), dtype=torch.uint8)
    found = PairDistance(Layers(name, str(tmp_path / "w.safetensors"), "key"), name)(pairs)["layers"].sum(1)
    with torch.inference_mode():
        expected = reference(pairs[:, 0] / 255, pairs[:, 1] / 255, normalize=True).flatten()
    assert float(expected.min()) > 0
    torch.testing.assert_close(found.float(), expected, rtol=1e-4, atol=0)


@pytest.mark.slow
def test_resnets_layers(tmp_path):
    from torchvision import models

    save_file(models.resnet50(weights=None).state_dict(), tmp_path / "w.safetensors")
    maps = Layers("resnet50", str(tmp_path / "w.safetensors"), "key")(noise(2, 0, side=64))
    assert [tuple(m.shape[1:]) for m in maps] == [(64, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4), (2048, 2, 2)]


def test_the_miniatures_judge_shows_its_layers():
    from erasepro.models.miniature.judge import MiniatureJudge

    judge = MiniatureJudge.load()
    settings = metric_configs({"perceptual_change": {"network": "judge"}})
    metric = build_metrics(["perceptual_change"], settings)["perceptual_change"]
    images, named = noise(3, 0, side=64), rows(3)
    metric.update(Batch(images, named, judge), reference=True)
    values = metric.update(Batch(torch.stack([images[0], images[1], images[2] // 2]), named, judge))
    assert [v["perceptual_change"] for v in values[:2]] == [0, 0]
    assert 0 < values[2]["perceptual_change"] < 4
    assert metric.compute().parts["network"] == f"{judge.key}-stages-plain"


def test_a_pair_is_looked_at_once(tmp_path):
    feature_cache = FeatureCache(tmp_path)
    for _ in range(2):
        feed(feed(change(), noise(5, 0), reference=True), noise(5, 1), feature_cache=feature_cache)
    assert feature_cache.computed == 1


def test_large_pictures_are_made_smaller_and_laid_aside_on_disk():
    metric = change(size=16)
    feed(metric, noise(2, 0, side=40), reference=True)
    assert metric._spool.get("r1_0").shape == (3, 16, 16)


def test_mistakes_are_one_line():
    for config, message in (
        ({"network": "alexnett"}, "Did you mean 'alexnet'"),
        ({"network": "resnet50", "learned": True}, "LPIPS has weights for alexnet and vgg16 only, not resnet50"),
        ({"size": 4}, "size must be 16 pixels or more, or null, not 4"),
        ({"weights": "nowhere.pth"}, "perceptual_change.weights: no file"),
    ):
        with pytest.raises(UserError, match=message):
            build_metrics(["perceptual_change"], metric_configs({"perceptual_change": config}))
    settings = metric_configs({"perceptual_change": {"network": "judge"}})
    metric = build_metrics(["perceptual_change"], settings)["perceptual_change"]
    feed(metric, noise(1, 0), reference=True)
    with pytest.raises(UserError, match="this judge shows no layers; use alexnet, vgg16 or resnet50"):
        metric.update(Batch(noise(1, 0), rows(1), object()))
