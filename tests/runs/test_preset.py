"""The preset that a solver's settings are nearest to."""

import pytest
from omegaconf import OmegaConf

from erasepro.config.paths import options
from erasepro.runs.preset import _presets, method_name, name_for_file, nearest_preset
from erasepro.runs.resolve import compose


def settings(*words):
    return OmegaConf.to_container(compose(list(words)).solver, resolve=True)


@pytest.mark.parametrize("preset", options("solver"))
def test_a_preset_as_it_stands_is_named_alone(preset):
    named = nearest_preset(settings(f"solver={preset}"))
    assert named in options("solver"), "with nothing changed in it"
    assert settings(f"solver={named}") == settings(f"solver={preset}"), "where two are the same, either's name"


def test_what_was_changed_is_named_with_the_preset_it_was_changed_in():
    assert nearest_preset(settings("solver=uce_best", "solver.ridge=7")) == "uce_best ridge=7.0"
    assert nearest_preset(settings("solver=erasepro", "solver.cross_attention_fit.independence_threshold=0.2")) == (
        "erasepro cross_attention_fit.independence_threshold=0.2"
    )


def test_settings_that_spell_another_preset_out_are_that_preset():
    best = settings("solver=uce_best")
    words = [f"solver.{key}={best[key]}" for key, value in settings("solver=uce").items() if best[key] != value]
    assert words
    assert nearest_preset(settings("solver=uce", *words)) == "uce_best"


def test_a_solver_that_no_file_knows_is_named_by_all_its_settings():
    assert nearest_preset({"name": "theirs", "a": 1, "b": {"c": 2}}) == "theirs a=1 b.c=2"


def test_of_presets_with_the_same_settings_the_chosen_one_is_named():
    assert settings("solver=trce_text") == settings("solver=trce_text_best")
    for chosen in ("trce_text", "trce_text_best"):
        assert nearest_preset(settings(f"solver={chosen}"), chosen) == chosen
        assert compose([f"solver={chosen}"]).method == chosen
        assert compose([f"solver={chosen}"]).name.endswith(f"-{chosen}")


@pytest.mark.parametrize("solver", ["uce", "speed", "trce_text"])
def test_no_two_options_share_a_name(solver):
    names = [option for option in options("solver") if option.startswith(solver)]
    assert len({compose([f"solver={name}"]).method for name in names}) == len(names)
    assert len({compose([f"solver={name}"]).name for name in names}) == len(names)


def test_a_method_s_name_in_a_folder_s_name_can_be_pasted():
    assert name_for_file("uce_best") == "uce_best"
    named = name_for_file("erasepro text_fit.preserve={'captions': 60} schedule.name=reverse")
    assert named == "erasepro+text_fit.preserve_captions_60+schedule.name_reverse"


def test_an_experiment_s_runs_are_named_by_the_preset_too():
    assert compose(["experiments=table/faces", "solver=emcid_best"]).name == "faces-emcid_best"
    assert compose(["experiments=table/instances", "solver=uce", "solver.ridge=2"]).name == "table-instances-uce+ridge_2.0"


def test_a_preset_that_cannot_be_read_names_no_run(tmp_path, monkeypatch):
    folder = tmp_path / "conf" / "solver"
    folder.mkdir(parents=True)
    (folder / "uce_mine.yaml").write_text("name: uce\nridgee: 2\n")
    (folder / "uce_cut.yaml").write_text("name: uce\nridge: [\n")
    monkeypatch.setattr("erasepro.runs.preset.filed_options", lambda group: ["uce_mine", "uce_cut"])
    monkeypatch.setattr("erasepro.runs.preset.unfiled_solvers", lambda: ["uce"])
    monkeypatch.setattr("erasepro.config.solver_settings.config_dir", lambda: tmp_path / "conf")
    assert list(_presets(tmp_path / "conf", "uce")) == ["uce"]


def test_a_part_of_an_edit_is_named_by_its_strength():
    assert method_name({"name": "theirs"}, 0.5) == "theirs strength=0.5"
    assert method_name({"name": "theirs"}, 1.0) == method_name({"name": "theirs"}, None) == "theirs"
    assert compose(["solver=uce_best", "strength=0.25"]).method == "uce_best strength=0.25"
    assert compose(["solver=uce_best", "strength=0.25"]).name.endswith("-uce_best+strength_0.25")
    assert compose(["solver=uce_best", "strength=1"]).method == "uce_best"
