"""Only safetensors and published pickles are read; another pickle's code never runs."""

import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file

from erasepro.errors import UserError
from erasepro.metrics.networks import pickles
from erasepro.metrics.networks.pickles import Published, check_file, check_weights, file_sha256, load_weights, published

WEIGHTS = {"a": torch.arange(3.0)}


def test_safetensors_are_read_and_hashes_are_the_files(tmp_path):
    path = tmp_path / "w.safetensors"
    save_file(WEIGHTS, path)
    assert torch.equal(load_weights(path)["a"], WEIGHTS["a"])
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    save_file({"a": torch.ones(3)}, path)
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest(), "a changed file is hashed again"


class Bomb:
    def __reduce__(self):
        return (print, ("the pickle's code ran",))


def test_an_unknown_pickle_is_refused_and_its_code_does_not_run(tmp_path, capsys):
    for name in ("w.pth", "w.safetensors"):
        (tmp_path / name).write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(UserError, match="safetensors"):
            load_weights(tmp_path / name)
    torch.save(WEIGHTS, tmp_path / "w.pth")
    with pytest.raises(UserError, match=f"SHA-256 {file_sha256(tmp_path / 'w.pth')} is of no published file"):
        load_weights(tmp_path / "w.pth")
    assert "ran" not in capsys.readouterr().out


def test_a_published_pickle_is_read_and_even_that_may_not_run_code(tmp_path, monkeypatch, capsys):
    torch.save(WEIGHTS, tmp_path / "w.pth")
    torch.save(Bomb(), tmp_path / "bomb.pth")
    for name in ("w.pth", "bomb.pth"):
        digest = file_sha256(tmp_path / name)
        monkeypatch.setitem(pickles.PUBLISHED, digest, Published(name, digest, "a test", "nowhere"))
    assert torch.equal(load_weights(tmp_path / "w.pth")["a"], WEIGHTS["a"])
    with pytest.raises(pickle.UnpicklingError):
        load_weights(tmp_path / "bomb.pth")
    assert "ran" not in capsys.readouterr().out


def test_torchmetrics_own_layer_weights_are_in_the_table():
    import torchmetrics.functional.image as home

    for name, width in (("alex.pth", 64), ("vgg.pth", 64)):
        path = f"{home.__path__[0]}/lpips_models/{name}"
        assert load_weights(path)["lin0.model.1.weight"].shape == (1, width, 1, 1)


def test_missing_and_wrong_files_name_the_setting(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"metrics.params.fid.weights: no file 'nowhere.pth'"):
        check_file("metrics.params.fid.weights", "nowhere.pth")
    with pytest.raises(UserError, match="Cannot read the weights file"):
        load_weights(tmp_path / "nowhere.safetensors")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "vgg16-397923af.pth").write_bytes(b"half a download")
    with pytest.raises(UserError, match="is not torchvision's VGG-16 as published"):
        published("vgg16-397923af.pth", "key")


def test_another_published_file_is_told_from_its_hash(tmp_path):
    import torchmetrics.functional.image as home

    with pytest.raises(UserError, match=r"is LPIPS's layer weights for VGG-16.*needed is torchvision's VGG-16"):
        check_weights(f"{home.__path__[0]}/lpips_models/vgg.pth", ["vgg16-397923af.pth"], {})
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    check_weights(tmp_path / "w.safetensors", ["vgg16-397923af.pth"], {"a": (3,)})
    with pytest.raises(UserError, match=r"it lacks the tensor a of \(4,\)"):
        check_weights(tmp_path / "w.safetensors", ["vgg16-397923af.pth"], {"a": (4,)})
