"""``erase``: what it cannot be given is one clear line, before anything is loaded or solved."""

from pathlib import Path

import pytest

from erasepro import UserError, add_concepts, certify, erase, export_edit, load_uce, remove_concept
from erasepro.models.base import Model
from erasepro.models.tiny import tiny_pipeline

PAIRS = {"dog": "cat"}


@pytest.fixture(scope="module")
def model():
    return Model(tiny_pipeline(), "tiny", "random", "0")


def refused(message, *given, **options):
    with pytest.raises(UserError, match=message) as info:
        erase(*given, **options)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("concepts", [5, None, ["ab"], b"cat", {"dog": float("nan")}, {"dog": ["cat"]}, {5: "cat"}])
def test_only_text_is_a_concept(model, concepts):
    refused("target: anchor", model, concepts)


@pytest.mark.parametrize("preserve", [5, None, "cat", b"cat", [5]])
def test_preserve_is_a_list_of_names(model, preserve):
    refused(r"preserve=\['cat'\]", model, PAIRS, preserve=preserve)


@pytest.mark.parametrize("source", ["concepts", "fitting", "none"])
def test_a_source_of_retained_texts_is_no_list_of_names(model, source):
    refused(f"write retain_source='{source}'.*or preserve=\\['{source}'\\]", model, PAIRS, "uce", preserve=source)


@pytest.mark.parametrize("wrong", ["kept", "", 5, ["none"]])
def test_a_source_of_retained_texts_is_one_of_three(model, wrong):
    refused("retain_source.*concepts, none|retain_source.*concepts", model, PAIRS, "uce", retain_source=wrong)


def test_a_solver_without_a_choice_of_retained_texts_says_so(model):
    refused("Solver 'erasepro' has no choice of texts to retain", model, PAIRS, retain_source="none")


def test_a_source_of_retained_texts_and_a_concept_of_that_name_are_two_things():
    model = Model(tiny_pipeline(length=77), "tiny", "random", "0")
    usual, without, concept = (
        erase(model, PAIRS, "uce", **words)
        for words in ({"preserve": ["car"]}, {"preserve": ["car"], "retain_source": "none"}, {"preserve": ["none"]})
    )
    assert [edit.meta["config"]["preserve"] for edit in (usual, without, concept)] == ["concepts", "none", "concepts"]
    assert concept.meta["concepts"]["preserve"] == ["none"]
    assert len({edit.hash for edit in (usual, without, concept)}) == 3


def test_only_a_loaded_model_or_what_loads_one(model):
    for wrong in (None, 5, model.pipe.unet):
        refused(f"Not a model: .*{type(wrong).__name__}.*load_model", wrong, PAIRS)


def test_a_pipeline_and_a_folder_give_the_loaded_models_edit(tmp_path):
    pipe = tiny_pipeline(length=77)
    pipe.save_pretrained(tmp_path)
    made = [erase(given, PAIRS, solver="uce") for given in (Model(pipe, "tiny", "random", "0"), pipe, str(tmp_path))]
    assert made[0] == made[1] == made[2]
    assert made[2].meta["model"]["source"] == str(tmp_path)
    made[2].apply(pipe)


def test_a_value_in_the_place_of_a_group_is_named(model):
    refused(r"'solver\.text_fit': got 5.*residual, mu", model, PAIRS, text_fit=5)


@pytest.fixture(scope="module")
def edit():
    return erase(Model(tiny_pipeline(length=77), "tiny", "random", "0"), PAIRS, "uce")


@pytest.mark.parametrize("wrong", [None, "folder", Path("folder"), 3])
def test_what_is_no_edit_is_told_what_to_give(model, wrong, tmp_path):
    message = r"not its folder: erasepro\.Edit\.load\('folder'\)" if str(wrong) == "folder" else r"Edit\.load gives; got a"
    for use in (
        lambda: add_concepts(wrong, {"apple": "pear"}, model),
        lambda: remove_concept(wrong, "dog", model),
        lambda: certify(wrong, model),
        lambda: export_edit(wrong, tmp_path / "lora"),
    ):
        with pytest.raises(UserError, match=message) as info:
            use()
        assert "\n" not in str(info.value)


@pytest.mark.parametrize(("wrong", "message"), [(None, "got a NoneType"), (3, "a int"), ("", "is empty"), (" ", "empty")])
def test_what_is_no_path_is_one_line(model, edit, wrong, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uses = [lambda: export_edit(edit, wrong), lambda: load_uce(wrong, model), lambda: edit.save(wrong)]
    if wrong is not None:  # without a base or a folder these do something else
        uses += [lambda: export_edit(edit, "x", format="diffusers", base=wrong), lambda: certify(edit, model, wrong)]
    for use in uses:
        with pytest.raises(UserError, match=message) as info:
            use()
        assert "\n" not in str(info.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [None, 3, [], "styles"])
def test_a_kind_is_one_of_four(model, kind):
    refused("Unknown kind of concepts .*Known: faces, instance, nudity, style", model, PAIRS, kind=kind)


def test_a_stored_set_has_its_own_kind(model):
    refused("kind goes with a list of pairs", model, "mini/instance_5", kind="style")


def test_a_pair_that_mentions_a_minor_is_left_out_with_a_warning(model):
    with pytest.warns(UserWarning, match="1 pair; 1 left out for mentioning a minor"):
        edit = erase(model, PAIRS | {"a child": "cat"}, solver="uce")
    assert edit.hash == erase(model, PAIRS, solver="uce").hash
    refused("mentions a minor and is never used", model, {"a child": "cat"})
    with pytest.warns(UserWarning, match="1 left out"):
        added = add_concepts(edit, {"fox": "cat", "girl": "cat"}, model)
    assert added.meta["concepts"]["pairs"] == [["dog", "cat"], ["fox", "cat"]]
