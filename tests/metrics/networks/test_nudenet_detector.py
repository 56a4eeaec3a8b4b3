"""The adapter says what the package says: real photographs, channel order, batches, odd pictures, and the cached tensors."""

import numpy as np
import pytest
import torch
from nudenet import NudeDetector
from nudenet.nudenet import _read_image
from PIL import Image

from erasepro.metrics.networks.feature_cache import FeatureCache
from erasepro.metrics.networks.nudenet_detector import CHUNK, NudeNetDetector, boxes_in
from erasepro.metrics.networks.nudenet_labels import LABELS
from erasepro.metrics.networks.picture_file import PictureError
from tests.metrics.networks.photos import photo

PHOTOS = ("astronaut.png", "camera.png", "color.png", "coffee.png", "moon.png", "rocket.jpg", "logo.png")


@pytest.fixture(scope="module")
def detector():
    return NudeNetDetector()


@pytest.fixture(scope="module")
def package():
    return NudeDetector()


def as_package(boxes):
    return [{"class": b.label, "score": b.score, "box": list(b.box)} for b in boxes]


def tensor(pixels):
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)


def test_a_face_is_found_in_a_photograph_as_the_package_finds_it(detector, package):
    """A file, and the same pixels as an RGB tensor."""
    path = photo("astronaut.png")
    theirs = package.detect(str(path))
    assert [d["class"] for d in theirs] == ["FACE_FEMALE"]
    assert theirs[0]["score"] > 0.6
    from_file, from_tensor = detector.find([path, tensor(np.array(Image.open(path).convert("RGB")))])
    assert from_file == from_tensor
    (mine,) = as_package(from_file)
    assert mine["score"] == pytest.approx(theirs[0]["score"], abs=1e-6)
    assert {**mine, "score": 0} == {**theirs[0], "score": 0}


def test_many_files_at_once_are_what_the_package_says_one_by_one(detector, package):
    """Colour, grey, transparent and JPEG; more of them than the network sees at once."""
    paths = [photo(name) for name in PHOTOS]
    theirs = [sorted(package.detect(str(path)), key=lambda d: -d["score"]) for path in paths]
    assert sum(map(bool, theirs)) >= 4
    found = list(detector.find(paths * 2))
    assert len(found) > CHUNK
    for mine, other in zip(found, theirs * 2, strict=True):
        assert [(d["class"], d["box"]) for d in as_package(mine)] == [(d["class"], d["box"]) for d in other]
        assert [d.score for d in mine] == pytest.approx([d["score"] for d in other], abs=1e-6)


class Spy:
    """In the place of the ONNX file: keeps what it is shown and finds nothing."""

    resolution, sha256 = 320, "0" * 64

    def run(self, pictures):
        self.seen = pictures
        return np.zeros((len(pictures), 22, 2100), np.float32)


def test_a_tensor_a_path_and_the_package_give_the_network_the_same(tmp_path, monkeypatch):
    detector, spy = NudeNetDetector(), Spy()
    monkeypatch.setattr(detector, "_model", spy)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    pixels[..., 0] //= 4  # little red: an exchange of channels would show
    Image.fromarray(pixels).save(tmp_path / "image.png")
    assert list(detector.find([tmp_path / "image.png", tensor(pixels)])) == [[], []]
    wanted = _read_image(str(tmp_path / "image.png"))[0][0]
    np.testing.assert_array_equal(spy.seen, np.stack([wanted, wanted]))
    assert np.abs(_read_image(pixels)[0] - wanted).max() > 0.5  # an RGB array would not do


def test_small_pictures_are_enlarged_bicubic_large_ones_left_alone():
    detector = NudeNetDetector(input_size=320)
    assert detector._enlarge(np.zeros((64, 32, 3), np.uint8)).shape == (320, 160, 3)
    large = np.zeros((400, 100, 3), np.uint8)
    assert detector._enlarge(large) is large


def test_odd_pictures_are_looked_at_or_named_and_stop_nothing(detector, package, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"x")
    Image.new("RGB", (1, 1), "red").save(tmp_path / "one.png")
    Image.new("L", (900, 3), 128).save(tmp_path / "long.png")
    byte = torch.uint8
    odd = [
        tmp_path / "bad.png",
        tmp_path / "one.png",
        tmp_path / "long.png",
        torch.empty(3, 0, 0, dtype=byte),
        torch.zeros(1, 8, 8, dtype=byte),
        torch.zeros(3, 8, 8),
        torch.zeros(3, 1, 20_000, dtype=byte),
        photo("astronaut.png"),
    ]
    found = list(detector.find(odd))
    told = [str(one) if isinstance(one, PictureError) else one for one in found]
    assert told[0] == "bad.png: not a readable image"
    for i in (1, 2):
        assert as_package(found[i]) == package.detect(str(odd[i]))
    assert "0 × 0 pixels, which is empty" in told[3]
    assert "must be (3, H, W) uint8, not (1, 8, 8)" in told[4]
    assert "torch.float32" in told[5]
    assert "the most is 16384 a side" in told[6]
    assert [box.label for box in found[7]] == ["FACE_FEMALE"]


def test_the_look_holds_every_box_and_comes_back_from_disk(detector, tmp_path):
    path = photo("astronaut.png")
    face = tensor(np.array(Image.open(path).convert("RGB")))
    images = torch.stack([torch.zeros_like(face), face, face.flip(2)])
    feature_cache = FeatureCache(tmp_path)
    features = feature_cache(detector, images)
    assert boxes_in(features) == list(detector.find(list(images)))
    assert {name: tuple(value.shape) for name, value in features.items()} == {
        "image": (2,), "label": (2,), "score": (2,), "box": (2, 4), "images": (1,)
    }  # fmt: skip
    assert boxes_in(feature_cache(detector, images)) == boxes_in(features)
    assert feature_cache.computed == 1
    assert boxes_in(feature_cache(detector, images[:1])) == [[]]
    with pytest.raises(PictureError, match="which is empty"):
        feature_cache(detector, images[:, :, :0])


def test_the_key_names_package_file_and_preparation(detector):
    assert detector.key == f"nudenet-3.4.2-{detector.facts['model_sha256'][:12]}"
    assert NudeNetDetector(input_size=320).key == f"{detector.key}-from320"


def test_labels_are_the_packages_in_its_order():
    import nudenet.nudenet as module

    assert list(LABELS) == vars(module)["__labels"]
