"""Where the configs lie, and what their options are called."""

import pytest

from erasepro.config import paths
from erasepro.config.paths import (
    choices,
    config_dir,
    filed_options,
    groups,
    options,
    search_path_override,
    unfiled_solvers,
)
from erasepro.errors import UserError


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """An installation without configs."""
    package = tmp_path / "site" / "erasepro"
    (package / "config").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(package / "config" / "paths.py"))
    return package


def write(*files):
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("name: x\n")


def test_configs_lie_in_the_package_or_beside_it(installed):
    with pytest.raises(UserError, match=r"conf/ folder is missing beside the package: reinstall"):
        config_dir()
    write(installed.parent / "conf" / "config.yaml")
    assert config_dir() == installed.parent / "conf"
    write(installed / "conf" / "config.yaml")
    assert config_dir() == installed / "conf", "those of the wheel, where there are both"
    assert search_path_override() == f"hydra.searchpath=['file://{installed}']"


def test_options_are_files_by_name_and_folder(installed):
    conf = installed / "conf"
    write(conf / "config.yaml", conf / "concepts" / "b.yaml", conf / "concepts" / "mini" / "a.yaml")
    write(conf / "concepts" / "_shared.yaml", conf / "concepts" / "_old" / "c.yaml", conf / "hydra" / "x.yaml")
    (conf / "concepts" / "notes.txt").touch()
    write(installed / "experiments" / "table" / "one.yaml")
    assert options("concepts") == ["b", "mini/a"]
    assert options("nothing") == []
    assert groups() == {"concepts": ["b", "mini/a"], "experiments": ["table/one"]}


def test_a_solver_without_a_file_is_an_option(installed, monkeypatch):
    write(installed / "conf" / "config.yaml", installed / "conf" / "solver" / "filed.yaml")
    monkeypatch.setattr(paths, "registered_names", lambda group: ["bare", "filed"])
    assert filed_options("solver") == ["filed"]
    assert unfiled_solvers() == ["bare"]
    assert options("solver") == ["bare", "filed"]
    assert options("model") == []


def test_choices_are_written_as_the_command_takes_them(monkeypatch):
    monkeypatch.setattr(paths, "options", lambda group: [f"o{i}" for i in range(26)])
    assert choices("solver").startswith("solver=o0|o1|")
    assert choices("solver").endswith("|o24 … (26 in all: see `erasepro ls solvers`)")
    monkeypatch.setattr(paths, "options", lambda group: ["a", "b"])
    assert choices("solver") == "solver=a|b"
