"""`erasepro.run` and `erasepro.evaluate`: the command's own stages, from Python."""

from dataclasses import dataclass, replace

import pytest

import erasepro
from erasepro import UserError
from erasepro.config.schema import ConceptsConfig
from erasepro.edit import Edit
from erasepro.generation import read_worklist
from erasepro.metrics.engine.base import Metric, PromptMeans
from erasepro.models.base import Model
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.runs.evaluation import stated_concepts
from erasepro.solvers.base import Solver
from erasepro.solvers.closed_form.uce import UCE, UCEConfig


@dataclass
class ShadeConfig:
    role: str = "target"
    offset: float = 0.0


class Shade(Metric):
    """Mean of all pixels."""

    higher_is_better = True
    needs_judge = False
    config_class = ShadeConfig

    def __init__(self, config):
        super().__init__(config)
        self.means = PromptMeans()

    def update(self, batch, reference=False):
        for row, image in zip(batch.rows, batch.images, strict=True):
            self.means.add(row, float(image.double().mean()) + self.config.offset)
        return [{} for _ in batch.rows]

    def compute(self):
        return self.means.score(self.name, self.config.role, self.higher_is_better)


class Halved(Solver[UCEConfig]):
    """UCE at half of its penalty."""

    def solve(self, model, prompts):
        return UCE(replace(self.config, name="uce", ridge=self.config.ridge / 2)).solve(model, prompts)


@pytest.fixture(scope="module")
def model():
    return Model(tiny_pipeline(length=77), "tiny", "random", "0")


@pytest.fixture(scope="module")
def edit(model):
    return erasepro.erase(model, {"dog": "cat"}, "uce", retain_source="none")


@pytest.fixture
def options(tmp_path):
    return {"outputs.dir": str(tmp_path / "out"), "generation.steps": 1, "generation.seeds": [0], "generation.neighbors": 0}


SENTENCES = ["a photo of a dog", "a cat", "a house"]


def test_a_run_is_the_commands(tmp_path, capsys):
    given = {"debug": "tiny", "tracker": "none", "solver": "uce", "outputs.dir": str(tmp_path)}
    results = erasepro.run(given)
    printed = capsys.readouterr().out
    assert "dog → cat · tiny · uce ·" in printed
    assert f"Results: {results.folder}" in printed
    again = erasepro.run(["debug=tiny", "tracker=none", "solver=uce", f"outputs.dir={tmp_path}"])
    assert "Done before" in capsys.readouterr().out
    assert (again.folder, again.signature) == (results.folder, results.signature)
    assert erasepro.run(given, show=False).hashes == results.hashes
    assert capsys.readouterr() == ("", "")


@pytest.mark.ci_slow
def test_classes_and_instances_run_and_a_setting_of_an_instance_is_another_run(tmp_path):
    given = {"debug": "tiny", "tracker": "none", "outputs.dir": str(tmp_path), "metrics": [Shade]}
    first = erasepro.run(given | {"solver": Halved}, show=False)
    assert first.stored.at("solver.name") == "halved"
    assert [score.metric for score in first.scores] == ["shade"]
    other = erasepro.run(given | {"solver": Halved(UCEConfig(ridge=0.125))}, show=False)
    assert other.stored.at("solver.ridge") == 0.125
    assert other.hashes["edit"] != first.hashes["edit"]
    shifted = erasepro.run(given | {"solver": Halved, "metrics": [Shade(ShadeConfig(offset=1000.0))]}, show=False)
    assert shifted.folder == first.folder
    assert shifted.values[0].value == pytest.approx(first.values[0].value + 1000)


def test_erase_takes_a_class_and_an_instance(model):
    by_name = erasepro.erase(model, {"dog": "cat"}, "uce", ridge=0.25, retain_source="none")
    assert erasepro.erase(model, {"dog": "cat"}, Halved, retain_source="none") == by_name
    assert erasepro.erase(model, {"dog": "cat"}, UCE(UCEConfig(ridge=0.25)), retain_source="none") == by_name
    with pytest.raises(UserError, match=r"a class derived from erasepro\.solvers\.base\.Solver"):
        erasepro.erase(model, {"dog": "cat"}, Shade)


def test_an_edit_is_drawn_counted_and_kept_as_a_run_is(model, edit, options, capsys):
    before = weights_hash(model.pipe)
    results = erasepro.evaluate(model, edit, prompts=SENTENCES, metrics=[Shade], overrides=options)
    assert weights_hash(model.pipe) == before
    printed = capsys.readouterr().out
    assert "dog → cat · tiny · uce" in printed
    rows = {row.prompt: (row.role, row.concept) for row in read_worklist(results.folder / "worklist.jsonl")}
    assert rows == {"a photo of a dog": ("target", "dog"), "a cat": ("anchor", "cat"), "a house": ("retain", "")}
    assert results.hashes["edit"] == edit.hash
    assert Edit.load(results.folder / "edit") == edit
    assert results.settings.solver == "uce"
    assert results.solver_label == "uce preserve=none"
    assert "uce preserve=none" in repr(results)
    (score,) = results.scores
    assert score.edited["n"] == 1  # of the target's prompt; the house is nobody's
    assert len(list((results.folder / "images").rglob("*.png"))) == 6
    again = erasepro.evaluate(model, edit, prompts=SENTENCES, metrics=[Shade], overrides=options, show=False)
    assert again.scores == results.scores


def test_another_edit_or_other_weights_are_another_run(edit, options):
    model = Model(tiny_pipeline(length=77), "tiny", "random", "0")
    given = {"prompts": SENTENCES[:1], "metrics": [Shade], "overrides": options, "show": False}
    full, half = (erasepro.evaluate(model, each, **given) for each in (edit, edit.scale(0.5)))
    assert full.folder != half.folder
    assert full.values[0].value != half.values[0].value
    next(model.pipe.vae.parameters()).data.add_(0.01)  # no part of the edit's base
    other = erasepro.evaluate(model, edit, **given)
    assert other.folder not in (full.folder, half.folder)
    assert other.hashes["weights"] != full.hashes["weights"]


def test_a_weaker_edit_is_called_so(model, edit, options):
    results = erasepro.evaluate(model, edit.scale(0.5), SENTENCES, [Shade], options, show=False)
    assert results.solver_label == "uce preserve=none strength=0.5"
    assert "uce+preserve_none+strength_0.5" in results.folder.name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"overrides": {"solver": "uce"}}, "'solver=uce' has no effect here"),
        ({"overrides": ["model.dtype=float16"]}, "has no effect here"),
        ({"overrides": "generation=quick"}, "write \\['generation=quick'\\]"),
        ({"metrics": ["kdi"]}, "Did you mean 'kid'"),
        ({}, "has no judge.*openai_clip"),
        ({"prompts": "a dog"}, "write prompts=\\['a dog'\\]"),
    ],
)
def test_what_cannot_be_meant_is_one_line_before_anything_is_drawn(model, edit, options, given, message):
    words = given.get("overrides", options)
    with pytest.raises(UserError, match=message) as info:
        erasepro.evaluate(model, edit, **{**given, "overrides": words}, show=False)
    assert "\n" not in str(info.value)


def test_a_pipeline_with_an_edit_on_it_and_an_edit_of_nothing_are_refused(model, edit, options):
    with edit.apply(model.pipe), pytest.raises(UserError, match="revert it first"):
        erasepro.evaluate(model, edit, SENTENCES, [Shade], options)
    with pytest.raises(UserError, match="does not say what it erases"):
        erasepro.evaluate(model, Edit(edit.updates), SENTENCES, [Shade], options)
    with pytest.raises(UserError, match="not its folder"):
        erasepro.evaluate(model, "folder")


def test_pairs_given_beside_an_edit_that_states_none_are_used(model, edit, options):
    own = options | {"concepts": {"dog": "cat"}, "name": "mine"}
    foreign = Edit(edit.updates, {"base": edit.meta["base"], "solver": "uce_file"})
    results = erasepro.evaluate(model, foreign, SENTENCES[:1], [Shade], own, show=False)
    assert results.settings.pairs == (("dog", "cat"),)
    assert results.folder.name.startswith("mine-")


def test_a_sum_with_a_sensitive_part_is_sensitive():
    parts = [{"solver": "uce", "concepts": {"kind": kind, "pairs": [["a", "b"]]}} for kind in ("instance", "nudity")]
    meta = {"solver": "sum", "concepts": {"pairs": [["a", "b"]], "preserve": ["c"]}, "parents": [{"meta": p} for p in parts]}
    assert stated_concepts(Edit({}, meta)) == ConceptsConfig("a", "nudity", [["a", "b"]], preserve=["c"])


@pytest.mark.ci_slow
def test_the_miniature_is_judged_by_the_judge_that_ships_with_it(tmp_path):
    model = erasepro.load_model("miniature")
    edit = erasepro.erase(model, {"dog": "cat"}, "uce")
    options = {"generation.steps": 4, "generation.seeds": [0], "outputs.dir": str(tmp_path)}
    prompts = {"dog": ["a photo of a dog"], "horse": "a photo of a horse"}
    results = erasepro.evaluate(model.pipe, edit, prompts, "miniature", options, show=False)
    assert {row["role"] for row in results.recognition} == {"target", "retain"}
    assert results.stored.at("model.kind") == "miniature"
