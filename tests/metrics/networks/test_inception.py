"""The FID Inception against torchmetrics' own forward pass, clean-fid's resize by Pillow, and its weights' door."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional as F

from erasepro.errors import UserError
from erasepro.metrics.networks.inception import FILE, Inception


def pictures(n, height, width):
    """Smooth ones, as photographs are: a few large blobs."""
    coarse = torch.rand(n, 3, 5, 7, generator=torch.Generator().manual_seed(0)) * 255
    return F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 255).round().to(torch.uint8)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (480, 640)])
def test_clean_resize_is_pillows_bicubic_on_floats(height, width):
    images = pictures(2, height, width)
    found = Inception(resize="clean").resized(images)
    for image, mine in zip(images, found, strict=True):
        for channel, got in zip(image.numpy(), mine, strict=True):
            resized = Image.fromarray(channel.astype(np.float32)).resize((299, 299), Image.Resampling.BICUBIC)
            np.testing.assert_allclose(got, np.asarray(resized).clip(0, 255), atol=2e-3)


def test_the_three_ways_to_resize_differ_and_have_their_own_keys(tmp_path):
    images = pictures(1, 480, 640)
    clean, tensorflow, antialias = (
        Inception(resize=way).resized(images) for way in ("clean", "tensorflow", "antialias")
    )
    assert (clean - tensorflow).abs().max() > 1
    assert (clean - antialias).abs().max() > 0.1
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors")
    keys = {Inception(str(tmp_path / "w.safetensors"), way).key for way in ("clean", "tensorflow", "antialias")}
    assert len(keys) == 3
    assert all(key.replace("-", "").isalnum() for key in keys)


def test_other_networks_weights_and_unknown_ways_are_one_line(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(UserError, match="does not hold the FID Inception's weights"):
        Inception(str(tmp_path / "w.safetensors"))(pictures(1, 32, 32))
    with pytest.raises(UserError, match=r"metrics.params.fid.resize 'claen'. Did you mean 'clean'"):
        Inception(resize="claen")


def test_weights_that_cannot_be_downloaded_name_the_setting(tmp_path, monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(UserError, match=f"set metrics.params.fid.weights to a local file .*{FILE}"):
        Inception().file  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize("way", ["tensorflow", "antialias"])
def test_full_size_features_equal_torchmetrics(tmp_path, way):
    from torchmetrics.image.fid import NoTrainInceptionV3

    torch.manual_seed(0)
    published = _random_weights()
    buffer = io.BytesIO()
    torch.save(published, buffer)
    buffer.seek(0)
    reference = NoTrainInceptionV3("inception-v3-compat", ["2048"], buffer, antialias=way == "antialias")
    save_file(published, tmp_path / "w.safetensors")
    images = pictures(2, 80, 100)
    found = Inception(str(tmp_path / "w.safetensors"), way)(images)["features"]
    assert found.shape == (2, 2048)
    assert found.std() > 0
    torch.testing.assert_close(found, reference(images), rtol=1e-4, atol=1e-5)


def _random_weights():
    """A state dict of the right names and shapes, without torch-fidelity's reader."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Bare(FeatureExtractorInceptionV3):
        def load_state_dict(self, state_dict, *args, **kwargs):
            return None

    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    return {k: v.clone() for k, v in Bare("x", ["2048"], feature_extractor_weights_path=empty).state_dict().items()}
