"""Edits saved before keys were renamed (format 1, by the code of then) load, verify, grow and are saved in today's form."""

import json
from pathlib import Path

import pytest

from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.edit import Edit
from erasepro.edit.format_1 import read_format_1
from erasepro.edit.store import FORMAT
from erasepro.models.base import Model
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from erasepro.solvers.extend import add_concepts, remove_concept
from erasepro.verification.certify import certify
from erasepro.verification.compare import compare_stated

FOLDER = Path(__file__).parent / "format_1"
NAMES = ("uce", "erasepro")


@pytest.fixture(scope="module")
def tiny():
    pipe = tiny_pipeline()
    return Model(pipe, "tiny", "random", weights_hash(pipe))


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_under_todays_names_and_is_saved_in_todays_form(name, tmp_path):
    stored = json.loads((FOLDER / name / "edit.json").read_text())
    edit = Edit.load(FOLDER / name)
    assert (stored["format"], edit.hash) == (1, stored["hash"])
    assert make_solver(name, edit.meta["config"]).config.name == name  # strict: every key is known today
    assert edit.meta["selected_columns"] == stored["meta"]["selected"]
    assert edit.meta["edit_prompts"] == stored["meta"]["build"]
    assert edit.residuals == stored["residuals"]
    again = Edit.load(edit.save(tmp_path / name))
    assert (again.meta, again.diagnostics, again.hash) == (edit.meta, edit.diagnostics, edit.hash)
    assert json.loads((tmp_path / name / "edit.json").read_text())["format"] == FORMAT == 3


def test_every_renamed_key_is_translated():
    uce, edit = Edit.load(FOLDER / "uce").meta["config"], Edit.load(FOLDER / "erasepro")
    assert (uce["token_policy"], uce["anchor_source"]) == ("last_subject", "empty")
    assert (uce["prompts"], uce["preserve"]) == ("fitting", "fitting")
    config = edit.meta["config"]
    assert (config["text_token_policy"], config["cross_attention_token_policy"]) == ("start_to_eos", "last_subject")
    assert config["cross_attention"] is True
    assert (config["text_fit"]["independence_threshold"], config["text_fit"]["unselected_weight"]) == (0.9, 2.0)
    assert config["cross_attention_fit"]["independence_threshold"] == 0.8
    assert config["cross_attention_fit"]["preserve"]["tokens"] == "all"  # not a policy: it stays
    assert (config["schedule"]["name"], config["schedule"]["at"]) == ("residual_split", "output")
    assert edit.meta["tokens"] == {"text_token_policy": "start_to_eos", "cross_attention_token_policy": "last_subject"}
    assert set(edit.meta["seconds"]) == {"text", "cross_attention"}
    dropped = [column for entry in edit.diagnostics for column in entry["dropped"]]
    assert dropped
    assert all({"column", "nearest_column", "distance", "violation"} == set(column) for column in dropped)


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_hold_what_it_states_and_solving_again_gives_it(name, tiny):
    edit = Edit.load(FOLDER / name)
    assert compare_stated(edit, certify(edit, tiny)) == []
    concept = edit.meta["concepts"]["pairs"][0]
    other = EditPrompts(*_more(edit))
    both = add_concepts(edit, other, tiny)
    assert [pair[0] for pair in both.meta["concepts"]["pairs"]] == [concept[0], "apple"]
    back = remove_concept(both, "apple", tiny)
    for site, update in edit.updates.items():
        change = update.dense()
        # the file was solved on another processor: its features of captions are float32, and agree to seven digits at most
        assert float((back.updates[site].dense() - change).norm() / change.norm()) < 1e-5


def test_the_kv_only_schedule_and_sums_are_translated_too():
    meta = {"solver": "erasepro", "config": {"schedule": {"name": "kv_only"}, "kv": False}, "build": {"pairs": []}}
    facts = read_format_1({"format": 1, "meta": {"parents": [{"hash": "x", "meta": meta}]}, "diagnostics": "damaged"})
    parent = facts["meta"]["parents"][0]["meta"]
    assert parent["config"] == {"schedule": {"name": "cross_attention_only"}, "cross_attention": False}
    assert parent["edit_prompts"] == {"pairs": []}
    assert facts["diagnostics"] == "damaged"


def _more(edit):
    """A concept of its own sentences, as the stored edit's were."""
    from erasepro.concepts.pairs import ConceptPair, ConceptSet

    pair = ConceptPair("apple", "pear")
    concepts = ConceptSet("test", edit.meta["concepts"]["kind"], (pair,), ())
    return concepts, (PromptPair("a photo of a apple", "a photo of a pear", pair),), ()
