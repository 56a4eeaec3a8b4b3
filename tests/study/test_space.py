import optuna
import pytest
import yaml

from erasepro.config.paths import config_dir, options
from erasepro.errors import UserError
from erasepro.runs.resolve import resolve
from erasepro.study import space as module
from erasepro.study.space import as_words, load_space, spaces


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a space file and loads it."""
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)

    def write(content):
        (tmp_path / "uce.yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
        return load_space("uce")

    return write


@pytest.mark.parametrize("name", spaces())
def test_every_draw_of_every_space_is_a_setting_that_its_solver_takes(name):
    space = load_space(name)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(2):
        words = space.suggest(study.ask())
        spec = resolve([f"solver={space.solver}", *words])
        chosen = {word.partition("=")[0] for word in words}
        assert all(spec.stored.at(key) is not None or key == "schedule" for key in chosen), words


def test_every_solver_that_tables_compare_has_a_space():
    presets = {name.removesuffix("_best") for name in options("solver") if name.endswith("_best")}
    assert presets | {"erasepro"} == set(spaces())


def test_spaces_are_no_experiments():
    assert (config_dir().parent / "experiments" / "tune").is_dir()
    assert not [name for name in options("experiments") if name.startswith("tune")]


def test_lists_intervals_and_named_choices_become_words(written):
    space = written(
        {
            "solver": "uce",
            "space": {
                "solver.token_policy": ["last_subject"],
                "ridge": {"keys": ["solver.ridge", "solver.erase_scale"], "low": 1.0, "high": 1.0001},
                "both": {"a": {"solver.prompts": "fitting", "solver.preserve_empty": True}},
            },
        }
    )
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    words = ["solver.token_policy=last_subject", "solver.ridge=1.0", "solver.erase_scale=1.0", "solver.prompts=fitting"]
    assert space.suggest(trial) == [*words, "solver.preserve_empty=true"]


def test_values_are_written_as_the_command_line_reads_them():
    assert as_words({"a": [0, 1], "b": None, "c": True, "d": "eot", "e": 1e-5}) == [
        "a=[0,1]", "b=null", "c=true", "d=eot", "e=1e-05",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("solver: [", "cannot be read"),
        ({"solver": "uce"}, "two keys"),
        ({"solver": "none", "space": {"solver.ridge": [1]}}, "Unknown solver"),
        ({"solver": "uce", "space": {}}, "is empty"),
        ({"solver": "uce", "space": {"solver.ridge": {"low": 2, "high": 1}}}, "low below high"),
        ({"solver": "uce", "space": {"solver.ridge": {"low": 0, "high": 1, "log": True}}}, "above 0"),
        ({"solver": "uce", "space": {"solver.ridge": 3}}, "no range"),
        ({"solver": "uce", "space": {"templates.count": [1, 2]}}, "all solvers are searched on the same"),
    ],
)
def test_a_bad_space_is_one_line_that_names_its_file(written, content, words):
    with pytest.raises(UserError, match=words) as error:
        written(content)
    assert "experiments/tune/uce.yaml" in str(error.value)


def test_an_unknown_space_names_those_there_are():
    with pytest.raises(UserError, match="erasepro"):
        load_space("erasepr")
