"""The table of paired tests: against whom, on which images, and what is left out with a reason."""

import pytest

from erasepro.cli.main import main
from erasepro.report.paired import HEADER, paired_tables
from erasepro.results.finished_runs import read_finished_runs
from erasepro.results.samples import FILE, read_samples, write_samples
from tests.report.made_runs import erased, kept, make_run, rows_of

PAIRS = [("dog", "cat"), ("car", "bus"), ("ship", "boat"), ("apple", "pear"), ("lion", "tiger"), ("crown", "trophy")]


def tables_of(*folders):
    finished, problems = read_finished_runs([str(folder) for folder in folders])
    assert problems == []
    return paired_tables(finished)


def rows(*folders):
    (table,) = tables_of(*folders)
    return [dict(zip(table.header, row, strict=True)) for row in table.rows], table.note


def test_erasepro_is_the_reference_and_clusters_are_pairs_where_there_are_six(tmp_path):
    folders = [make_run(tmp_path / f"uce {i}", "uce", pair, kept) for i, pair in enumerate(PAIRS)]
    folders += [make_run(tmp_path / f"own {i}", "erasepro", pair, erased) for i, pair in enumerate(PAIRS)]
    found, note = rows(*folders)
    (shown,) = (row for row in found if row["measure"] == "target shown ↓")
    assert (shown["rival"], shown["difference"], shown["clusters"], shown["images"]) == ("uce", "-1.000", "6 pairs", "48")
    assert (shown["p"], shown["p (Holm)"]) == ("0.0312", "0.0312")
    assert note.startswith("Difference: erasepro less the rival")
    assert "about these pairs and no others" not in note
    assert {row["measure"] for row in found} == {
        "target shown ↓", "anchor shown ↑", "retained shown ↑", "unrecognised ↓", "clip_probability ↓",
    }  # fmt: skip
    (anchor,) = (row for row in found if row["measure"] == "anchor shown ↑")
    assert (anchor["difference"], anchor["images"]) == ("+1.000", "48")


def test_of_one_pair_clusters_are_prompts_and_the_note_says_what_that_means(tmp_path):
    found, note = rows(
        make_run(tmp_path / "a", "uce", PAIRS[0], kept), make_run(tmp_path / "b", "oce", PAIRS[0], erased)
    )
    assert {row["rival"] for row in found} == {"oce"}, "without ErasePro the first run's method is the reference"
    assert found[0]["clusters"] == "4 prompts"
    assert "about these pairs and no others" in note
    assert "Of 4 clusters no p is below 0.125." in note


def test_an_image_that_the_judge_cannot_name_is_unscored_and_not_absent(tmp_path):
    """The method draws noise in half of its pictures of targets: that is no erasure."""

    def noise(row, model):
        return None if model == "edited" and row.role == "target" and row.seed == 0 else row.concept

    found, _ = rows(make_run(tmp_path / "a", "erasepro", PAIRS[0], noise), make_run(tmp_path / "b", "uce", PAIRS[0], kept))
    by_measure = {row["measure"]: row for row in found}
    for measure in ("target shown ↓", "clip_probability ↓"):
        row = by_measure[measure]
        assert (row["difference"], row["p"], row["images"], row["unscored"]) == ("0.000", "1.0000", "4", "4")
    assert by_measure["unrecognised ↓"]["difference"] == "+0.250"


def test_images_that_only_one_of_them_drew_are_left_out_and_counted(tmp_path):
    more = rows_of(PAIRS[0], prompts=4, seeds=(0, 1, 2))
    found, note = rows(
        make_run(tmp_path / "a", "erasepro", PAIRS[0], erased), make_run(tmp_path / "b", "uce", PAIRS[0], kept, more)
    )
    assert found[0]["images"] == "8"
    assert "Up to 8 images that only one of two methods has are left out." in note


def test_methods_without_a_prompt_and_seed_in_common_make_no_table(tmp_path):
    other = rows_of(PAIRS[0], seeds=(7,))
    own = make_run(tmp_path / "own", "erasepro", PAIRS[0], erased)
    assert tables_of(own, make_run(tmp_path / "of another pair", "uce", PAIRS[1], kept)) == []
    assert tables_of(own, make_run(tmp_path / "with another seed", "uce", PAIRS[0], kept, other)) == []
    assert tables_of(own, make_run(tmp_path / "of the same method", "erasepro", PAIRS[1], erased)) == []


def test_of_many_rivals_the_best_is_shown_and_the_correction_is_for_all(tmp_path):
    def half(row, model):
        return row.expected_concept if model == "edited" and row.seed == 0 else row.concept

    folders = [make_run(tmp_path / "own", "erasepro", PAIRS[0], erased, rows_of(PAIRS[0], prompts=8))]
    for solver, names in (("uce", kept), ("oce", half), ("rece", kept), ("ace_zero", kept)):
        folders.append(make_run(tmp_path / solver, solver, PAIRS[0], names, rows_of(PAIRS[0], prompts=8)))
    found, note = rows(*folders)
    (shown,) = (row for row in found if row["measure"] == "target shown ↓")
    assert shown["rival"] == "oce (best)"
    assert (shown["p"], shown["p (Holm)"]) == ("0.0078", "0.0312")
    assert "the best rival alone is shown" in note


def test_samples_that_are_of_other_scores_or_were_changed_are_not_tested(tmp_path):
    own, rival = (make_run(tmp_path / s, s, PAIRS[0], erased if s == "erasepro" else kept) for s in ("erasepro", "uce"))
    samples = read_samples(rival)
    for made_of, change, reason in (
        (["other"], {}, "was made of other scores than its results"),
        (["names", "p"], {"prediction": "cat"}, "does not give the stored recognition rates"),
        (["names", "p"], {"clip_probability": 0.25}, "clip_probability (no value an image gives its score)"),
    ):
        write_samples(rival / FILE, [{**sample, **change} for sample in samples], made_of)
        (table,) = tables_of(own, rival)
        assert reason in table.note
        assert not any(row[0].startswith("clip_probability") for row in table.rows)
    (rival / FILE).write_bytes(b"PAR1")
    (table,) = tables_of(own, rival)
    assert (table.header, table.rows) == (HEADER, ())
    assert "is gone or damaged" in table.note
    (rival / FILE).unlink()
    assert tables_of(own, rival) == [], "results that are handed on alone"
    (table,) = tables_of(own, rival, make_run(tmp_path / "oce", "oce", PAIRS[0], kept))
    assert {row[1] for row in table.rows} == {"oce"}
    assert table.note.endswith(f"uce: it has no {FILE}.")


def test_the_report_of_several_runs_ends_with_the_tests(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "a", "erasepro", PAIRS[0], erased)
    make_run(tmp_path / "b", "uce", PAIRS[0], kept)
    assert main(["report", "a", "b"]) == 0
    out = capsys.readouterr().out
    assert out.index("Metrics over all runs") < out.index("Paired tests") < out.index("target shown ↓")


@pytest.mark.parametrize("first", ["erasepro", "uce"])
def test_the_order_of_the_runs_changes_nothing_but_their_order(tmp_path, first):
    solvers = ["erasepro", "uce"] if first == "erasepro" else ["uce", "erasepro"]
    found, _ = rows(*(make_run(tmp_path / s, s, PAIRS[0], erased if s == "erasepro" else kept) for s in solvers))
    assert found[0]["difference"] == "-1.000"
