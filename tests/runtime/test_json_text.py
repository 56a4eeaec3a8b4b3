"""Whatever is wrong with a JSON text is one kind of error, wherever it is read."""

import os

import pytest

from erasepro.edit.store import stored_hash
from erasepro.errors import UserError
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import read_worklist
from erasepro.models.checkpoint import weight_files
from erasepro.models.safetensors_stream import read_source
from erasepro.models.source import read_index
from erasepro.results.results_json import Results
from erasepro.runtime.files import read_dict, read_json
from erasepro.runtime.json_text import NoJson, load_json, parse_json
from erasepro.runtime.lock import read_holder

HOSTILE = {
    "brackets": "[" * 200_000,
    "objects": '{"a":' * 200_000,
    "digits": '{"a": ' + "1" * 5000 + "}",
    "half a character": '{"a": "d\\uD800g"}',
    "cut": '{"a": ',
    "empty": "",
}


def test_good_texts_pass():
    assert parse_json('{"a": [1, "\\ud83d\\ude00", 2.5]}') == {"a": [1, "\U0001f600", 2.5]}
    assert parse_json(b'"caf\xc3\xa9"') == "café"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_none_is_one_error_and_one_line_in_every_reader(tmp_path, text):
    with pytest.raises(NoJson):
        parse_json(text)
    names = (
        "file.json", "edit.json", "manifest.json", "rows.jsonl", "errors.jsonl", "model_index.json",
        "model.safetensors.index.json", "results.json",
    )  # fmt: skip
    for name in names:
        (tmp_path / name).write_text(text, encoding="utf-8")
    head = text.encode()
    (tmp_path / "w.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    assert read_json(tmp_path / "file.json") is None
    assert read_dict(tmp_path / "file.json") == {}
    assert read_holder(tmp_path / "file.json") is None
    store = ImageStore(tmp_path)
    assert (store.rows(), store.errors()) == ({}, {})
    for read in (
        lambda: stored_hash(tmp_path),
        lambda: store.manifest,
        lambda: read_index(tmp_path),
        lambda: weight_files(tmp_path),
        lambda: read_source(tmp_path / "w.safetensors"),
        lambda: Results.load(tmp_path / "results.json"),
    ):
        with pytest.raises(UserError) as caught:
            read()
        assert len(str(caught.value)) < 400
    if text:
        with pytest.raises(UserError, match="line 1: not a work-list row"):
            read_worklist(tmp_path / "file.json")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(NoJson, match="it is no file"):
        load_json(tmp_path / "pipe.json")
    assert read_json(tmp_path / "pipe.json") is None
