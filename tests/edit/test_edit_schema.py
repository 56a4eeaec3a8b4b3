"""A damaged edit.json, whatever is wrong with it, is one clear line or still the edit."""

import copy
import json
import shutil
from pathlib import Path

import pytest

from erasepro.edit import Edit
from erasepro.edit.card import card
from erasepro.edit.edit_schema import check_edit_file
from erasepro.edit.export.notes import notes
from erasepro.edit.prompt_record import stored_prompts
from erasepro.errors import UserError
from erasepro.runtime.sealed_json import write_sealed
from erasepro.runtime.typed_json import WrongForm

FOLDER = Path(__file__).parent / "format_1"
WRONG = (None, 3, -1.5, True, "x", [], [3], [[]], {}, {"x": 3})
FIRST = 2
"""Items of a list, and sites of a mapping by site, that are harmed: the others are alike."""


@pytest.fixture(
    params=[
        ("uce", 1), ("uce", 2),
        *(pytest.param(("erasepro", form), marks=pytest.mark.ci_slow) for form in (1, 2)),
    ],
    ids=["uce-1", "uce-2", "erasepro-1", "erasepro-2"],
)  # fmt: skip
def folder(request, tmp_path):
    name, form = request.param
    target = tmp_path / "edit"
    if form == 1:
        shutil.copytree(FOLDER / name, target)
    else:
        Edit.load(FOLDER / name).save(target)
    return target


def places(value, path=()):
    """The path of every value inside, of long lists and of mappings by site the first ones only."""
    items = list(enumerate(value)) if isinstance(value, list) else list(value.items()) if isinstance(value, dict) else []
    by_site = path[-1:] in (("sites",), ("base",), ("selected",), ("selected_columns",))
    for key, part in items[:FIRST] if isinstance(value, list) or by_site else items:
        yield (*path, key)
        yield from places(part, (*path, key))


def harmed(facts, path, change):
    harm = copy.deepcopy(facts)
    node = harm
    for key in path[:-1]:
        node = node[key]
    change(node, path[-1])
    return harm


def use(folder, target):
    """What is done with an edit without its model."""
    edit = Edit.load(folder)
    repr(edit), card(edit), notes(edit, {})
    stored_prompts(edit.meta)
    edit.save(target)


def test_every_key_that_is_gone_or_of_another_type_is_one_line_or_does_no_harm(folder, tmp_path):
    facts = json.loads((folder / "edit.json").read_text())
    changes = [lambda node, key: node.pop(key)]
    changes += [lambda node, key, value=value: node.__setitem__(key, value) for value in WRONG]
    lines = []
    for path in places(facts):
        for change in changes:
            (folder / "edit.json").write_text(json.dumps(harmed(facts, path, change)))
            try:
                use(folder, tmp_path / "again")
            except UserError as error:
                lines.append(str(error))
            except Exception as error:
                raise AssertionError(f"{path}: {type(error).__name__}: {error}") from error
    assert len(lines) > 400
    assert not [line for line in lines if "\n" in line]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("meta.concepts.pairs", [["dog"]], r"meta\.concepts\.pairs\[0\] is \['dog'\], not a list of 2"),
        ("meta.concepts.pairs", 3, r"meta\.concepts\.pairs is 3, not a list"),
        ("meta.concepts.preserve", "bird", r"meta\.concepts\.preserve is 'bird', not a list"),
        ("meta.model", [], r"meta\.model is \[\], not an object"),
        ("meta.tokens", "all", r"meta\.tokens is 'all', not an object"),
        ("meta.versions", ["1"], r"meta\.versions is \['1'\], not an object"),
        ("meta.equation", 3, r"meta\.equation is 3, not text"),
        ("residuals.selected", "small", r"residuals\.selected is 'small', not a number"),
        ("diagnostics", [3], r"diagnostics\[0\] is 3, not an object"),
        ("diagnostics", [{"dropped": 3}], r"diagnostics\[0\]\.dropped is 3, not a list"),
        ("meta.parents", [{"hash": "x", "strength": "full", "meta": {}}], r"meta\.parents\[0\]\.strength is 'full'"),
        ("meta.parents", [{"hash": "x", "strength": 1.0, "meta": {"edit_prompts": {}}}], r"meta\.parents\[0\]\.meta\.config"),
        ("meta.selected_columns", {"a": "one-two"}, r"meta\.selected_columns\.a is 'one-two', not ranges"),
    ],
)
def test_the_key_is_named(tmp_path, key, value, message):
    folder = Edit.load(FOLDER / "uce").save(tmp_path)
    facts = json.loads((folder / "edit.json").read_text())
    (folder / "edit.json").write_text(
        json.dumps(harmed(facts, key.split("."), lambda node, name: node.__setitem__(name, value)))
    )
    with pytest.raises(UserError, match=rf"The edit in '.*' is damaged \({message}.*\)\. Make it again\."):
        Edit.load(folder)


def test_what_a_later_version_may_add_is_let_through(tmp_path):
    folder = Edit.load(FOLDER / "uce").save(tmp_path)
    facts = json.loads((folder / "edit.json").read_text())
    facts["residuals"]["held_out"] = {"residual": 0.1, "before": None}
    facts["meta"]["concepts"]["synonyms"] = {"dog": ["hound"]}
    facts["meta"]["anything"] = [1]
    write_sealed(folder / "edit.json", facts)
    assert Edit.load(folder).meta["anything"] == [1]


def test_the_base_weight_of_every_site_is_there_and_of_a_known_type():
    facts = json.loads((FOLDER / "uce" / "edit.json").read_text()) | {"sites": {"unet.x": {}}}
    with pytest.raises(WrongForm, match=r"meta\.base\.unet\.x is missing"):
        check_edit_file(facts)
    facts["sites"] = {}
    next(iter(facts["meta"]["base"].values()))["dtype"] = "float31"
    with pytest.raises(WrongForm, match="dtype is 'float31', not the name"):
        check_edit_file(facts)
