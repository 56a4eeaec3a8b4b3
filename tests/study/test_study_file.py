"""A study's section: what it may say, and what is refused."""

import pytest
import yaml

from erasepro.errors import UserError
from erasepro.study import study_file
from erasepro.study.study_file import load_study, studies

AXES = {"solver": ["uce", "oce"], "concepts": ["mini/pair_dog", "mini/pair_car"]}


@pytest.fixture
def own(tmp_path):
    """Writes a user's file; gives its path."""

    def write(section, **rest):
        path = tmp_path / "own.yaml"
        path.write_text(yaml.safe_dump({**rest, "study": section}, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return str(path)

    return write


def test_a_users_own_file(own):
    section = {"axes": AXES, "sort": "kept", "figures": ["pareto", {"dose": "seed"}]}
    study = load_study(own(section, debug="tiny", generation={"steps": 3}, seed=2))
    assert study.name == "own"
    assert study.base == {"debug": "tiny", "generation": {"steps": 3}, "seed": 2}
    assert [axis.name for axis in study.axes] == ["solver", "concepts"]
    assert study.axes[0].values == {"uce": {"solver": "uce"}, "oce": {"solver": "oce"}}
    assert (study.rows, study.tables, study.sort) == (("solver",), (), "kept")
    assert study.figures == (("pareto", ""), ("dose", "seed"))


def test_values_are_labelled_as_yaml_writes_them(own):
    study = load_study(own({"axes": {"generation.seeds": [[0, 1], [2]], "solver.average": [True, None, 1e-4]}}))
    assert [list(axis.values) for axis in study.axes] == [["[0, 1]", "[2]"], ["true", "null", "0.0001"]]


def test_named_choices_set_several_keys(own):
    choices = {"soft, μ = 1": {"solver.text_fit.mu": 1.0, "solver.text_fit.residual": "soft"}, "hard": {}}
    (axis,) = load_study(own({"axes": {"constraint": choices}})).axes
    assert axis.values == choices


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (None, "a study has axes"),
        ({"rows": ["solver"]}, "a study has axes"),
        ({"axes": AXES, "row": ["solver"]}, "unknown 'row'; a study has axes"),
        ({"axes": {}}, "axes must name what is varied"),
        ({"axes": ["solver"]}, "axes must name what is varied"),
        ({"axes": {"solver": []}}, r"axis 'solver': got \[\]; expected a list"),
        ({"axes": {"solver": "uce"}}, "axis 'solver': got 'uce'; expected a list"),
        ({"axes": {"a b": ["uce"]}}, "axis 'a b'"),
        ({"axes": {"x": {"a": 1}}}, "axis 'x'"),
        ({"axes": {"x": {"a": {"solver ridge": 1}}}}, "'solver ridge' is no key of a config"),
        ({"axes": {"solver": ["uce", "uce"]}}, "a value stands there twice: uce, uce"),
        ({"axes": {**AXES, "x": {"a": {"solver": "uce"}}}}, "'solver' is varied by two axes"),
        ({"axes": AXES, "rows": ["seed"]}, r"rows: got \['seed'\], expected a list of axes: solver, concepts"),
        ({"axes": AXES, "rows": "solver"}, "rows: got 'solver', expected a list"),
        ({"axes": AXES, "rows": ["solver", "solver"]}, "rows: an axis stands there twice"),
        ({"axes": AXES, "rows": ["solver"], "tables": ["solver"]}, "solver is in rows and in tables"),
        ({"axes": AXES, "sort": "best"}, "Unknown order 'best'"),
        ({"axes": AXES, "published": {"values": {"uce": {"kept": 0.9}}}}, "published values of uce have no source"),
        ({"axes": AXES, "figures": ["paretto"]}, "figures: Unknown kind of figure 'paretto'. Did you mean 'pareto'"),
        ({"axes": AXES, "figures": [["pareto"]]}, "figures: Unknown kind of figure"),
        ({"axes": AXES, "figures": [{"pareto": "seed"}]}, "figures: pareto has its own x axis"),
        ({"axes": AXES, "published": [1]}, "Bad value for 'published'"),
    ],
)
def test_what_no_study_may_say(own, section, message):
    with pytest.raises(UserError, match=message) as info:
        load_study(own(section))
    assert "own.yaml" in str(info.value)
    assert "\n" not in str(info.value)


def test_files_that_hold_none(tmp_path):
    (tmp_path / "none.yaml").write_text("seed: 1\n")
    (tmp_path / "torn.yaml").write_text("study: [\n")
    with pytest.raises(UserError, match="holds no study"):
        load_study(str(tmp_path / "none.yaml"))
    with pytest.raises(UserError, match="cannot be read"):
        load_study(str(tmp_path / "torn.yaml"))
    with pytest.raises(UserError, match="No file"):
        load_study(str(tmp_path / "gone.yaml"))
    (tmp_path / "group.yaml").write_text("defaults: [x]\nstudy: {axes: {seed: [1]}}\n")
    with pytest.raises(UserError, match="defaults are for files under experiments"):
        load_study(str(tmp_path / "group.yaml"))


def test_names_of_those_that_ship():
    assert {"ablation/residual", "table/many_concepts"} <= set(studies())
    assert load_study("residual") == load_study("ablation/residual")
    with pytest.raises(UserError, match=r"Unknown study 'residul'\. Did you mean 'residual'"):
        load_study("residul")


def test_a_name_that_two_bear(monkeypatch):
    monkeypatch.setattr(study_file, "studies", lambda: ["table/x", "ablation/x"])
    with pytest.raises(UserError, match="Two studies are called 'x': write table/x or ablation/x"):
        load_study("x")
