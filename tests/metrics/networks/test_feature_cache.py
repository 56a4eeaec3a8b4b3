"""FeatureCache: a network is asked once for a picture, also over processes; damaged files are made again."""

import os

import pytest
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


class Every:
    """A network that answers in every form of tensor that a network may give."""

    key = "every-1"

    def __call__(self, images):
        kinds = (torch.float64, torch.bfloat16, torch.int64, torch.bool)
        values = {str(kind).split(".")[1]: images[:, 0, 0, :3].to(kind) for kind in kinds}
        return {**values, "strided": images[:, 0].float().transpose(1, 2), "empty": torch.empty(2, 0)}


def test_any_one_flipped_bit_is_found_and_told(tmp_path, capsys):
    network = Every()
    wanted = FeatureCache(tmp_path)(network, IMAGES)
    (file,) = (tmp_path / network.key).iterdir()
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        feature_cache = FeatureCache(tmp_path)
        answer = feature_cache(network, IMAGES)
        assert answer.keys() == wanted.keys()
        assert all(torch.equal(answer[name], wanted[name]) for name in wanted)
        assert file.read_bytes() == whole or not feature_cache.damaged
        assert feature_cache.damaged == feature_cache.computed
    assert feature_cache.damaged == 1
    feature_cache.tell_damaged()
    told = capsys.readouterr().err
    assert told.startswith(f"erasepro: 1 files in {str(tmp_path)!r} were damaged")
    assert told.count("\n") == 1
    FeatureCache(tmp_path).tell_damaged()
    assert capsys.readouterr().err == ""


def test_the_answer_of_other_pictures_or_another_network_is_not_believed(tmp_path):
    network, other = Counting(), FunctionNetwork("other", lambda x: x.float().mean((1, 2, 3)), "mean")
    wanted = FeatureCache(tmp_path)(network, IMAGES)["mean"]
    FeatureCache(tmp_path)(network, IMAGES + 1)
    first, second = sorted((tmp_path / network.key).iterdir())
    first.write_bytes(second.read_bytes())
    FeatureCache(tmp_path)(other, IMAGES)
    feature_cache = FeatureCache(tmp_path)
    assert torch.equal(feature_cache(network, IMAGES)["mean"], wanted)
    feature_cache(network, IMAGES + 1)
    assert feature_cache.damaged == 1
    (file,) = (tmp_path / "other").iterdir()
    file.write_bytes(second.read_bytes())
    feature_cache(other, IMAGES)
    assert feature_cache.damaged == 2


def test_a_file_without_a_digest_is_not_believed(tmp_path):
    from safetensors.torch import save_file

    network = Counting()
    wanted = FeatureCache(tmp_path)(network, IMAGES)["mean"]
    (file,) = (tmp_path / network.key).iterdir()
    save_file({"mean": wanted + 1, "none": torch.empty(0, 4)}, file)
    assert torch.equal(FeatureCache(tmp_path)(network, IMAGES)["mean"], wanted)


@pytest.mark.parametrize("how", ["pipe", "folder", "loop"])
def test_what_is_no_file_is_made_again_and_not_waited_for(tmp_path, how):
    network = Counting()
    wanted = FeatureCache(tmp_path)(network, IMAGES)["mean"]
    (file,) = (tmp_path / network.key).iterdir()
    file.unlink()
    {"pipe": lambda: os.mkfifo(file), "folder": file.mkdir, "loop": lambda: file.symlink_to(file)}[how]()
    assert torch.equal(FeatureCache(tmp_path)(network, IMAGES)["mean"], wanted)
    assert torch.equal(FeatureCache(tmp_path)(network, IMAGES)["mean"], wanted)
    assert network.calls == 2


def test_a_batch_asks_once():
    network = Counting()
    batch = Batch(IMAGES, [Row("a", "a", 0), Row("b", "b", 0)])
    assert batch.features(network) is batch.features(network)
    assert network.calls == 1
