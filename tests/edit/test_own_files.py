"""What an edit wrote is told from what it did not: its own is replaced, anything else is not."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from erasepro.edit import Edit
from erasepro.edit.own_files import CERTIFICATE, WHAT, check_certificate, check_target, is_foreign, remove_foreign
from erasepro.edit.store import save_certificate
from erasepro.errors import UserError
from erasepro.verification import certify

FOREIGN = [b"notes", b"# My project\n", b'{"format": 2}', b"[]", struct.pack("<Q", 16) + b'{"weight": {}}  ']
OLD = Path(__file__).parent / "format_1"


@pytest.fixture
def saved(edit32, model32, tmp_path) -> Path:
    folder = edit32.save(tmp_path / "edit")
    certify(edit32, model32, folder)
    return folder


@pytest.mark.parametrize("name", WHAT)
def test_an_edits_own_files_are_known_whole_cut_off_and_empty(saved, name):
    whole = (saved / name).read_bytes()
    for size in (len(whole), len(whole) // 2, 300, 0):
        (saved / name).write_bytes(whole[:size])
        assert not is_foreign(saved / name)
    check_target(saved)
    check_certificate(saved)


def test_files_of_earlier_formats_are_known():
    assert not [path for path in OLD.rglob("*") if path.name in WHAT and is_foreign(path)]


@pytest.mark.parametrize("content", FOREIGN)
@pytest.mark.parametrize("name", WHAT)
def test_somebodys_own_file_stays(edit32, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"its {name} is no {WHAT[name]} of an edit") as caught:
        edit32.save(tmp_path)
    assert "\n" not in str(caught.value)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, content)]
    edit32.save(tmp_path, force=True)
    assert Edit.load(tmp_path) == edit32


def test_a_folder_in_a_files_place_is_refused_with_force_too(edit32, tmp_path):
    (tmp_path / "edit.json").mkdir()
    with pytest.raises(UserError, match=r"its edit\.json is a folder"):
        edit32.save(tmp_path, force=True)


def test_a_certificate_takes_no_other_files_place(edit32, model32, tmp_path):
    (tmp_path / CERTIFICATE).write_text('{"degree": "MSc"}')
    for write in (lambda: certify(edit32, model32, tmp_path), lambda: save_certificate({}, tmp_path)):
        with pytest.raises(UserError, match="is no certificate of an edit, so it is not replaced: move it"):
            write()
    assert (tmp_path / CERTIFICATE).read_text() == '{"degree": "MSc"}'


def test_a_runs_folder_is_cleared_of_what_cannot_be_read_but_keeps_a_readme(tmp_path):
    for name in WHAT:
        (tmp_path / name).write_bytes(b"random bytes")
    remove_foreign(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
