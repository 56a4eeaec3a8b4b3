"""A stored config that anybody may have written: plain values are read, and all else is one clear line."""

import os

import pytest
import yaml

from erasepro.config.nodes import yaml_text
from erasepro.config.stored_file import DEEPEST, LARGEST, read_plain, read_stored
from erasepro.errors import UserError
from erasepro.runs.resolve import resolve


@pytest.fixture(scope="module")
def stored():
    return resolve(["debug=tiny"]).stored.replaced({"concepts.synonyms": {"St. Bernard": ["dog"]}})


@pytest.fixture
def file(tmp_path, stored):
    path = tmp_path / "config.yaml"
    path.write_text(yaml_text(stored), encoding="utf-8")
    return path


def test_what_a_run_stores_is_read_as_it_was(file, stored):
    assert read_stored(file).values == stored.values


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("name: ${oc.env:HOME}", "reads neither other keys nor the environment"),
        ("name: '${solver.name}'", "holds plain values"),
        ("extra: {a: [x, '${env:PATH}']}", "reads neither other keys nor the environment"),
        ("? '${oc.env:HOME}'\n: 1", "which is no config key"),
        ("name: !!python/object/apply:os.system ['true']", "holds a tag"),
        ("name: !!python/name:os.system ''", "holds a tag"),
        ("name: &a x\nother: *a", r"holds an alias \(\*a\)"),
        ("1: 2", "holds the key 1"),
        ("model.kind: tiny", "holds the key 'model.kind'"),
        ("name: 2001-01-01", "which no key takes"),
        ("name: [", "is damaged"),
        ("name: \x07", "is damaged"),
        (f"name: {'[' * 100}{']' * 100}", f"more than {DEEPEST} groups"),
        (f"name: {'[' * 200_000}", "is damaged"),
    ],
)
def test_anything_but_plain_values_is_refused(file, written, line):
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("name:")]
    file.write_text("\n".join([*lines, written]), encoding="utf-8")
    with pytest.raises(UserError, match=line) as caught:
        read_stored(file)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_file_that_is_no_runs_config_is_refused(tmp_path):
    file = tmp_path / "config.yaml"
    with pytest.raises(UserError, match="is not there"):
        read_stored(file)
    with pytest.raises(UserError, match="is a folder: name its"):
        read_stored(tmp_path)
    for text in ("", "[1, 2]", "a: 1", yaml.safe_dump({"model": {}, "solver": "uce"})):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match="it lacks"):
            read_stored(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is damaged"):
        read_stored(file)
    os.truncate(file, LARGEST + 1)
    with pytest.raises(UserError, match="larger than 4 MiB"):
        read_stored(file)


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a: [", "is damaged"), (b"\xff", "is damaged"), (b"a: ${b}", "holds plain values"), (None, "is not there")],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, content, line):
    file = tmp_path / "config.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=rf"config\.yaml'.* {line}"):
        read_plain(file)
