"""Pictures for training are drawn once, kept, and drawn again where the file is none."""

import pytest
import torch

from erasepro.errors import UserError
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.solvers.training import own_pictures
from erasepro.solvers.training.denoiser import Denoiser
from erasepro.solvers.training.own_pictures import own_latents


@pytest.fixture
def denoiser(shared_model):
    return Denoiser(shared_model.pipe, 3)


def drawn(denoiser, store, number=5, hash_="abc", seed=0):
    return own_latents(denoiser, ["a cat", "a pear"], number, 3.0, seed, hash_, store)


def test_they_are_drawn_once_and_do_not_hang_on_the_batch(denoiser, tmp_path, monkeypatch):
    tmp_path.joinpath("kept").mkdir()
    store = StatisticsStore(tmp_path / "kept")
    latents, places = drawn(denoiser, store)
    assert latents.shape == (5, *denoiser.shape)
    assert places.tolist() == [0, 1, 0, 1, 0]
    monkeypatch.setattr(own_pictures, "BATCH", 2)
    assert torch.allclose(drawn(denoiser, StatisticsStore())[0], latents, atol=1e-5)
    monkeypatch.setattr(own_pictures, "_draw", lambda *_: pytest.fail("drawn again"))
    assert torch.equal(drawn(denoiser, store)[0], latents)
    with pytest.raises(pytest.fail.Exception):
        drawn(denoiser, store, seed=1)
    with pytest.raises(pytest.fail.Exception):
        drawn(denoiser, store, hash_="")


def test_a_damaged_file_is_drawn_again_with_a_warning(denoiser, tmp_path):
    store = StatisticsStore(tmp_path)
    latents, _ = drawn(denoiser, store)
    (file,) = tmp_path.glob("pictures-*.safetensors")
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(bytes(data))
    with pytest.warns(UserWarning, match="is damaged"):
        again, _ = drawn(denoiser, store)
    assert torch.equal(again, latents)


def test_pictures_that_are_no_numbers_are_left_out(denoiser, monkeypatch):
    latents, _ = drawn(denoiser, StatisticsStore())
    latents = latents.clone()
    latents[1] = torch.nan
    monkeypatch.setattr(own_pictures, "_draw", lambda *_: latents)
    kept, places = drawn(denoiser, StatisticsStore())
    assert (len(kept), places.tolist()) == (4, [0, 0, 1, 0])
    monkeypatch.setattr(own_pictures, "_draw", lambda *_: latents * torch.nan)
    with pytest.raises(UserError, match=r"draws no picture of 'a cat'.*model.dtype=float32"):
        drawn(denoiser, StatisticsStore())
