"""Runs as rows: what is in them, what is left out with a warning, and that no heavy library is imported."""

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import erasepro
from erasepro.errors import UserError
from erasepro.results.results_json import Results
from erasepro.results.samples import FILE
from tests.pages import python_of
from tests.report.made_runs import erased, kept, make_run

LAYER = {
    "site": "text_encoder.fc2", "kind": "mlp.fc2", "depth": 0, "rank": 4, "residual_before": 0.9,
    "residual_after_selected": 1e-8, "residual_after_all": 0.4, "delta_norm": 0.6, "gap": 0.5, "columns": 20, "selected": 5,
}  # fmt: skip
FACTS = {
    "edit": {"meta": {}, "diagnostics": [LAYER]},
    "residuals": {"selected": 1e-8, "all": 0.4, "test": {"residual": 0.3}, "selected_share": 0.25},
    "stages": {"edit": {"seconds": 2.0, "peak_mib": 900.0}, "solver (in edit)": {"seconds": 1.5}, "images": {"seconds": 3.0}},
    "counts": {"images_per_model": 16, "images_failed": 0},
}


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "outputs" / "a", "erasepro", ("dog", "cat"), erased, **FACTS)
    make_run(tmp_path / "outputs" / "b", "uce", ("dog", "cat"), kept, **FACTS)
    return tmp_path / "outputs"


def test_four_kinds_of_rows(outputs):
    runs = erasepro.load_runs("outputs/*")
    assert repr(runs) == "Runs(2 runs: .runs, .values, .layers, .samples)"
    first = runs.runs[0]
    assert (first.run, first.method, first.pairs, first.model) == ("a", "erasepro", "dog → cat", "miniature")
    assert (first.residual_selected, first.residual_test, first.seconds, first.solver_seconds) == (1e-8, 0.3, 5.0, 1.5)
    assert first.values["solver.name"] == "erasepro", "the runs differ in it"
    assert "generation.steps" not in first.values
    assert [(row.run, row.site, row.residual_all, row.delta_norm) for row in runs.layers] == [
        ("a", "text_encoder.fc2", 0.4, 0.6), ("b", "text_encoder.fc2", 0.4, 0.6),
    ]  # fmt: skip
    assert len(runs.samples) == 2 * 2 * 16
    image = runs.samples[-1]
    assert (image.run, image.pair, image.model, image.prediction) == ("b", "dog → cat", "edited", "fox")
    assert image.values["clip_probability"] == 1.0
    for rows in (runs.runs, runs.values, runs.layers, runs.samples):
        assert rows.arrow().num_rows == len(rows) > 0
        assert rows.arrow().schema.names[0] == "run"


def test_values_are_the_metrics_and_what_the_judge_sees(outputs):
    runs = erasepro.load_runs(["outputs/a", Path("outputs/b")])
    own = [row for row in runs.values if row.run == "a"]
    (primary,) = (row for row in own if (row.metric, row.model, row.role) == ("clip_probability", "edited", ""))
    assert (primary.value, primary.n, primary.unscored, primary.higher_is_better, primary.distrust) == (0.0, 8, 0, False, "")
    (shown,) = (
        row for row in own
        if (row.metric, row.model, row.role, row.phrasing, row.concept) == ("concept_shown", "edited", "target", "", "dog")
    )  # fmt: skip
    assert (shown.value, shown.n, shown.protocol) == (0.0, 8, "erasepro/2")
    stored = Results.load(outputs / "a" / "results.json")
    assert sum(row.metric == "clip_probability" for row in own) == len(stored.values)
    assert {row.run for row in runs.values} == {"a", "b"}


def test_unscored_images_stand_beside_every_number_of_the_edited_model(tmp_path):
    def noise(row, model):
        return None if model == "edited" and row.seed == 0 else row.concept

    runs = erasepro.load_runs(make_run(tmp_path / "a", "uce", ("dog", "cat"), noise))
    unscored = {(row.metric, row.role, row.model): row.unscored for row in runs.values if not row.phrasing and not row.concept}
    assert unscored["clip_probability", "", "edited"] == unscored["concept_shown", "target", "edited"] == 4
    assert unscored["clip_probability", "retain", "edited"] == unscored["retention", "retain", "edited"] == 4
    assert unscored["clip_probability", "", "original"] is None


def test_what_cannot_be_read_is_named_in_a_warning_and_a_copy_counts_once(outputs):
    shutil.copytree(outputs / "a", outputs / "copy")
    shutil.copytree(outputs / "a", outputs / "damaged")
    (outputs / "damaged" / "results.json").write_text("{")
    (outputs / "running").mkdir()
    (outputs / "running" / "status.json").write_text(json.dumps({"state": "running"}))
    (outputs / "notes").mkdir()
    (outputs / "notes.txt").write_text("no run")
    with pytest.warns(UserWarning, match="left out: ") as said:
        runs = erasepro.load_runs("outputs/*")
    assert [row.run for row in runs.runs] == ["a", "b"]
    assert [sum(word in str(line.message) for line in said) for word in ("copy", "damaged", "running", "notes")] == [1, 1, 1, 0]
    assert len(runs.left_out) == 3
    assert "3 left out" in repr(runs)


def test_samples_that_are_gone_are_named_and_the_others_stay(outputs):
    (outputs / "a" / FILE).unlink()
    runs = erasepro.load_runs("outputs/*")
    with pytest.warns(UserWarning, match="samples.parquet' is gone or damaged"):
        assert {row.run for row in runs.samples} == {"b"}
    assert len(runs.values) > 0


def test_folders_of_one_name_are_told_apart(outputs):
    make_run(outputs.parent / "more" / "b", "oce", ("dog", "cat"), kept)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs = erasepro.load_runs(["outputs/*", "more/b"])
    assert [row.run for row in runs.runs] == ["a", "outputs/b", "more/b"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("outputs/nothing*", "No run in 'outputs/nothing*': give folders of runs"),
        ([], "No run in an empty list"),
        ("nowhere", "No folder 'nowhere'"),
        ("outputs", "2 run(s) lie in it"),
        (3, "Give a run's folder as a path"),
    ],
)
def test_without_a_run_it_is_one_line(outputs, given, line):
    with pytest.raises(UserError) as error:
        erasepro.load_runs(given)
    assert line in str(error.value)


def test_no_heavy_library_is_imported(outputs):
    code = (
        "import sys, erasepro\nruns = erasepro.load_runs('outputs/*')\n"
        "[rows.arrow() for rows in (runs.runs, runs.values, runs.layers, runs.samples)]\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'hydra', 'omegaconf', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=outputs.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_s_example_runs(outputs):
    (block,) = (text for text in python_of(Path("docs/python.md")) if "load_runs" in text)
    names = {"erasepro": erasepro}
    exec(compile(block, "docs/python.md", "exec"), names)
    assert names["by_depth"][0] == ("erasepro", 0, 0.4, 0.6)
    assert names["table"].num_rows == 2
