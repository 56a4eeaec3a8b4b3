"""A solver's settings are an option's over its dataclass's, whichever way they are read."""

import pytest

from erasepro.config.nodes import stored_config
from erasepro.config.paths import options
from erasepro.config.plain_values import leaves
from erasepro.config.solver_settings import completed, option_solver_settings, typed_settings
from erasepro.errors import UserError
from erasepro.runs.resolve import compose
from erasepro.solvers import SOLVERS


@pytest.mark.parametrize("option", options("solver")[::4])
def test_an_option_read_alone_is_what_composing_it_gives(option):
    composed = stored_config(compose([f"solver={option}"])).at("solver")
    assert option_solver_settings(option, SOLVERS.config(composed["name"])) == leaves(composed)


def test_what_an_option_states_lies_over_the_defaults_group_by_group():
    schema = SOLVERS.config("erasepro")
    settings = completed(schema, {"name": "erasepro", "text_fit": {"preserve": {"ridge": 1}}})
    usual = completed(schema, {"name": "erasepro"})
    assert settings["schedule"] == "${schedule}"
    assert settings["text_fit"]["preserve"] == {**usual["text_fit"]["preserve"], "ridge": 1}
    assert settings["cross_attention_fit"] == usual["cross_attention_fit"]
    assert typed_settings(SOLVERS.config("uce"), {"ridge": 1})["ridge"] == 1.0


def test_a_damaged_option_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "solver").mkdir()
    (tmp_path / "solver" / "uce_cut.yaml").write_text("name: uce\nridge: [\n")
    monkeypatch.setattr("erasepro.config.solver_settings.config_dir", lambda: tmp_path)
    with pytest.raises(UserError, match=r"The config file 'uce_cut\.yaml' cannot be read"):
        option_solver_settings("uce_cut", SOLVERS.config("uce"))
