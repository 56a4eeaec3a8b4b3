"""The runs of a study."""

import pytest

from erasepro.errors import UserError
from erasepro.runs.resolve import resolve
from erasepro.study.cells import cells_of, restrict
from erasepro.study.study_file import Axis, Study, load_study, studies

CONSTRAINT = Axis("constraint", {"soft": {"solver.text_fit.residual": "soft", "solver.text_fit.mu": 3.0}, "hard": {}})
STUDY = Study("s", (Axis("solver", {n: {"solver": n} for n in ("erasepro", "erasepro_known")}), CONSTRAINT), {"debug": "tiny"})


def test_every_combination_is_a_run_the_last_axis_fastest():
    cells = cells_of(STUDY, ["seed=3"])
    assert [cell.shown for cell in cells] == [
        "solver=erasepro, constraint=soft", "solver=erasepro, constraint=hard",
        "solver=erasepro_known, constraint=soft", "solver=erasepro_known, constraint=hard",
    ]  # fmt: skip
    assert [cell.name for cell in cells] == ["0001", "0002", "0003", "0004"]
    spec = resolve(cells[0].words)
    assert (spec.seed, spec.model.kind, spec.stored.at("solver.text_fit.mu")) == (3, "tiny", 3.0)
    assert spec.stored.at("solver.text_fit.residual") == "soft"


def test_an_axis_is_restricted_by_its_key():
    study, rest = restrict(STUDY, ["solver=uce,oce", "generation.steps=2"])
    assert list(study.axes[0].values) == ["uce", "oce"]
    assert rest == ["generation.steps=2"]
    study, _ = restrict(STUDY, ["solver=uce"])
    assert list(study.axes[0].values) == ["uce"]
    pairs = Study("p", (Axis("concepts.pairs", {"x": {"concepts.pairs": [["dog", "cat"]]}}),), {})
    study, _ = restrict(pairs, ["concepts.pairs=[[owl,'a cow']]"])
    assert study.axes[0].values == {"[[owl, a cow]]": {"concepts.pairs": [["owl", "a cow"]]}}


def test_named_choices_are_chosen_by_name():
    assert [cell.labels["constraint"] for cell in cells_of(STUDY, ["constraint=hard", "solver=uce"])] == ["hard"]
    twice = cells_of(STUDY, ["constraint=hard", 'constraint="hard"'])
    assert [cell.words for cell in twice] == [cell.words for cell in cells_of(STUDY) if cell.labels["constraint"] == "hard"]
    others = [name for axis in STUDY.axes if axis.name == "constraint" for name in axis.values if name != "hard"]
    last = cells_of(STUDY, [f"constraint='{others[0]}'", "constraint=hard"])
    assert [cell.words for cell in last] == [cell.words for cell in twice], "the last word counts"
    with pytest.raises(UserError, match="Unknown value of the axis 'constraint' 'haard'"):
        cells_of(STUDY, ["constraint=haard"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("solver.text_fit.mu=2", "would overwrite what the study varies: 'solver.text_fit.mu' belongs to"),
        ("solver.text_fit={mu:2}", "belongs to its axis 'constraint'"),
        ("seed=1,2", "'seed' is no axis of the study 's': give one"),
    ],
)
def test_overrides_that_contradict_the_study(word, message):
    with pytest.raises(UserError, match=message):
        cells_of(STUDY, [word])


def test_a_key_of_a_group_is_set_after_its_option():
    study = Study("s", (Axis("solver", {n: {"solver": n} for n in ("uce", "rece")}),), {"debug": "tiny"})
    for cell in cells_of(study, ["solver.preserve_scale=0.25"]):
        assert resolve(cell.words).stored.at("solver.preserve_scale") == 0.25


def test_more_runs_than_a_command_begins():
    many = Axis("seed", {str(n): {"seed": n} for n in range(200)})
    other = Axis("generation.steps", {str(n): {"generation.steps": n} for n in range(200)})
    with pytest.raises(UserError, match="40,000 runs: at most 10,000"):
        cells_of(Study("s", (many, other), {}))


def test_texts_that_hydra_would_read_otherwise():
    axis = Axis("concepts.pairs", {"odd": {"concepts.pairs": [["true", "Georgia O'Keeffe, \"x\""]]}})
    (cell,) = cells_of(Study("s", (axis,), {"debug": "tiny"}))
    assert resolve(cell.words).concepts.pairs == [["true", "Georgia O'Keeffe, \"x\""]]


@pytest.mark.parametrize("name", studies())
def test_the_last_run_of_each_study_composes(name):
    assert str(resolve(cells_of(load_study(name))[-1].words).stored.at("experiments")) == name


@pytest.mark.ci_slow
@pytest.mark.parametrize("name", studies())
def test_each_value_of_each_study_composes_and_no_two_runs_are_the_same(name):
    study = load_study(name)
    cells = {tuple(cell.labels.values()): cell for cell in cells_of(study)}
    longest = max(len(axis.values) for axis in study.axes)
    several = [tuple(list(axis.values)[i % len(axis.values)] for axis in study.axes) for i in range(longest)]
    stored = [repr(sorted(resolve(cells[labels].words).stored.leaves().items(), key=str)) for labels in several]
    assert len(set(stored)) == longest
