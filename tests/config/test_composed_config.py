"""A composed config, what one option says, and the name that its file states."""

import shutil

import pytest

from erasepro.config import paths
from erasepro.config.composed_config import compose_config, option_settings, stated_name
from erasepro.errors import UserError


def test_a_config_holds_the_overrides_and_not_hydras_part():
    cfg = compose_config(["generation.steps=7", "experiments=demo"])
    assert (cfg.generation.steps, cfg.experiments) == (7, "demo")
    assert "hydra" not in cfg


def test_each_caller_has_a_config_of_its_own():
    compose_config(["seed=3"]).generation.steps = 5
    assert compose_config(["seed=3"]).generation.steps != 5


def test_a_changed_file_is_read_anew(tmp_path, monkeypatch):
    for folder in ("conf", "experiments"):
        shutil.copytree(paths.config_dir().parent / folder, tmp_path / folder)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "erasepro" / "config" / "paths.py"))
    assert compose_config(["generation=quick"]).generation.steps == 8
    file = tmp_path / "conf" / "generation" / "quick.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("steps: 8", "steps: 9"), encoding="utf-8")
    assert compose_config(["generation=quick"]).generation.steps == 9


def test_an_override_that_does_not_compose_is_one_line():
    with pytest.raises(UserError, match="Did you mean solver=uce") as caught:
        compose_config(["solver=uec"])
    assert "\n" not in str(caught.value)


def test_an_options_settings_are_plain_and_resolved():
    assert option_settings("protocol", "mace").at("name") == "mace"
    assert option_settings("prompts", "i2p").at("source")
    assert "${" not in str(option_settings("generation", "quick").values)


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """A folder of protocols to put files in."""
    monkeypatch.setattr("erasepro.config.composed_config.config_dir", lambda: tmp_path)
    (tmp_path / "protocol").mkdir()
    return tmp_path / "protocol"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("name: short\nversion: 1\n", "short"),
        ("version: 1\n", None),
        ("name: ???\n", None),
        ("name: ${other}\n", None),
        ("defaults: [mace, _self_]\nname: more\n", None),
        ("- mace\n", None),
        ("", None),
    ],
)
def test_a_stated_name_is_one_that_needs_no_composing(conf, text, name):
    (conf / "mine.yaml").write_text(text)
    assert stated_name("protocol", "mine") == name


@pytest.mark.parametrize("content", [b"name: [\n", b"name: a\n# \xff\xfe\n", None])
def test_a_file_that_cannot_be_read_is_one_line(conf, content):
    if content is not None:
        (conf / "mine.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"config file 'mine\.yaml' cannot be read") as caught:
        stated_name("protocol", "mine")
    assert "\n" not in str(caught.value)


def test_the_stored_protocols_state_their_names():
    for option in paths.options("protocol"):
        assert stated_name("protocol", option) in (option, "erasepro", None)
