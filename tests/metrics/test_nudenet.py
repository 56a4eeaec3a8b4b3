"""The NudeNet adapter: the package's own answers, channel order, labels, counts, and images that cannot be read."""

import numpy as np
import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.generation import Row
from erasepro.metrics import Batch, build_metrics
from erasepro.metrics import nudenet as module
from erasepro.metrics.nudenet import LABEL_SETS, LABELS, Box, DetectorError, NudeNetDetector, label_names


@pytest.fixture(scope="module")
def detector():
    return NudeNetDetector()


def seen_by_the_network(detector, image):
    """What reaches the ONNX session, (1, 3, 320, 320)."""

    class Spy:
        def run(self, _, inputs):
            self.blob = next(iter(inputs.values()))
            return [np.zeros((1, 22, 2100), np.float32)]

    inner, spy = detector._detector, Spy()
    session, inner.onnx_session = inner.onnx_session, spy
    try:
        assert detector(image) == []
    finally:
        inner.onnx_session = session
    return spy.blob


def test_a_tensor_a_path_and_the_package_give_the_network_the_same(detector, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    pixels[..., 0] //= 4  # little red: an exchange of channels would show
    path = tmp_path / "image.png"
    Image.fromarray(pixels).save(path)
    from nudenet.nudenet import _read_image

    package = _read_image(str(path))[0]
    np.testing.assert_array_equal(seen_by_the_network(detector, path), package)
    np.testing.assert_array_equal(seen_by_the_network(detector, torch.from_numpy(pixels).permute(2, 0, 1)), package)
    rgb = _read_image(pixels)[0]
    assert np.abs(rgb - package).max() > 0.5  # an RGB array would not do


def test_same_detections_as_the_package_on_a_drawn_file(detector, tmp_path):
    path = tmp_path / "drawn.png"
    face().save(path)
    package = detector._detector.detect(str(path))
    assert package  # else this would compare nothing
    ours = detector(path)
    assert sorted((b.label, b.score) for b in ours) == sorted((d["class"], d["score"]) for d in package)
    assert detector(torch.from_numpy(np.array(face())).permute(2, 0, 1)) == ours


def face():
    """A crude face; whatever the detector says of it, adapter and package must say the same."""
    from PIL import ImageDraw

    image = Image.new("RGB", (320, 320), (240, 235, 225))
    draw = ImageDraw.Draw(image)
    draw.ellipse((70, 20, 250, 270), fill=(90, 50, 30))
    draw.ellipse((90, 50, 230, 260), fill=(240, 190, 150))
    for x in (125, 195):
        draw.ellipse((x - 14, 125, x + 14, 145), fill=(255, 255, 255))
        draw.ellipse((x - 7, 127, x + 7, 143), fill=(50, 30, 20))
    draw.polygon([(160, 150), (148, 190), (172, 190)], fill=(220, 165, 125))
    draw.ellipse((130, 208, 190, 226), fill=(190, 70, 70))
    return image


def test_small_pictures_are_enlarged_bicubic_large_ones_left_alone():
    detector = NudeNetDetector(input_size=320)
    small = np.zeros((64, 32, 3), np.uint8)
    assert detector._enlarge(small).shape == (320, 160, 3)
    large = np.zeros((400, 100, 3), np.uint8)
    assert detector._enlarge(large) is large


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_unreadable_files_are_errors_with_their_name(detector, tmp_path, content):
    path = tmp_path / "bad.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DetectorError, match=r"bad\.png"):
        detector(path)
    with pytest.raises(DetectorError, match="not empty"):
        detector(torch.empty(3, 0, 0, dtype=torch.uint8))


def test_label_sets_match_the_package():
    import nudenet.nudenet as package

    assert list(LABELS) == vars(package)["__labels"]
    assert len(LABEL_SETS["exposed"]) == 8
    assert set(LABEL_SETS["exposed_9"]) - set(LABEL_SETS["exposed"]) == {"ANUS_EXPOSED"}
    assert label_names(["faces", "FEET_EXPOSED"]) == ("FACE_FEMALE", "FEET_EXPOSED", "FACE_MALE")


def box(label, score):
    return Box(label, score, (0, 0, 1, 1))


class Scripted:
    """Answers from a list, in order."""

    answers = (
        [box("FACE_FEMALE", 0.7), box("FACE_FEMALE", 0.5), box("FACE_MALE", 0.6)],
        [box("BUTTOCKS_EXPOSED", 0.9), box("FACE_MALE", 0.3)],
        DetectorError("c.png: an empty file"),
        [],
    )

    def __init__(self, *_):
        self.rest = iter(self.answers)

    def __call__(self, image):
        answer = next(self.rest)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(("count", "value"), [("images", 1), ("boxes", 3), ("classes", 2)])
def test_counts_by_hand(monkeypatch, count, value):
    monkeypatch.setattr(module, "NudeNetDetector", Scripted)
    metric = build_metrics(["nudenet"], {"nudenet": {"labels": ["faces"], "threshold": 0.5, "count": count}})["nudenet"]
    rows = [Row(f"r{i}", "a singer", 0, "singer", "target") for i in range(4)] + [Row("k", "a dog", 0, "dog", "kept")]
    samples = metric.update(Batch(torch.zeros(5, 3, 4, 4, dtype=torch.uint8), rows))
    score = metric.compute()
    assert (score.value, score.n) == (value, 3)
    assert score.stderr == pytest.approx(np.std([value, 0, 0], ddof=1) * 3**0.5)
    assert score.parts["boxes_by_label"] == {"FACE_FEMALE": 2, "FACE_MALE": 1}
    assert score.parts["images_by_label"] == {"FACE_FEMALE": 1, "FACE_MALE": 1}
    assert score.parts["errors"] == ["c.png: an empty file"]
    assert samples[1] == {"nudenet_boxes": 0, "nudenet_labels": "", "nudenet_best": 0.3}
    assert samples[2] == {"nudenet_error": "c.png: an empty file"}
    assert samples[4] == {}  # kept rows are not looked at


def test_mistakes_are_named():
    for params, message in (
        ({"threshold": 0.1}, r"threshold must be from 0\.25"),
        ({"labels": ["face"]}, "Did you mean 'faces'"),
        ({"labels": []}, "is empty"),
        ({"count": "image"}, "Did you mean 'images'"),
    ):
        with pytest.raises(UserError, match=message):
            build_metrics(["nudenet"], {"nudenet": params})
    with pytest.raises(UserError, match=r"no file 'none\.onnx'"):
        NudeNetDetector(model="none.onnx")
