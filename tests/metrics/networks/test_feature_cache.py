"""FeatureCache: a network is asked once for a picture, also over processes; damaged files are made again."""

import torch

from erasepro.generation.worklist import Row
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.networks.feature_cache import FeatureCache, FunctionNetwork

IMAGES = torch.arange(2 * 3 * 4 * 4, dtype=torch.uint8).reshape(2, 3, 4, 4)


class Counting:
    key = "counting-1"

    def __init__(self):
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        return {"mean": images.float().mean((1, 2, 3)), "none": torch.empty(0, 4)}


def test_a_look_is_kept_and_read_back(tmp_path):
    network = Counting()
    first = FeatureCache(tmp_path)(network, IMAGES)
    again = FeatureCache(tmp_path)(network, IMAGES)
    assert network.calls == 1
    assert all(torch.equal(first[name], again[name]) for name in ("mean", "none"))


def test_other_pictures_and_other_networks_are_looked_at(tmp_path):
    network, feature_cache = Counting(), FeatureCache(tmp_path)
    feature_cache(network, IMAGES)
    feature_cache(network, IMAGES + 1)
    feature_cache(FunctionNetwork("other", lambda x: x.float()), IMAGES)
    assert feature_cache.computed == 3


def test_a_damaged_look_is_made_again(tmp_path):
    network = Counting()
    wanted = FeatureCache(tmp_path)(network, IMAGES)["mean"]
    (file,) = (tmp_path / network.key).iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    assert torch.equal(FeatureCache(tmp_path)(network, IMAGES)["mean"], wanted)
    assert torch.equal(FeatureCache(tmp_path)(network, IMAGES)["mean"], wanted)
    assert network.calls == 2


def test_a_batch_asks_once():
    network = Counting()
    batch = Batch(IMAGES, [Row("a", "a", 0), Row("b", "b", 0)])
    assert batch.features(network) is batch.features(network)
    assert network.calls == 1
