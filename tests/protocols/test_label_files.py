"""What the files of conf/protocol decide about a label, those above all that cannot be read."""

from __future__ import annotations

import shutil

import pytest

from erasepro.config import paths
from erasepro.errors import UserError
from erasepro.protocols.label import protocol_label, why_not_comparable
from erasepro.runs import resolve as resolving
from tests.protocols.test_label import label

STORED = paths.config_dir().parent


@pytest.fixture
def conf_with(tmp_path, monkeypatch):
    """Configs with other files in conf/protocol (None: a folder of that name); each call makes a folder of its own."""

    def put(**contents: str | bytes | None) -> None:
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        for folder in ("conf", "experiments"):
            shutil.copytree(STORED / folder, root / folder)
        for name, content in contents.items():
            file = root / "conf" / "protocol" / f"{name}.yaml"
            if content is None:
                file.unlink()
                file.mkdir()
            else:
                file.write_bytes(content.encode() if isinstance(content, str) else content)
        monkeypatch.setattr(paths, "__file__", str(root / "erasepro" / "config" / "paths.py"))

    return put


def test_files_of_other_protocols_decide_nothing_whatever_is_wrong_with_them(conf_with):
    conf_with(
        short="name: short\nfixes:\n  generation.steps: 2\n",
        broken="name: [\n",
        wild="name: wild\nversion: 1\nfixes:\n  generation.steps: ${nothing}\n",
        more="defaults: [mace, _self_]\nname: more\n",
        zweite="name: mace\nversion: 1\nfixes: {}\n",
    )
    assert label("debug=tiny") == "erasepro/2"
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


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(text, id=kind, marks=[] if kind in ("no yaml", "no value") else pytest.mark.ci_slow)
        for kind, text in BROKEN.items()
    ],
)
def test_a_protocol_whose_file_cannot_be_read_is_unverified(conf_with, content):
    weak = ["protocol.name=mace", "model=sd14", "generation.steps=3"]
    assert label(*weak) == "mace/2+modified(protocol)", "as long as the file can be read"
    conf_with(mace=content)
    stored = resolving.resolve(weak).stored
    assert protocol_label(stored) == protocol_label(stored, "nudenet") == "mace/2+unverified(mace.yaml)"
    assert label("protocol=speed", "model=sd14", "prompts=i2p") == "speed/1", "its own file is whole"
    assert label("debug=tiny") == "erasepro/2"
    assert why_not_comparable(protocol_label(stored))


def test_an_unreadable_file_that_states_another_name_verifies_nothing_and_hides_nothing(conf_with):
    conf_with(wild="name: wild\nfixes:\n  generation.steps: ${nothing}\n")
    assert label("debug=tiny", "protocol.name=mine") == "mine/2"
    assert label("debug=tiny", "protocol.name=wild") == "wild/2+unverified(wild.yaml)"


def test_a_file_without_permission_to_read_is_unverified(conf_with):
    conf_with(mace=None)  # raises OSError for every user, root too
    assert label("protocol.name=mace", "model=sd14") == "mace/2+unverified(mace.yaml)"


def test_another_folder_of_configs_is_read_anew(conf_with):
    assert resolving.resolve(["debug=tiny", "protocol=mace"]).stored.at("protocol.version") == 1
    conf_with(mace="name: mace\nversion: 7\nfixes: {}\n")
    assert label("protocol=mace") == "mace/7"
    conf_with()
    assert label("protocol=mace", "model=sd14", "prompts=i2p") == "mace/1"


TOLD = {
    "no yaml": r"'conf/protocol/mace\.yaml' cannot be read: .* in line 2",
    "no text": r"'conf/protocol/mace\.yaml' cannot be read: 'utf-8'",
    "no mapping": r"'conf/protocol/mace\.yaml' cannot be read: it must hold keys",
    "nothing": r"protocol\.name",
    "no value": r"nothing",
    "no such default": r"Unknown protocol 'nowhere'",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_choosing_a_protocol_whose_file_cannot_be_read_says_what_is_wrong(conf_with, fault):
    conf_with(mace=BROKEN[fault])
    with pytest.raises(UserError, match=TOLD[fault]) as caught:
        resolving.resolve(["protocol=mace"])
    assert "\n" not in str(caught.value)
