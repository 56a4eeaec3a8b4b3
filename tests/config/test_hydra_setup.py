"""Every stored config composes and is typed; a wrong name or type fails at once, in one line that helps."""

from __future__ import annotations

import pytest

from erasepro.config.nodes import stored_config
from erasepro.config.paths import config_dir, groups, options
from erasepro.errors import UserError
from erasepro.runs.resolve import compose, custom_name, resolve


def error_of(*overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        compose(overrides)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_default_is_typed():
    cfg = compose()
    assert cfg.generation.seeds == [0, 1, 2]
    assert cfg.solver.name == "erasepro"
    assert cfg.experiments is None
    assert cfg.templates.preserve_count > 0


@pytest.mark.ci_slow
@pytest.mark.parametrize("group", ["model", "generation", "metrics", "prompts", "protocol", "tracker", "debug"])
def test_every_option_composes(group):
    assert options(group)
    for name in options(group):
        compose([f"{group}={name}"])


@pytest.mark.ci_slow
def test_every_solver_and_every_schedule_compose():
    for solver in options("solver"):
        assert compose([f"solver={solver}"]).solver.name
    for schedule in options("schedule"):
        cfg = compose([f"schedule={schedule}"])
        assert cfg.solver.schedule.name == cfg.schedule.name


@pytest.mark.parametrize("name", options("experiments"))
def test_every_experiment_composes_and_says_its_command(name):
    compose([f"experiments={name}"])
    lines = (config_dir().parent / "experiments" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# erasepro ")
    assert f"experiments={name}" in lines[1] or f"erasepro study {name.rpartition('/')[2]}" == lines[1][2:]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("solver=uec", "Unknown solver 'uec'. Did you mean solver=uce? Known: "),
        ("solvr=uce", "Unknown key 'solvr'. Did you mean 'solver'?"),
        ("concepts=instance_1", "Did you mean concepts=mini/instance_1?"),
        ("concepts=mini/instanc_5", "Did you mean concepts=mini/instance_5?"),
        ("experiments=demoo", "Unknown experiments 'demoo'. Did you mean experiments=demo? Known: "),
        ("prompts=i2pp", "Unknown prompts 'i2pp'. Did you mean prompts=i2p?"),
        ("prompts=[templates,cocoo]", "Did you mean 'coco'?"),
        ("prompts=null", "Bad value for 'prompts': got 'null', expected prompts=artists|"),
        ("prompts.i2p.file=a.csv", "the prompt set 'i2p' is not chosen; add prompts=i2p."),
        ("prompts.templates.fil=a.csv", "Did you mean 'prompts.templates.file'?"),
        ("prompts.templates.max_rows=many", "Bad value for 'prompts.templates.max_rows': got 'many', expected a whole"),
        ("generation.stps=3", "Unknown key 'generation.stps'. Did you mean 'generation.steps'?"),
        ("+generation.stps=3", "Unknown key 'generation.stps'. Did you mean 'generation.steps'?"),
        ("generation.steps=many", "Bad value for 'generation.steps': got 'many', expected a whole number."),
        ("generation.guidance=hi", "Bad value for 'generation.guidance': got 'hi', expected a number."),
        ("generation.seeds=3", "Bad value for 'generation.seeds': got '3', expected a list"),
        ("outputs.progress=maybe", "Bad value for 'outputs.progress': got 'maybe', expected true or false."),
        ("templates.count=few", "Bad value for 'templates.count': got 'few', expected a whole number, or null."),
        (
            "solver.cross_attention=perhaps",
            "Bad value for 'solver.cross_attention': got 'perhaps', expected true or false.",
        ),
        ("+solver.nothing=1", "Unknown key 'solver.nothing'."),
        ("solver.text_site=[]", "Did you mean 'solver.text_sites'?"),
        ("+schedule.shar=0.5", "Unknown key 'schedule.shar'. Did you mean 'schedule.share'?"),
        ("concepts.pairs=[[dog,cat]", "Cannot read the override"),
        ("solver=uce,erasepro", "add -m"),
        ("generation=null", "Bad value for 'generation': got 'null', expected generation=default|"),
        ("solver=null", "Bad value for 'solver': got 'null', expected solver=ac|ac_miniature|"),
        ("model=1", "Bad value for 'model': got '1', expected model=cogvideox_2b|"),
        ("outputs=null", "its keys one by one"),
        ("~generation", "'generation' has no value. Choose generation=default|"),
        ("~concepts", "'concepts' has no value. Choose concepts="),
        ("~solver", "'solver' has no value. Choose solver="),
        ("~generation.steps", "'generation.steps' cannot be deleted: give it a value"),
        ("generation.steps=null", "'generation.steps': got 'null', expected a whole number; null is not allowed."),
        ("solver.text_fit.reduced_rank=None", "reduced_rank': got 'None', expected a whole number, or null."),
        ("metrics.names=null", "'metrics.names': got 'null', expected a list of texts, for example [a,b]; null is not"),
        (
            "solver.cross_attention=null",
            "'solver.cross_attention': got 'null', expected true or false; null is not allowed.",
        ),
        ("solver.name=uce", "write solver=uce instead"),
        ("concepts.pairs=[[café,cat]]", """write 'concepts.pairs=[["café",cat]]'."""),
        ("concepts.pairs={café:cat}", """write 'concepts.pairs=[["café",cat]]'."""),
        ('concepts.preserve=["é",crème brûlée]', """write 'concepts.preserve=["é","crème brûlée"]'."""),
        ("outputs.dir=/a/ö4", """write 'outputs.dir="/a/ö4"'."""),
        ('concepts.pairs=[["é",cat]', "quote brackets"),
        ("name=${nothing.here}", "nothing.here"),
    ],
)
def test_wrong_override_is_one_helpful_line(override, said):
    assert said in error_of(override)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("[dog,cat]", "[[dog,cat]]"),
        ("{dog:cat}", "[[dog,cat]]"),
        ("dog", "[[dog,cat],[apple,pear]]"),
        ("[fox,owl,cow]", "[[dog,cat],[apple,pear]]"),
        ("[[fox],owl]", "[[dog,cat],[apple,pear]]"),
        ("[[fox,owl,cow]]", "[[dog,cat],[apple,pear]]"),
    ],
)
def test_pairs_of_the_wrong_shape_are_shown_the_right_one(value, form):
    line = error_of(f"concepts.pairs={value}")
    assert f"write 'concepts.pairs={form}'" in line


@pytest.mark.parametrize("value", ["dog", "[dog,cat]", "[[dog,cat,cow]]", "[[dog]]"])
def test_pairs_of_the_wrong_shape(value):
    from erasepro.concepts import load_concepts

    with pytest.raises(UserError, match=r"concepts\.pairs"):
        load_concepts(resolve([f"concepts.pairs={value}"]).concepts)


@pytest.mark.parametrize("override", ["name=${oc.env:HOME}", "outputs.dir=${oc.env:HOME,x}", "solver.name=${env:USER}"])
def test_reading_the_environment_is_refused(override):
    assert "may not read the environment" in error_of(override)


def test_no_stored_config_reads_the_environment_or_names_a_target():
    root = config_dir().parent
    for path in [*(root / "conf").rglob("*.yaml"), *(root / "experiments").rglob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert "oc.env" not in text, path
        assert "_target_" not in text, path


def test_pairs_replace_the_list_and_the_name():
    cfg = compose(["concepts=mini/instance_5", 'concepts.pairs=[[dog,cat],["Georgia O\'Keeffe",artist]]'])
    assert stored_config(cfg).at("concepts.pairs") == [["dog", "cat"], ["Georgia O'Keeffe", "artist"]]
    assert cfg.concepts.name == "dog-Georgia O'Keeffe"
    assert cfg.name.endswith("dog-Georgia O'Keeffe-erasepro")
    assert custom_name([["a", "x"], ["b", "x"], ["c", "x"], ["d", "x"]], None) == "a-b-c-and-1-more"
    assert custom_name([], "lists/mine.csv") == "mine"
    assert compose(["concepts.pairs=[[dog,cat]]", "concepts.name=mine"]).concepts.name == "mine"


def test_an_experiment_may_name_the_run_and_the_command_line_wins():
    assert compose(["experiments=table/instances", "solver=uce"]).name == "table-instances-uce"
    assert compose(["experiments=table/instances", "name=other"]).name == "other"
    assert compose(["experiments=demo", "generation.seeds=[7]"]).generation.seeds == [7]


def test_groups_have_options():
    assert {"model", "concepts", "solver", "schedule", "generation", "metrics", "experiments"} <= set(groups())
