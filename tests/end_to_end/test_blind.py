"""A model whose words nobody told the project: the edit erases, keeps the rest, and says so on sentences it never saw."""

from dataclasses import replace

import pytest

import erasepro
from erasepro.cli.main import main
from erasepro.concepts.load import load_concepts
from erasepro.config.schema import ConceptsConfig, TemplatesConfig
from erasepro.edit.prompt_record import prompts_of
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.report.layers import held_out_warnings
from erasepro.results.results_json import Results
from erasepro.solvers import make_solver
from erasepro.verification.compare import compare_stated
from tests.end_to_end.processes import finish


@pytest.fixture(scope="module")
def model():
    return erasepro.load_model("miniature")


def sentences(model, **templates):
    concepts = load_concepts(ConceptsConfig(pairs=[["dog", "cat"]]))
    return make_edit_prompts(concepts, TemplatesConfig(**templates), read_lexicon(model.pipe))


def test_fifteen_sentences_about_the_anchor_alone_are_warned_about(model):
    """What an edit of an unknown model was once built from: no article, nothing preserved but the anchor."""
    bare = {"contexts": 0, "articles": {"dog": "", "cat": ""}, "preserve_source": ["concepts"], "preserve_count": 15}
    prompts = replace(sentences(model, **bare), held_out=sentences(model).held_out)
    assert len(prompts.pairs) <= 16
    edit = make_solver("erasepro").solve(model, prompts)
    held = edit.residuals["held_out"]
    assert edit.residuals["all"] < 0.2
    assert held["residual"] > 0.8 * held["residual_before"]
    assert held["drift"] > 5 * held["drift_preserved"]
    warnings = held_out_warnings(edit.residuals)
    assert len(warnings) == 2
    assert "held-out sentences about the targets" in warnings[0]
    assert "other concepts may be broken" in warnings[1]


@pytest.mark.ci_slow
def test_the_default_is_not_warned_about(model):
    edit = make_solver("erasepro").solve(model, sentences(model))
    held = edit.residuals["held_out"]
    assert held["residual"] < 0.6 * held["residual_before"]
    assert held_out_warnings(edit.residuals) == []


@pytest.mark.ci_slow
def test_a_pair_is_erased_and_the_others_are_kept(tmp_path):
    words = ["concepts.pairs=[[lion,tiger]]", "generation.seeds=[0]", "generation.max_retain=16", "tracker=none"]
    words += ["metrics.names=[clip_accuracy_top1]", "outputs.progress=false", "outputs.grid=false"]
    finish([*words, "outputs.dir=runs"], tmp_path)
    (folder,) = [path for path in (tmp_path / "runs").iterdir() if not path.name.startswith(".")]
    rates = {(r["role"], r["phrasing"]): r for r in Results.load(folder / "results.json").recognition}
    target, kept = rates["target", "all"], rates["retain", "all"]
    assert target["concept_shown"]["value"] <= 0.06
    assert kept["retention"]["value"] >= 0.9


def test_held_out_numbers_are_stored_and_read_back(model, tmp_path):
    prompts = sentences(model, preserve_count=100)
    edit = make_solver("uce").solve(model, prompts)
    edit.save(tmp_path / "edit")
    assert erasepro.Edit.load(tmp_path / "edit").residuals["held_out"] == edit.residuals["held_out"]
    card = (tmp_path / "edit" / "README.md").read_text()
    assert "words that were never preserved" in card
    without = make_solver("uce").solve(model, replace(prompts, held_out=None))
    assert "held_out" not in without.residuals
    assert without == edit


@pytest.mark.ci_slow
def test_held_out_numbers_are_certified_and_a_false_one_is_told(model, tmp_path):
    edit = make_solver("uce").solve(model, sentences(model, preserve_count=100))
    certificate = erasepro.certify(edit, model)
    assert certificate["held_out"] == [pytest.approx(edit.residuals["held_out"], rel=1e-6)]
    assert compare_stated(edit, certificate) == []
    residuals = edit.residuals | {"held_out": edit.residuals["held_out"] | {"drift": 0.0}}
    (line,) = compare_stated(replace(edit, residuals=residuals), certificate)
    assert "the held-out drift in edit.json is stated as 0" in line


@pytest.mark.ci_slow
def test_the_sentences_are_made_again_beside_an_edit_that_is_on_the_model(model):
    edit = make_solver("uce").solve(model, sentences(model, preserve_count=100))
    clean = erasepro.certify(edit, model)
    prompts = sentences(model, preserve_count=100)
    whole = make_solver("emcid").solve(model, prompts)
    with whole.applied(model.pipe):
        assert prompts_of(whole.meta, model.pipe).preserve == prompts.preserve
        assert erasepro.certify(whole, model)["edit"]["hash"] == whole.hash
    assert erasepro.certify(edit, model)["held_out"] == clean["held_out"]


def test_dictionaries_are_written_as_the_docs_say(capsys):
    words = ["--cfg", "concepts.pairs=[[dog,cat]]", "concepts.synonyms={dog: [hound]}", "templates.articles={zorp: ''}"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "hound" in shown
    assert "zorp" in shown
    assert main(["--cfg", "concepts.pairs=[[dog,cat]]", "concepts.synonyms.dog=[hound]"]) == 0
