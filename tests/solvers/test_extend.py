"""Adding and removing concepts gives what one solve for the rest gives."""

import pytest
import torch

from erasepro import Edit, erase
from erasepro.concepts.load import load_concepts
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.config.schema import ConceptsConfig, TemplatesConfig
from erasepro.errors import UserError
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.solvers import make_solver
from erasepro.solvers.extend import add_concepts, remove_concept

SETTINGS = [
    {"name": "uce"},
    {"name": "erasepro", "schedule": {"name": "cross_attention_only"}},
    {"name": "erasepro"},
    {"name": "alphaedit", "threshold": 1e-3},
]


def own_sentences(*pairs, preserve=("a photo of a bird", "a house on a hill", "a tree")):
    pairs = tuple(ConceptPair(*p) for p in pairs)
    prompts = [
        PromptPair(t.format(p.target), t.format(p.anchor), p) for p in pairs for t in ("a photo of a {}", "{} at sea")
    ]
    return EditPrompts(ConceptSet("t", "instance", pairs, ("bird", "house", "tree")), tuple(prompts), preserve)


def same(one, other):
    assert set(one.updates) == set(other.updates)
    for name, update in one.updates.items():
        want = other.updates[name].dense()
        assert float((update.dense() - want).norm()) <= 1e-8 * float(want.norm()) + 1e-12


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(map(str, s.values())))
def test_one_by_one_equals_all_at_once_and_back(model32, settings, tmp_path):
    solver = make_solver(settings["name"], settings)
    first = solver.solve(model32, own_sentences(("dog", "cat")))
    grown = add_concepts(first, own_sentences(("apple", "pear")), model32)
    grown = add_concepts(Edit.load(grown.save(tmp_path / "edit")), own_sentences(("car", "bus")), model32)
    joint = solver.solve(model32, own_sentences(("dog", "cat"), ("apple", "pear"), ("car", "bus")))
    same(grown, joint)
    assert grown.hash == joint.hash
    shrunk = remove_concept(remove_concept(grown, "Apple", model32), "car", model32)
    same(shrunk, first)
    assert torch.equal(next(iter(shrunk.updates.values())).dense(), next(iter(first.updates.values())).dense())


@pytest.mark.ci_slow
def test_from_templates_and_by_name():
    from erasepro import load_model

    model = load_model("miniature")
    options = {"text_sites": [], "batch_size": 64, "cross_attention_fit": {"preserve": {"captions": 20}}}
    one = erase(model, {"dog": "cat"}, **options)
    two = add_concepts(one.scale(0.5), {"apple": "pear"}, model)
    same(two, erase(model, {"dog": "cat", "apple": "pear"}, **options))
    assert two.strength == 0.5
    with pytest.raises(UserError, match="aple"):
        add_concepts(one, {"aple": "pear"}, model)


def test_bad_requests_are_one_clear_line(model32, other_model, edit32):
    edit = make_solver("uce").solve(model32, own_sentences(("dog", "cat")))
    for wrong, message in (
        (lambda: remove_concept(edit, "dgo", model32), "Did you mean 'dog'"),
        (lambda: remove_concept(edit, "dog", model32), "revert the edit"),
        (lambda: add_concepts(edit, own_sentences(("dog", "bus")), model32), "erases 'dog' already"),
        (lambda: add_concepts(edit, own_sentences(("cat", "bus")), model32), "itself erased"),
        (lambda: add_concepts(edit, {"car": "bus"}, model32), "EditPrompts"),
        *(
            (lambda c=c: add_concepts(edit, c, model32), "target: anchor")
            for c in ("car", 5, None, [5], ["ab"], {"car": 5})
        ),
        (lambda: add_concepts(edit, {"ＤＯＧ": "bus"}, model32), "already"),
        (lambda: remove_concept(edit, 5, model32), "Name the concept to remove, for example 'dog'"),
        (lambda: remove_concept(edit, "dog", model32.pipe), "what load_model returns"),
        (lambda: add_concepts(edit, {"car": "bus"}, model32.pipe), "what load_model returns"),
        (lambda: add_concepts(edit, own_sentences(("car", "bus")), other_model), "differs from the one"),
        (lambda: remove_concept(Edit(edit.updates), "dog", model32), "does not say"),
    ):
        with pytest.raises(UserError, match=message) as info:
            wrong()
        assert "\n" not in str(info.value)


def test_adding_wants_the_original_weights(model32):
    edit = make_solver("uce").solve(model32, own_sentences(("dog", "cat")))
    edit.apply(model32.pipe)
    with pytest.raises(UserError, match="revert it"):
        add_concepts(edit, own_sentences(("car", "bus")), model32)
    edit.revert(model32.pipe)


def test_a_file_of_sentences_that_changed_is_told(tmp_path):
    from erasepro import load_model

    model, lines = load_model("miniature"), tmp_path / "mine.txt"
    lines.write_text("a red barn\na blue barn\n")
    templates = TemplatesConfig(preserve_source=[str(lines)], contexts=2)
    concepts = load_concepts(ConceptsConfig(pairs=[["dog", "cat"]]))
    uce = make_solver("uce", {"preserve": "fitting"})
    edit = uce.solve(model, make_edit_prompts(concepts, templates, read_lexicon(model.pipe)))
    assert len(add_concepts(edit, {"apple": "pear"}, model).meta["concepts"]["pairs"]) == 2
    lines.write_text("a red barn\n")
    with pytest.raises(UserError, match=r"mine\.txt has changed"):
        add_concepts(edit, {"apple": "pear"}, model)
