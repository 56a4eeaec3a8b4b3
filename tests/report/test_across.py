"""Several runs in one table: mean and worst, and never two protocols in a column."""

import math
import re

import pytest

from erasepro.errors import UserError
from erasepro.report.across import across_table
from erasepro.results.recognition import compute_recognition_rates


def sample(role, phrasing, number, prediction, model="edited", concept="dog"):
    return {
        "id": f"{role}-{phrasing}-{number}", "seed": 0, "role": role, "phrasing": phrasing, "concept": concept,
        "expected_concept": "cat" if role == "target" else concept, "model": model, "prediction": prediction, "error": "",
    }  # fmt: skip


def run(left: int, kept: int):
    """Of four target pictures `left` still show the dog; of four apples `kept` are apples (before: all)."""
    rows = [sample("target", "plain", i, "dog" if i < left else "cat") for i in range(4)]
    for i in range(4):
        rows.append(sample("retain", "plain", i, "apple" if i < kept else None, concept="apple"))
        rows.append(sample("retain", "plain", i, "apple", "original", "apple"))
    return compute_recognition_rates(rows)


def test_mean_and_worst_of_the_runs():
    table = across_table([("a", "1", "p/1", run(0, 4)), ("a", "2", "p/1", run(2, 3)), ("b", "1", "p/1", run(4, 0))])
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert rows["a"]["runs"] == "2"
    none, half = 0.3 / math.sqrt(5), 0.5 / math.sqrt(3)  # standard errors of 0 of 4 and of 2 of 4
    pooled = math.sqrt(none**2 + half**2) / 2
    assert rows["a"]["target ↓ plain"] == f"0.250±{pooled:.3f} (0.500) [8]"
    assert rows["a"]["anchor shown ↑"] == f"0.750±{pooled:.3f} (0.500) [8]"
    assert rows["a"]["retention (edited/original) ↑ plain"].startswith("0.875±")
    assert rows["a"]["retention (edited/original) ↑ plain"].endswith(" (0.750) [8]")
    assert rows["b"]["target ↓ plain"] == "1.000 [0.800–1] [4]", "± would pass 1"
    assert rows["a"]["target ↓ complex"] == "–"
    assert "p/1" in table.title
    assert "±: one standard error" in table.note


def test_n_is_told_once_where_all_methods_have_the_same():
    table = across_table([("a", "1", "p/1", run(0, 4)), ("b", "2", "p/1", run(2, 3))])
    kept = "retention (edited/original) ↑"
    columns = f"target ↓ plain, target ↓ all, anchor shown ↑, unrecognised, {kept} plain, {kept} all"
    assert f"n = 4: {columns}." in table.note
    assert not any(re.search(r"\[\d+\]", text) for row in table.rows for text in row)


def test_a_joint_table_of_few_images_says_so():
    few = across_table([("a", "1", "p/1", run(0, 4)), ("a", "2", "p/1", run(2, 3))])
    assert few.note.startswith("quick look: n too small to report (8 images of the targets in a wording")
    enough = across_table([("a", str(i), "p/1", run(0, 4)) for i in range(3)])
    assert "quick look" not in enough.note


def test_two_protocols_are_refused_by_name():
    with pytest.raises(UserError, match=r"mace/1 and speed/1"):
        across_table([("a", "1", "mace/1", run(0, 4)), ("a", "2", "speed/1", run(0, 4))])


def custom(left: int):
    """Of two target pictures of a prompt set `left` show the dog; an apple is kept, and a caption is of nothing."""
    rows = [sample("target", "mine", i, "dog" if i < left else "cat") for i in range(2)]
    rows += [sample("retain", "mine", 0, "apple", model, "apple") for model in ("edited", "original")]
    return compute_recognition_rates([*rows, sample("target", "mine", 9, "dog", concept="")])


def test_what_is_kept_and_left_over_all_wordings_has_a_column():
    table = across_table([("a", "1", "p/1", run(2, 3)), ("b", "2", "p/1", run(4, 4))])
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert row["target ↓ all"] == row["target ↓ plain"]
    kept = row["retention (edited/original) ↑ all"]
    assert (kept.value, kept.n) == (0.75, 4)
    assert dict(zip(table.header, table.higher_is_better, strict=True)) == {
        **dict.fromkeys(table.header),
        **{name: False for name in table.header if "↓" in name},
        **{name: True for name in table.header if "↑" in name},
    }
    assert table.markdown().count("**0.500") == 3, "the smaller shares of the targets, plain and all, and the anchors"


def test_rows_of_a_prompt_set_are_counted():
    (row,) = (table := across_table([("a", "1", "p/1", custom(1))])).rows
    shown = dict(zip(table.header, row, strict=True))
    assert [name for name in table.header if "target" in name] == ["target ↓ all"], "the set is all that there is"
    assert (shown["target ↓ all"].value, shown["target ↓ all"].n) == (0.5, 2)
    assert shown["retention (edited/original) ↑ all"] == "1.000"
    assert shown["images"] == "3"


def test_a_prompt_set_beside_the_templates_has_a_column_of_its_own():
    table = across_table([("a", "1", "p/1", [*run(2, 3), *custom(1)])])
    names = [name.removeprefix("target ↓ ") for name in table.header if "target" in name]
    assert names == ["plain", "complex", "paraphrase", "mine", "all"]
