"""What the files of conf/protocol decide about a label, those above all that cannot be read."""

from __future__ import annotations

import shutil

import pytest

from erasepro.config import compose, composed, paths
from erasepro.errors import UserError
from erasepro.protocols import label as protocol
from erasepro.protocols.label import bars_published
from erasepro.runs import resolve as resolving
from tests.protocols.test_label import label


@pytest.fixture
def own_conf(tmp_path, monkeypatch):
    """A copy of conf/ to put files in."""
    for folder in ("conf", "experiments"):
        shutil.copytree(paths.config_dir().parent / folder, tmp_path / folder)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "erasepro" / "config" / "paths.py"))
    monkeypatch.setattr(composed, "uncomposed", compose.uncomposed.__wrapped__)
    monkeypatch.setattr(protocol, "option_settings", composed.option_settings.__wrapped__)
    monkeypatch.setattr(resolving, "uncomposed", compose.uncomposed.__wrapped__)
    monkeypatch.setattr(protocol, "_stored_definitions", protocol._stored_definitions.__wrapped__)
    return tmp_path / "conf" / "protocol"


def test_files_of_other_protocols_decide_nothing_whatever_is_wrong_with_them(own_conf):
    (own_conf / "short.yaml").write_text("name: short\nfixes:\n  generation.steps: 2\n")
    (own_conf / "broken.yaml").write_text("name: [\n")
    (own_conf / "wild.yaml").write_text("name: wild\nversion: 1\nfixes:\n  generation.steps: ${nothing}\n")
    (own_conf / "more.yaml").write_text("defaults: [mace, _self_]\nname: more\n")
    (own_conf / "zweite.yaml").write_text("name: mace\nversion: 1\nfixes: {}\n")
    assert label("debug=tiny") == "erasepro/1"
    assert label("debug=tiny", "protocol=short") == "short/1"
    assert label("protocol=mace", "model=sd14", "prompts=i2p") == "mace/1"
    assert label("protocol=more", "model=sd14", "prompts=i2p") == "more/1"
    assert label("protocol=more", "model=sd14", "prompts=i2p", "protocol.models=[]") == "more/1+modified(protocol)"


BROKEN = {
    "no yaml": b"name: [\n",
    "no text": b"name: mace\n# \xff\xfe\n",
    "no mapping": b"- mace\n",
    "nothing": b"",
    "no value": b"name: mace\nfixes:\n  generation.steps: ${nothing}\n",
    "no such default": b"defaults: [nowhere, _self_]\nname: mace\n",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_protocol_whose_file_cannot_be_read_is_unverified(own_conf, content):
    weak = ["protocol.name=mace", "model=sd14", "generation.steps=3"]
    assert label(*weak) == "mace/1+modified(protocol)", "as long as the file can be read"
    (own_conf / "mace.yaml").write_bytes(content)
    assert label(*weak) == label(*weak, metric="nudenet") == "mace/1+unverified(mace.yaml)"
    assert label("protocol=speed", "model=sd14", "prompts=i2p") == "speed/1", "its own file is whole"
    assert label("debug=tiny") == "erasepro/1"
    assert bars_published(label(*weak))


def test_an_unreadable_file_that_states_another_name_verifies_nothing_and_hides_nothing(own_conf):
    (own_conf / "wild.yaml").write_text("name: wild\nfixes:\n  generation.steps: ${nothing}\n")
    assert label("debug=tiny", "protocol.name=mine") == "mine/1"
    assert label("debug=tiny", "protocol.name=wild") == "wild/1+unverified(wild.yaml)"


def test_a_file_without_permission_to_read_is_unverified(own_conf):
    (own_conf / "mace.yaml").unlink()
    (own_conf / "mace.yaml").mkdir()  # raises OSError for every user, root too
    assert label("protocol.name=mace", "model=sd14") == "mace/1+unverified(mace.yaml)"


TOLD = {
    "no yaml": r"'conf/protocol/mace\.yaml' cannot be read: .* in line 2",
    "no text": r"'conf/protocol/mace\.yaml' cannot be read: 'utf-8'",
    "no mapping": r"'conf/protocol/mace\.yaml' cannot be read: it must hold keys",
    "nothing": r"protocol\.name",
    "no value": r"nothing",
    "no such default": r"Unknown protocol 'nowhere'",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_choosing_a_protocol_whose_file_cannot_be_read_says_what_is_wrong(own_conf, fault):
    (own_conf / "mace.yaml").write_bytes(BROKEN[fault])
    with pytest.raises(UserError, match=TOLD[fault]) as caught:
        resolving.resolve(["protocol=mace"])
    assert "\n" not in str(caught.value)
