import pytest
import yaml

from erasepro.errors import UserError
from erasepro.runs.resolve import resolve
from erasepro.study import preset_file
from erasepro.study.preset_file import preset_path, preset_text, write_preset


@pytest.mark.parametrize(
    "words",
    [
        ["solver=uce", "solver.ridge=0.25", "solver.token_policy=last_to_eos"],
        ["solver=rece_best", "solver.start.ridge=2.0"],
        ["solver=erasepro", "schedule=hidden_state", "solver.text_fit.preserve.ridge=0.5", "solver.cross_attention=false"],
        ["solver=emcid", "solver.blocks=[0,1]"],
    ],
)
def test_a_preset_gives_the_settings_that_it_was_made_of(tmp_path, words, monkeypatch):
    spec = resolve(words)
    path = write_preset(tmp_path, spec.solver_name, spec, "one line\nanother")
    text = path.read_text()
    assert text.startswith("# one line\n# another\nname: ")
    assert path.name == f"{spec.solver_name}_best.yaml"
    again = resolve([f"solver={spec.solver_name}", *_words(yaml.safe_load(text))])
    assert again.solver == spec.solver


def _words(values, prefix="solver."):
    words = []
    for key, value in values.items():
        if isinstance(value, dict):
            words += _words(value, "schedule." if key == "schedule" else f"{prefix}{key}.")
        elif key != "name" or prefix == "schedule.":
            words.append(f"{prefix}{key}={str(value).replace(' ', '').lower() if isinstance(value, bool | list) else value}")
    return words


def test_only_what_differs_from_the_dataclass_stands_in_a_preset():
    assert yaml.safe_load(preset_text(resolve(["solver=uce", "solver.ridge=0.25"]), "x")) == {"name": "uce", "ridge": 0.25}


def test_a_config_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "solver").mkdir()
    monkeypatch.setattr(preset_file, "config_dir", lambda: tmp_path)
    assert preset_path("uce") == tmp_path / "solver" / "uce_best.yaml"
    assert not list((tmp_path / "solver").iterdir())
    monkeypatch.setattr(preset_file, "config_dir", lambda: tmp_path / "missing")
    with pytest.raises(UserError, match="write=true puts presets into"):
        preset_path("uce")
