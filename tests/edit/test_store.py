"""An edit on disk is the same edit, and a bad one is one clear line."""

import errno
import json

import pytest
import torch
from safetensors import SafetensorError

from erasepro.closed_form import LowRankUpdate
from erasepro.edit import Edit, store
from erasepro.errors import UserError


def test_round_trip(edit32, tmp_path):
    edit32.scale(0.75).save(tmp_path / "edit")
    again = Edit.load(tmp_path / "edit")
    assert again.hash == edit32.scale(0.75).hash
    assert again.strength == 0.75
    assert again.meta == json.loads(json.dumps(edit32.meta))
    assert again.residuals == edit32.residuals
    for name, update in edit32.updates.items():
        assert torch.equal(update.up, again.updates[name].up)
        assert torch.equal(update.down, again.updates[name].down)
    assert sorted(p.name for p in (tmp_path / "edit").iterdir()) == ["edit.json", "edit.safetensors"]


def test_shared_factors_are_stored_once(tmp_path):
    down = torch.randn(2, 500, dtype=torch.float64)
    edit = Edit({f"unet.{i}": LowRankUpdate(torch.randn(3, 2, dtype=torch.float64), down) for i in range(20)})
    edit.save(tmp_path)
    assert (tmp_path / "edit.safetensors").stat().st_size < 2 * down.numel() * 8


def test_meta_does_not_change_the_hash(edit32):
    assert Edit(edit32.updates, {"note": 1}).hash == edit32.hash


@pytest.mark.parametrize("harm", ["missing", "no tensors", "cut", "swapped", "json", "format", "keys"])
def test_damage_is_found(edit32, tmp_path, harm):
    edit32.save(tmp_path)
    facts, tensors = tmp_path / "edit.json", tmp_path / "edit.safetensors"
    if harm == "missing":
        facts.unlink()
    elif harm == "no tensors":
        tensors.unlink()
    elif harm == "cut":
        tensors.write_bytes(tensors.read_bytes()[:-100])
    elif harm == "swapped":
        data = bytearray(tensors.read_bytes())
        data[-1] ^= 1
        tensors.write_bytes(bytes(data))
    elif harm == "json":
        facts.write_text(facts.read_text()[:-20])
    elif harm == "format":
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"format": 99}))
    else:
        facts.write_text(json.dumps({k: v for k, v in json.loads(facts.read_text()).items() if k != "meta"}))
    with pytest.raises(UserError) as info:
        Edit.load(tmp_path)
    assert "\n" not in str(info.value)


def test_a_file_in_place_of_the_folder_and_an_edit_without_fingerprints(tmp_path, edit32):
    (tmp_path / "a.txt").write_text("a file")
    with pytest.raises(UserError, match="it is a file"):
        edit32.save(tmp_path / "a.txt")
    with pytest.raises(UserError, match="holds no edit"):
        Edit.load(tmp_path / "a.txt")
    folder = edit32.save(tmp_path / "edit")
    facts = json.loads((folder / "edit.json").read_text())
    nulls = [(key, None) for key in ("meta", "sites", "residuals", "diagnostics", "strength")]
    for key, value in (("meta", {}), ("meta", {"base": None}), ("sites", [1]), *nulls):
        (folder / "edit.json").write_text(json.dumps(facts | {key: value}))
        with pytest.raises(UserError, match="damaged"):
            Edit.load(folder)


@pytest.mark.parametrize(("reason", "number"), [("No space left on device", errno.ENOSPC), ("other", errno.EIO)])
def test_a_full_disk_is_an_ordinary_error_that_names_the_file(edit32, tmp_path, monkeypatch, reason, number):
    def full(tensors, path):
        path.write_bytes(b"half")
        raise SafetensorError(f"Error while serializing: I/O error: {reason} (os error 28)")

    monkeypatch.setattr(store, "save_file", full)
    with pytest.raises(OSError, match=reason) as caught:
        edit32.save(tmp_path)
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "edit.safetensors"))
    assert list(tmp_path.iterdir()) == []
