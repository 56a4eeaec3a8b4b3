"""object_accuracy: hits counted by hand, names matched to ImageNet's, preprocessing equal to torchvision's on Pillow images."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from erasepro.errors import UserError
from erasepro.generation import Row
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.engine.imagenet_classes import IMAGENETTE, categories, classes_of
from erasepro.metrics.networks.imagenet import Classifier
from erasepro.metrics.object_accuracy import ObjectAccuracy, ObjectAccuracyConfig


class Answers:
    """Sees the class whose index the first pixel holds."""

    key = "answers"

    def __call__(self, images):
        return {"logits": 10 * torch.nn.functional.one_hot(images[:, 0, 0, 0].long(), 1000).float()}


def metric(**config):
    return ObjectAccuracy(ObjectAccuracyConfig(**config), Answers())


def shown(*names):
    images = torch.zeros(len(names), 3, 2, 2, dtype=torch.uint8)
    for image, name in zip(images, names, strict=True):
        image[0, 0, 0] = categories().index(name)
    return images


def test_hits_by_role_are_counted():
    rows = [
        Row("a", "a tench", 0, "tench", "target", "plain"),
        Row("a", "a tench", 1, "tench", "target", "plain"),
        Row("b", "a goldfish", 0, "goldfish", "retain", "plain"),
        Row("c", "a hen", 0, "a Hen", "retain", "complex"),
    ]
    counted = metric()
    values = counted.update(Batch(shown("tench", "goldfish", "goldfish", "cock"), rows))
    score = counted.compute()
    assert (score.value, score.n, score.higher_is_better) == (0.5, 2, False)
    assert score.stderr == pytest.approx(0.5)
    assert score.parts["retain"]["value"] == 0.5
    assert score.parts["retain/complex"]["value"] == 0
    assert [v["object_accuracy_hit"] for v in values] == [1, 0, 1, 0]
    assert [v["object_accuracy_seen"] for v in values] == ["tench", "goldfish", "goldfish", "cock"]
    assert 0.9 < values[0]["object_accuracy_prob"] <= 1
    assert metric(role="retain").compute().higher_is_better


def test_names_are_matched_exactly_folded_and_by_hand():
    names = categories()
    assert classes_of("French_Horn", {}, "key") == {names.index("French horn")}
    assert classes_of("chainsaw", {}, "key") == {names.index("chain saw")}
    assert classes_of("Cardigan", {}, "key") == {names.index("Cardigan")}, "a dog; the garment is written small"
    assert classes_of("a CARDIGAN", {}, "key") == {names.index("Cardigan"), names.index("cardigan")}
    given = {"dog": ["beagle", "Pug"], "person": [], "horn": "French horn"}
    assert classes_of("a dog", given, "key") == {names.index("beagle"), names.index("pug")}
    assert classes_of("horn", given, "key") == {names.index("French horn")}
    assert classes_of("person", given, "key") == frozenset()


def test_imagenettes_ten_classes_are_there():
    assert len({frozenset(classes_of(name, {}, "key")) for name in IMAGENETTE}) == 10
    assert {classes_of(c, {}, "k") for c in IMAGENETTE} == {classes_of(c, {}, "k") for c in set(IMAGENETTE.values())}


def test_concepts_left_out_are_in_no_n():
    rows = [Row("a", "a person", 0, "person", "retain"), Row("b", "a hen", 0, "hen", "retain")]
    counted = metric(classes={"person": []})
    assert counted.update(Batch(shown("hen", "hen"), rows))[0] == {}
    assert counted.compute().parts["retain"]["n"] == 1
    assert counted.compute().parts["left_out"] == 1


def test_unknown_names_are_one_line_with_the_nearest():
    rows = [Row("a", "a tensch", 0, "tensch", "target")]
    with pytest.raises(UserError, match=r"'tensch' is none of ImageNet's 1,000 classes. The nearest is 'tench'"):
        metric().check(rows)
    with pytest.raises(
        UserError, match=r"object_accuracy.classes.dog: 'beegle' is no ImageNet class. Did you mean 'beagle'"
    ):
        build_metrics(["object_accuracy"], metric_configs({"object_accuracy": {"classes": {"dog": "beegle"}}}))
    with pytest.raises(UserError, match=r"object_accuracy\.weights: no file"):
        build_metrics(["object_accuracy"], metric_configs({"object_accuracy": {"weights": "nowhere.pth"}}))


@pytest.mark.parametrize("size", [(64, 64), (300, 400), (513, 512)])
def test_preprocessing_is_that_of_torchvisions_weights(size):
    """On a Pillow image, as published numbers are made; the resize may round one grey level apart."""
    from torchvision.models import ResNet50_Weights

    coarse = torch.rand(1, 3, 6, 5, generator=torch.Generator().manual_seed(0)) * 255
    image = torch.nn.functional.interpolate(coarse, size, mode="bicubic").clamp(0, 255).byte()
    picture = Image.fromarray(np.ascontiguousarray(image[0].permute(1, 2, 0)))
    theirs = ResNet50_Weights.IMAGENET1K_V1.transforms()(picture)
    mine = Classifier(None, "key").preprocess(image)[0]
    assert mine.shape == (3, 224, 224)
    assert float((mine - theirs).abs().max()) <= 1.01 / 255 / 0.224


@pytest.mark.slow
def test_a_full_size_resnet_from_a_file_gives_torchvisions_answers(tmp_path):
    from torchvision.models import ResNet50_Weights, resnet50

    torch.manual_seed(0)
    theirs = resnet50(weights=None).eval()
    save_file(theirs.state_dict(), tmp_path / "w.safetensors")
    images = torch.randint(0, 256, (2, 3, 80, 90), dtype=torch.uint8)
    network = Classifier(str(tmp_path / "w.safetensors"), "key")
    with torch.inference_mode():
        expected = theirs(ResNet50_Weights.IMAGENET1K_V1.transforms()(images))
    torch.testing.assert_close(network(images)["logits"], expected)
    assert network.key.startswith("resnet50-")


def test_other_networks_weights_are_one_line(tmp_path):
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "w.safetensors")
    with pytest.raises(
        UserError, match=r"does not hold torchvision's resnet50: it lacks the tensor bn1.weight of \(64,\)"
    ):
        Classifier(str(tmp_path / "w.safetensors"), "key")(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
    with pytest.raises(
        UserError, match=r"w.safetensors does not hold torchvision's ResNet-50, IMAGENET1K_V1: it lacks"
    ):
        ObjectAccuracy(ObjectAccuracyConfig(weights=str(tmp_path / "w.safetensors"))).check([])
