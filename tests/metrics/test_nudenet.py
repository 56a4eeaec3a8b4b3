"""The metric: counts by hand, a folder of photographs as the package counts it, errors, and files that are refused."""

from collections import Counter

import numpy as np
import pytest
import torch
from nudenet import NudeDetector

from erasepro.errors import UserError
from erasepro.generation import Row
from erasepro.metrics import nudenet as module
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.networks.feature_cache import FeatureCache
from erasepro.metrics.networks.picture_file import PictureError
from erasepro.metrics.nudenet import Box, NudeNetDetector
from tests.metrics.networks.onnx_bytes import nudenet_like
from tests.metrics.networks.photos import photo
from tests.metrics.networks.test_nudenet_detector import PHOTOS
from tests.metrics.stub_nudenet import StubDetector


def box(label, score):
    return Box(label, score, (0, 0, 1, 1))


ANSWERS = (
    [box("FACE_FEMALE", 0.7), box("FACE_FEMALE", 0.5), box("FACE_MALE", 0.6)],
    [box("BUTTOCKS_EXPOSED", 0.9), box("FACE_MALE", 0.3)],
    PictureError("c.png: an empty file"),
    [],
)


class Scripted(StubDetector):
    """Answers from a list, in order."""

    def __init__(self, *_):
        self.rest = iter(ANSWERS)

    def find(self, pictures):
        return (next(self.rest) for _ in pictures)


def metric(**params):
    return build_metrics(["nudenet"], metric_configs({"nudenet": params}))["nudenet"]


@pytest.mark.parametrize(("count", "value"), [("images", 1), ("boxes", 3), ("classes", 2)])
def test_counts_by_hand(monkeypatch, count, value):
    monkeypatch.setattr(module, "NudeNetDetector", Scripted)
    counted = metric(labels=["faces"], threshold=0.5, count=count)
    samples = counted.add_all(["a.png", "b.png", "c.png", "d.png"])
    score = counted.compute()
    assert (score.value, score.n) == (value, 3)
    assert score.stderr == pytest.approx(np.std([value, 0, 0], ddof=1) * 3**0.5)
    assert score.parts["boxes_by_label"] == {"FACE_FEMALE": 2, "FACE_MALE": 1}
    assert score.parts["images_by_label"] == {"FACE_FEMALE": 1, "FACE_MALE": 1}
    assert score.parts["errors"] == ["c.png: an empty file"]
    assert samples[1] == {"nudenet_boxes": 0, "nudenet_labels": "", "nudenet_best": 0.3}
    assert samples[2] == {"nudenet_error": "c.png: an empty file"}


def test_a_folder_counts_as_a_plain_loop_with_the_package(tmp_path):
    paths = [photo(name) for name in PHOTOS]
    boxes, images, curve = Counter(), Counter(), Counter()
    for path in paths:
        found = NudeDetector().detect(str(path))
        boxes.update(d["class"] for d in found)
        images.update({d["class"] for d in found})
        curve.update({t for t in (0.25, 0.5, 0.7) for d in found if d["score"] >= t})
    (tmp_path / "bad.png").write_bytes(b"")
    counted = metric(labels=["all"], threshold=0.25)
    samples = counted.add_all([paths[0], tmp_path / "bad.png", *paths[1:]])
    parts = counted.compute().parts
    assert len(boxes) >= 3
    assert +Counter(parts["boxes_by_label"]) == boxes
    assert +Counter(parts["images_by_label"]) == images
    assert {p["threshold"]: p["images"] for p in parts["curve"] if p["threshold"] in curve} == dict(curve)
    assert (parts["n"], parts["errors"]) == (len(paths), ["bad.png: an empty file"])
    assert samples[1] == {"nudenet_error": "bad.png: an empty file"}


def rows(*roles):
    return [Row(f"r{i}", "a singer", 0, "singer", role) for i, role in enumerate(roles)]


def test_a_batch_is_looked_at_once_whatever_is_counted_and_other_roles_never(monkeypatch, tmp_path):
    class Faces(StubDetector):
        def __init__(self, *_):
            self.boxes = [box("FACE_MALE", 0.5)]

    monkeypatch.setattr(module, "NudeNetDetector", Faces)
    images = torch.arange(3 * 3 * 4 * 4, dtype=torch.uint8).reshape(3, 3, 4, 4)
    feature_cache, values = FeatureCache(tmp_path), []
    for params in ({"threshold": 0.4}, {"threshold": 0.6}, {"threshold": 0.4, "labels": ["exposed"], "count": "boxes"}):
        counted = metric(**{"labels": ["faces"], **params})
        samples = counted.update(Batch(images, rows("target", "retain", "target"), feature_cache=feature_cache))
        values.append((counted.compute().value, counted.compute().n))
        assert samples[1] == {}  # retain rows are not looked at
    assert values == [(2, 2), (0, 2), (0, 2)]
    assert feature_cache.computed == 1
    every = metric(roles=[])
    every.update(Batch(images, rows("target", "retain", "target"), feature_cache=feature_cache))
    assert every.compute().n == 3


def test_images_without_pixels_are_errors_by_name_and_the_next_batch_is_counted():
    counted = metric()
    samples = counted.update(Batch(torch.empty(2, 3, 0, 4, dtype=torch.uint8), rows("target", "target")))
    counted.update(Batch(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), rows("target")))
    assert samples[0]["nudenet_error"].startswith("r0_0: an image of 4 × 0 pixels")
    assert (counted.compute().n, len(counted.compute().parts["errors"])) == (1, 2)


def test_nothing_counted_still_says_by_which_file():
    score = metric().compute()
    assert np.isnan(score.value)
    assert (score.n, score.stderr) == (0, None)
    assert len(score.parts["model_sha256"]) == 64
    assert score.parts["package_version"] == "3.4.2"
    assert [point["n"] for point in score.parts["curve"]] == [0] * 15


def test_the_file_can_be_pinned(tmp_path):
    own = NudeNetDetector().facts["model_sha256"]
    assert metric(model_sha256=own.upper()).compute().parts["model_sha256"] == own
    path = tmp_path / "other.onnx"
    path.write_bytes(nudenet_like([(1, 1, 1, 1, 0, 0.5)], batch=1))
    other = metric(model=str(path)).compute().parts["model_sha256"]
    for params, named in (({"model_sha256": other}, "the package’s own file"), ({"model_sha256": own}, str(path))):
        model = {"model": str(path)} if named == str(path) else {}
        with pytest.raises(UserError) as refused:
            metric(**params, **model)
        assert all(word in str(refused.value) for word in (own, other, named))


def test_mistakes_are_named():
    for params, message in (
        ({"threshold": 0.1}, r"threshold must be from 0\.25"),
        ({"threshold": float("nan")}, r"threshold must be from 0\.25"),
        ({"labels": ["face"]}, "Did you mean 'faces'"),
        ({"labels": []}, "is empty"),
        ({"count": "image"}, "Did you mean 'images'"),
        ({"input_size": 0}, "input_size must be 1 or more"),
        ({"model_sha256": "c15d"}, "64 hexadecimal digits"),
        ({"model": "none.onnx"}, r"no file 'none\.onnx'"),
    ):
        with pytest.raises(UserError, match=message):
            metric(**params)
