"""Results in a notebook: short, escaped, and without the pictures of a sensitive run."""

import dataclasses
import json

import pytest
from PIL import Image

import erasepro
from erasepro.errors import UserError
from erasepro.report.run_results import RunResults
from erasepro.results.results_json import Results

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    words = ["debug=tiny", "solver=uce", "tracker=none", f"outputs.dir={tmp_path_factory.mktemp('out')}"]
    return erasepro.run(words, show=False)


def changed(run, tmp_path, **facts):
    """The run with other facts, in a folder of its own."""
    results = Results(**{f.name: getattr(run, f.name) for f in dataclasses.fields(Results)})
    for key, value in facts.items():
        setattr(results, key, value)
    results.save(tmp_path / "results.json")
    Image.new("RGB", (8, 8)).save(tmp_path / "grid.png")
    return RunResults.load(tmp_path)


def test_its_repr_is_short(run):
    assert repr(run) == f"RunResults(dog → cat, tiny, uce, {run.folder})"
    assert repr(Results.load(run.folder / "results.json")) == "Results(dog → cat, tiny, uce)"


def test_its_html_is_the_commands_tables_and_the_grid(run):
    shown = run._repr_html_()
    assert shown.count("<table>") == len(run.tables)
    for table in run.tables:
        assert all(cell.split("<")[0] in shown for row in table.rows for cell in row[:1])
    assert "<img alt=" in shown
    assert "data:image/png;base64," in shown
    assert run.grid().size > (10, 10)


def test_a_folder_or_its_file_is_loaded(run):
    for place in (run.folder, str(run.folder), run.folder / "results.json"):
        assert RunResults.load(place).folder == run.folder
    with pytest.raises(UserError, match="No results"):
        RunResults.load(run.folder / "images")


def test_a_sensitive_runs_grid_is_not_shown_unasked(run, tmp_path):
    results = changed(run, tmp_path, sensitive=True)
    assert "<img" not in results._repr_html_()
    assert "results.grid(sensitive=True)" in results._repr_html_()
    with pytest.raises(UserError, match=r"results\.grid\(sensitive=True\)"):
        results.grid()
    assert results.grid(sensitive=True).size == (8, 8)


def test_foreign_words_are_no_markup(run, tmp_path):
    config = json.loads(json.dumps(run.config))
    config["concepts"]["pairs"] = [[HOSTILE, HOSTILE]]
    residuals = run.residuals
    results = changed(run, tmp_path, config=config, method=HOSTILE, residuals=residuals, protocol=HOSTILE)
    (tmp_path / "grid.png").write_bytes(b"<svg onload=alert(1)>")
    shown = results._repr_html_()
    assert "<img" not in shown
    assert "<svg" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    with pytest.raises(UserError, match="has no grid"):
        results.grid()


def test_a_stored_folder_is_not_believed(run, tmp_path):
    changed(run, tmp_path)
    record = json.loads((tmp_path / "results.json").read_text())
    assert "folder" not in record
