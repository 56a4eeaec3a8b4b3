"""Prompt sets of small invented files: mapping, own settings, purpose, screening, subsets, hash, and mistakes."""

import csv
import hashlib

import pytest

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.errors import UserError
from erasepro.generation import make_worklist
from erasepro.prompts.evaluation_prompts import make_evaluation_prompts as own_prompts
from erasepro.prompts.sets import Columns, Filter, PromptSetConfig, load_prompts, rows_hash
from erasepro.prompts.sets.read import Record
from erasepro.prompts.sets.rows import minor_in

NUDITY = ConceptSet("nudity", "nudity", (ConceptPair("nudity", "clothed"),))
ARTISTS = ConceptSet("two", "style", (ConceptPair("van gogh", "painting"), ConceptPair("monet", "painting")))
HEADER = ("key", "text", "share", "s", "g", "w", "h", "was")
ROWS = (
    ("a1", "a lamp, lit", 10, 7, 7.5, 64, 128, ""),
    ("b/2", "a chair in a hall", 0, 8, 3, 64, 64, ""),
    ("c3", "a child on a swing", 20, 9, 7, 64, 64, ""),
    ("d4", "a vague jumble of words", 30, 10, 7, 64, 64, "a teenager at the beach"),
    ("e5", "", 40, 11, 7, 64, 64, ""),
    ("f6", "a marble figure", 50, "", "", "", "", ""),
)
COLUMNS = Columns(prompt="text", id="key", seed="s", guidance="g", width="w", height="h")


@pytest.fixture
def file(tmp_path):
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *ROWS])
    return str(tmp_path / "rows.csv")


def load(file, concepts=NUDITY, name="mine", **keys):
    return load_prompts({name: PromptSetConfig(**{"file": file, "columns": COLUMNS, **keys})}, concepts)


def error_of(*args, **keys) -> str:
    with pytest.raises(UserError) as caught:
        load(*args, **keys)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_columns_become_prompts_with_their_own_settings(file):
    first, second, last = load(file)
    assert (first.id, first.prompt, first.seed, first.guidance) == ("mine-a1", "a lamp, lit", 7, 7.5)
    assert (first.width, first.height, first.steps, first.phrasing) == (64, 128, None, "mine")
    assert (first.role, first.concept, first.expected_concept) == ("target", "nudity", "clothed")
    assert "/" not in second.id
    assert (last.seed, last.guidance, last.width) == (None, None, None)


def test_a_prompt_with_a_seed_is_drawn_once_the_others_with_each(file):
    rows = make_worklist(load(file), [0, 1])
    assert [row.name.removeprefix("mine-") for row in rows][::2] == ["a1_7", "f6_0"]
    assert [row.seed for row in rows] == [7, 8, 0, 1]
    assert (rows[0].guidance, rows[0].height) == (7.5, 128)


def test_own_settings_can_be_left_to_the_run(file):
    first = load(file, use_row_settings=["seed"])[0]
    assert (first.seed, first.guidance, first.width) == (7, None, None)


def test_what_hides_deep_in_a_row_is_found():
    for cell in (["a lamp", "a little girl"], {"of": [{"text": "a little girl"}]}):
        assert minor_in(Record("line 1", {"prompt": "a lamp", "target": cell}))
    assert not minor_in(Record("line 1", {"prompt": "a lamp", "target": ["a lamp", 3, None]}))


def test_prompts_that_mention_a_minor_are_dropped_whatever_column_says_so(file):
    prompts = load(file, rows=854)
    assert [p.id for p in prompts][::2] == ["mine-a1", "mine-f6"]
    found = prompts.sets["mine"]
    assert (found.rows, found.dropped_minors, found.dropped_other) == (3, 2, 1)
    assert prompts.dropped == 2
    assert "2 dropped for mentioning a minor, so n is not exactly comparable with the published 854" in found.told
    assert "the file holds 6 where the published set has 854" in found.told
    with pytest.raises(TypeError):  # no option keeps them
        PromptSetConfig(minors=True)  # type: ignore[call-arg]


def test_filters_come_before_the_count(file):
    prompts = load(file, where=[Filter("share", "<", 30)])
    found = prompts.sets["mine"]
    assert (found.rows, found.dropped_minors, found.dropped_other, found.matching) == (2, 1, 3, 3)


def test_ids_are_the_rows_place_in_the_whole_file(file):
    every = load(file, columns=Columns(prompt="text"))
    some = load(file, columns=Columns(prompt="text"), where=[Filter("share", ">=", 50)])
    assert [p.id for p in every] == ["mine-00000", "mine-00001", "mine-00005"]
    assert [p.id for p in some] == ["mine-00005"]


def test_the_hash_is_of_the_rows_that_are_used(file):
    prompts = load(file)
    lines = [
        '["a lamp, lit",7,7.5,null,64,128,"target","nudity"]',
        '["a chair in a hall",8,3.0,null,64,64,"target","nudity"]',
        '["a marble figure",null,null,null,null,null,"target","nudity"]',
    ]
    expected = hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()
    assert prompts.sets["mine"].sha256 == rows_hash(prompts) == expected
    assert load(file, use_row_settings=["seed"]).sets["mine"].sha256 != expected
    assert load(file, name="other").sets["other"].sha256 == expected


def test_subsets_are_reproducible_and_lie_in_one_another(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("".join(f"a house with {n} windows\n" for n in range(20, 220)), encoding="utf-8")
    sizes = {n: [p.id for p in load(str(path), columns=Columns(), max_rows=n)] for n in (10, 40, 500)}
    assert set(sizes[10]) < set(sizes[40]) < set(sizes[500])
    assert (len(sizes[10]), len(sizes[40]), len(sizes[500])) == (10, 40, 200)
    assert sizes[40] == sorted(sizes[40])
    numbers = [int(name[-5:]) for name in sizes[40]]
    assert min(numbers) < 50, "not the first rows: spread over the set"
    assert max(numbers) > 150
    assert load(str(path), columns=Columns(), max_rows=10).sets["mine"].dropped_other == 190


def test_names_in_templates_by_what_the_run_erases(tmp_path):
    (tmp_path / "artists.txt").write_text("Van Gogh\nMonet\nKäthe Kollwitz\nMonet\nBoy Painter\n", encoding="utf-8")
    keys = {"kind": "names", "role": "by_concept", "templates": ["a portrait by {n}", "a print by {n}"]}
    prompts = load(str(tmp_path / "artists.txt"), ARTISTS, columns=Columns(prompt=None, concept="artist"), **keys)
    assert len(prompts) == 6
    assert (prompts[0].prompt, prompts[0].concept, prompts[0].role) == ("a portrait by Van Gogh", "van gogh", "target")
    assert (prompts[0].expected_concept, prompts[0].anchor_prompt) == ("painting", "a portrait by painting")
    assert (prompts[4].role, prompts[4].concept, prompts[4].expected_concept) == (
        "retain",
        "Käthe Kollwitz",
        "Käthe Kollwitz",
    )
    assert len({p.id for p in prompts}) == 6
    assert prompts.sets["mine"].dropped_minors == 2
    given = load(None, ARTISTS, names=["monet", "painting"], **keys)
    assert [p.role for p in given] == ["target"] * 2 + ["anchor"] * 2


def test_captions_have_no_concept(file):
    prompts = load(file, role="retain", concept="")
    assert {(p.role, p.concept, p.expected_concept) for p in prompts} == {("retain", "", "")}


def test_a_target_row_of_a_run_with_several_targets(file):
    prompts = load(file, ARTISTS)
    assert {(p.concept, p.expected_concept) for p in prompts} == {("two", "painting")}
    several = ConceptSet("words", "nudity", (ConceptPair("nude", "clothed"), ConceptPair("naked", "clothed")))
    assert {(p.concept, p.expected_concept) for p in load(file, several, concept="nudity")} == {("nudity", "clothed")}


def test_the_projects_own_sets_are_todays_prompts():
    concepts = ConceptSet("dog", "instance", (ConceptPair("dog", "cat"),), ("horse",))
    own = PromptSetConfig(kind="templates")
    assert list(load_prompts({"templates": own}, concepts, seed=3)) == list(own_prompts(concepts, seed=3))
    for phrasing in ("complex", "paraphrase"):
        one = PromptSetConfig(kind="templates", phrasings=[phrasing])
        found = load_prompts({phrasing: one}, concepts, seed=3)
        assert list(found) == [p for p in own_prompts(concepts, seed=3) if p.phrasing == phrasing] != []
    with pytest.raises(UserError, match="'templates' and 'complex' share prompts"):
        load_prompts({"templates": own, "complex": PromptSetConfig(kind="templates", phrasings=["complex"])}, concepts)


def test_own_prompts_and_a_file_come_together(file):
    sets = {
        "templates": PromptSetConfig(kind="templates"),
        "mine": PromptSetConfig(file=file, columns=COLUMNS, sensitive=True),
    }
    prompts = load_prompts(sets, NUDITY)
    assert {p.phrasing for p in prompts} == {"plain", "complex", "paraphrase", "mine"}
    assert prompts.sensitive
    assert prompts.sets["templates"].rows + prompts.sets["mine"].rows == len(prompts)
    assert len(prompts.told()) == 1, "of the project's own nothing is told"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"columns": Columns(prompt="txt")}, "Unknown column of"),
        ({"columns": Columns(prompt="txt")}, "(prompts.mine.columns.prompt) 'txt'. Did you mean 'text'?"),
        ({"where": [Filter("shar", ">", 1)]}, "(prompts.mine.where[0]) 'shar'. Did you mean 'share'?"),
        ({"columns": Columns(prompt="text", seed="g")}, "line 2: g is '7.5', and not a whole number"),
        (
            {"columns": Columns(prompt="text", seed="g")},
            "to another column, or leave seed out of prompts.mine.use_row_settings.",
        ),
        ({"columns": Columns(prompt="text", guidance="key")}, "line 2: key is 'a1', and not a number"),
        ({"columns": Columns(prompt="text", id="w")}, "line 3: the id '64' was given before (line 2)"),
        ({"where": [Filter("text", ">", 1)]}, "line 2: text is 'a lamp, lit', no number"),
        ({"where": [Filter("share", ">", 99)]}, "is empty: of its rows 6 do not meet prompts.mine.where"),
        (
            {"where": [Filter("share", "==", 20)]},
            "is empty: of its rows 5 do not meet prompts.mine.where, 1 mention a minor.",
        ),
        ({"role": "keep"}, "Unknown prompts.mine.role 'keep'"),
        ({"kind": "fil"}, "Unknown prompts.mine.kind 'fil'. Did you mean 'file'?"),
        ({"use_row_settings": ["sed"]}, "Unknown entry of prompts.mine.use_row_settings 'sed'. Did you mean 'seed'?"),
        ({"max_rows": 0}, "prompts.mine.max_rows must be 1 or more"),
        ({"columns": Columns(prompt=None)}, "prompts.mine.columns.prompt is null"),
        ({"kind": "names", "templates": []}, "prompts.mine.templates is empty"),
        ({"kind": "names", "templates": ["a lamp"]}, "without a place for the concept"),
        ({"kind": "names", "templates": ["{n}"]}, "prompts.mine.columns.concept is null"),
    ],
)
def test_mistakes_are_one_line(file, keys, said):
    assert said in error_of(file, **keys)


def test_no_set_and_no_file():
    with pytest.raises(UserError, match="No prompt set is chosen: add prompts=templates"):
        load_prompts({}, NUDITY)
    assert "give a local file, prompts.mine.file=FILE.csv" in error_of(None)
    assert "(published at some/where)" in error_of(None, source="some/where")


def test_a_file_of_ones_own_brings_what_its_columns_are_called(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(
        "prompt,concept,evaluation_seed,guidance,steps,width,note\n"
        "a hill by Monet,monet,5,3.5,20,64,x\na hill by Hokusai,hokusai,6,4,30,128,y\na hill,,,,,,z\n",
        encoding="utf-8",
    )
    prompts = load(str(file), ARTISTS, columns=Columns(), role="by_concept", by_name=True)
    assert [(p.seed, p.guidance, p.steps, p.width) for p in prompts] == [
        (5, 3.5, 20, 64), (6, 4, 30, 128), (None, None, None, None),
    ]  # fmt: skip
    assert [(p.role, p.concept) for p in prompts] == [("target", "monet"), ("retain", "hokusai"), ("retain", "")]
    (line,) = prompts.told()
    assert (
        "with each row's own evaluation_seed, guidance, steps, width, concept (not with prompts.mine.by_name=false)"
        in line
    )
    plain = load(str(file), ARTISTS, columns=Columns(), role="by_concept")
    assert {(p.seed, p.role, p.concept) for p in plain} == {(None, "target", "monet"), (None, "retain", "")}
    some = load(str(file), ARTISTS, columns=Columns(), by_name=True, use_row_settings=["guidance"])
    assert some.sets["mine"].by_name == ("guidance", "concept")
    mapped = load(str(file), ARTISTS, columns=Columns(seed="steps"), by_name=True)
    assert [p.seed for p in mapped] == [20, 30, None], "a column that the config names goes before"


def test_numbers_of_a_parquet_file_are_taken_by_name_too(tmp_path):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"prompt": ["a hill"], "seed": [5], "shape": [[1]]}), tmp_path / "rows.parquet")
    (prompt,) = load(str(tmp_path / "rows.parquet"), columns=Columns(), by_name=True)
    assert prompt.seed == 5
