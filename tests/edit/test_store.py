"""An edit on disk is the same edit, and a bad one is one clear line."""

import errno
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from erasepro.edit import Edit, store
from erasepro.errors import UserError
from erasepro.linalg import LowRankUpdate
from erasepro.models.sites import weight
from erasepro.models.tensor_hashes import weights_hash


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
    assert sorted(p.name for p in (tmp_path / "edit").iterdir()) == ["README.md", "edit.json", "edit.safetensors"]


def test_shared_factors_are_stored_once(tmp_path):
    down = torch.randn(2, 500, dtype=torch.float64)
    updates = {f"unet.{i}": LowRankUpdate(torch.randn(3, 2, dtype=torch.float64), down) for i in range(20)}
    with pytest.raises(UserError, match="which base weights it belongs to"):
        Edit(updates).save(tmp_path)
    Edit(updates, {"base": {key: {} for key in updates}}).save(tmp_path)
    assert (tmp_path / "edit.safetensors").stat().st_size < 2 * down.numel() * 8


def test_a_large_edit_is_stored_once_in_float32_and_is_the_same_edit(compact32, model32, tmp_path):
    again = Edit.load(compact32.scale(0.75).save(tmp_path / "edit"))
    assert again == compact32.scale(0.75)
    assert again.meta == json.loads(json.dumps(compact32.meta))
    for name, update in compact32.updates.items():
        for kind, factor in update.factors.items():
            assert torch.equal(again.updates[name].factors[kind], factor)
            assert again.updates[name].factors[kind].dtype == torch.float64
        W_o = weight(model32.pipe, name)
        assert torch.equal(again.updates[name].apply_to(W_o, 0.75), update.apply_to(W_o, 0.75))
    stored = load_file(tmp_path / "edit" / "edit.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float32}
    assert len(stored) == 2 * 3 + 2  # two factors for each of three text layers, and those of the map
    facts = json.loads((tmp_path / "edit" / "edit.json").read_text())
    assert sorted(facts["narrowed"]) == sorted(stored)
    assert set(facts["d_out"].values()) == {32}
    assert facts["meta"]["precision"]["float32"] == len(compact32.updates)
    assert facts["meta"]["precision"]["largest_change"] < 1e-6


def test_a_large_edit_of_another_base_or_of_changed_facts_is_refused(compact32, other_model, tmp_path):
    folder = compact32.save(tmp_path)
    with pytest.raises(UserError, match="differs from the one this edit was solved on"):
        Edit.load(folder).apply(other_model.pipe)
    facts = json.loads((folder / "edit.json").read_text())
    del facts["digest"]  # the hash alone has to find it
    name = next(iter(facts["d_out"]))
    base = facts["meta"]["base"]
    for wrong in (
        {"d_out": facts["d_out"] | {name: 16}},
        {"d_out": {}},
        {"d_out": facts["d_out"] | {name: "32"}},
        {"narrowed": []},
        {"narrowed": ["0" * 16]},
        {"meta": facts["meta"] | {"base": base | {name: base[name] | {"sha256": "0" * 16}}}},
    ):
        (folder / "edit.json").write_text(json.dumps(facts | wrong))
        with pytest.raises(UserError, match="damaged"):
            Edit.load(folder)


@pytest.mark.parametrize(
    ("name", "hash_", "edited"),
    [("uce", "479d5ebb8785300d", "7c5946c248d6ac85"), ("erasepro", "46e58b06da35721e", "2f48ec1eaeb9ef9e")],
)
def test_an_edit_of_format_2_does_what_it_did(name, hash_, edited, model32, tmp_path):
    """Files and weights of the code of then: every ΔW by itself, in float64."""
    folder = Path(__file__).parent / "format_2" / name
    assert json.loads((folder / "edit.json").read_text())["format"] == store.FORMAT_2
    edit = Edit.load(folder)
    assert edit.hash == hash_
    with edit.applied(model32.pipe):
        assert weights_hash(model32.pipe) == edited
    again = Edit.load(edit.save(tmp_path))
    assert again == edit
    assert json.loads((tmp_path / "edit.json").read_text())["format"] == store.FORMAT


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


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("file", ["edit.safetensors", "edit.json", "README.md"])
def test_a_full_or_read_only_disk_is_an_ordinary_error_and_nothing_is_half_written(
    edit32, tmp_path, monkeypatch, number, file
):
    """Whichever file it strikes: the earlier edit in the folder stays whole, and a new folder is not left behind."""
    edit32.scale(0.5).save(tmp_path / "old")
    before = {p.name: p.read_bytes() for p in (tmp_path / "old").iterdir()}
    write = Path.write_text

    def tensors(_, path):
        path.write_bytes(b"half")
        raise SafetensorError(f"Error while serializing: I/O error: {os.strerror(number)} (os error {number})")

    def words(path, *args, **options):
        if f".{file}." not in path.name:
            return write(path, *args, **options)
        path.write_bytes(b"half")
        raise OSError(number, os.strerror(number))

    if file == "edit.safetensors":
        monkeypatch.setattr(store, "save_file", tensors)
    else:
        monkeypatch.setattr(Path, "write_text", words)
    for folder in (tmp_path / "old", tmp_path / "new"):
        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            edit32.save(folder)
        assert (caught.value.errno, caught.value.filename) == (number, str(folder / file))
        assert "\n" not in str(caught.value)
    assert {p.name: p.read_bytes() for p in (tmp_path / "old").iterdir()} == before
    assert not (tmp_path / "new").exists()


def test_the_json_that_vouches_for_an_edit_gets_its_place_last(edit32, tmp_path, monkeypatch):
    order, replace = [], os.replace
    monkeypatch.setattr(
        os, "replace", lambda source, target: (order.append(Path(target).name), replace(source, target))
    )
    edit32.save(tmp_path)
    assert sorted(order[:-1]) == ["README.md", "edit.safetensors"]
    assert order[-1] == "edit.json", "a process that is killed before leaves no edit, and the same command makes it"


def test_a_library_error_without_a_number_is_one_too(edit32, tmp_path, monkeypatch):
    def fail(tensors, path):
        raise SafetensorError("no idea")

    monkeypatch.setattr(store, "save_file", fail)
    with pytest.raises(OSError, match="no idea") as caught:
        edit32.save(tmp_path / "edit")
    assert caught.value.errno == errno.EIO


def test_every_flipped_bit_is_found(edit32, tmp_path):
    """In the header and in the factors: never another edit, never anything but one clear line."""
    tensors = edit32.save(tmp_path) / "edit.safetensors"
    whole = tensors.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(0, header, 7), *range(header, len(whole), len(whole) // 40)]
    for i, place in enumerate(places):
        data = bytearray(whole)
        data[place] ^= 1 << i % 8
        tensors.write_bytes(bytes(data))
        with pytest.raises(UserError, match="damaged") as info:
            Edit.load(tmp_path)
        assert "\n" not in str(info.value)
    for size in (0, 4, 8, header - 1, header, len(whole) - 1):
        tensors.write_bytes(whole[:size])
        with pytest.raises(UserError, match="damaged"):
            Edit.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"), [("a.pt", "pickle"), ("a.bin", "pickle"), ("a.safetensors", "load_uce"), ("a.png", "a folder")]
)
def test_a_file_in_the_place_of_an_edit_is_told_apart(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(UserError, match=message):
        Edit.load(tmp_path / name)


def test_a_part_of_an_edit_is_named(edit32, tmp_path):
    with pytest.raises(UserError, match="name its folder"):
        Edit.load(edit32.save(tmp_path) / "edit.safetensors")


def test_saving_removes_the_certificate_of_another_edit(edit32, tmp_path):
    for content, stays in ((json.dumps({"edit": {"hash": edit32.hash}}), True), ("{}", False), ("no json", False)):
        edit32.save(tmp_path)
        (tmp_path / "certificate.json").write_text(content)
        edit32.save(tmp_path)
        assert (tmp_path / "certificate.json").exists() == stays


def test_somebodys_own_readme_is_replaced_with_force_alone(edit32, tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# My project\nlibrary_name: erasepro\n")
    with pytest.raises(UserError, match=r"its README\.md is no card of an edit"):
        edit32.save(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md"]
    assert "My project" in (tmp_path / "README.md").read_text()
    edit32.save(tmp_path, force=True)
    assert "My project" not in (tmp_path / "README.md").read_text()
    edit32.scale(0.5).save(tmp_path)  # its own card is replaced
    assert Edit.load(tmp_path).strength == 0.5


@pytest.mark.parametrize("folder", ["", "  ", None, 3, b"edit"])
def test_a_folder_that_is_not_named_is_one_line(edit32, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    for use in (edit32.save, Edit.load):
        with pytest.raises(UserError, match="folder"):
            use(folder)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("residuals", "all"), 0.001),
        (("meta", "concepts", "pairs"), [["pig", "cow"]]),
        (("diagnostics",), []),
        (("strength",), 0.5),
        (("digest",), "0" * 64),
    ],
)
def test_facts_that_were_changed_are_refused(edit32, tmp_path, keys, value):
    path = edit32.save(tmp_path) / "edit.json"
    facts = node = json.loads(path.read_text())
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    path.write_text(json.dumps(facts))
    with pytest.raises(UserError, match=r"damaged or was changed by hand \(of edit\.json: its content") as caught:
        Edit.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_edit_of_before_there_were_digests_is_read(edit32, tmp_path):
    path = edit32.save(tmp_path) / "edit.json"
    facts = json.loads(path.read_text())
    assert len(store.stored_digest(tmp_path)) == 64
    del facts["digest"]
    path.write_text(json.dumps(facts))
    assert Edit.load(tmp_path).residuals == edit32.residuals
    assert store.stored_digest(tmp_path) == ""


@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: os.symlink("edit.safetensors", path)])
def test_what_is_no_file_is_not_waited_for(edit32, tmp_path, put):
    (edit32.save(tmp_path) / "edit.safetensors").unlink()
    put(tmp_path / "edit.safetensors")
    with pytest.raises(UserError, match=r"damaged \(edit.safetensors is no file\)"):
        Edit.load(tmp_path)
