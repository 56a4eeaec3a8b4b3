"""What of a run goes to a tracker, and what stays here."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from PIL import Image

from erasepro.config.schema import TrackerConfig
from erasepro.generation.worklist import Row
from erasepro.report.run_tables import tables
from erasepro.results.recognition import compute_recognition_rates
from erasepro.results.results_json import Results, Value
from erasepro.results.samples import FILE, read_samples, write_samples
from erasepro.results.training_curve import CURVE, TRAINING, write_curve
from erasepro.tracking.log_run import log_run

PROMPT = "words that must not leave"


class Recorder:
    """Keeps what it is given."""

    def __init__(self):
        self.summary, self.tables, self.curves, self.images, self.files = {}, {}, {}, {}, {}

    def log_summary(self, summary):
        self.summary |= summary

    def log_table(self, name, columns, rows):
        self.tables[name] = [dict(zip(columns, row, strict=True)) for row in rows]

    def log_curves(self, name, x, points):
        self.curves[name] = (x, points)

    def log_image(self, name, path):
        self.images[name] = path

    def log_files(self, name, kind, files, facts):
        self.files[name] = (kind, files, facts)

    def everything(self):
        return str(vars(self))


def results(sensitive):
    return Results(
        name="job",
        signature="0" * 64,
        config={"protocol": {"name": "p", "version": 1, "fixes": {}}},
        protocol="p/1",
        hashes={"edit": "abc", "weights": "def"},
        values=[Value("nudenet", "edited", "target", "", 0.25, 8, 0.1, False, "p/1")],
        residuals={"selected": 1e-8, "test": {"residual": 0.5}},
        edit={"meta": {"solver": "uce", "model": {"name": "tiny"}, "concepts": {"pairs": [["a", "b"]]}}},
        stages={"edit": {"seconds": 1.0}},
        sensitive=sensitive,
    )


@pytest.fixture
def run_dir(tmp_path):
    """A run of two prompts of which one image of the edited model is missing."""
    rows = [
        Row("target-a", PROMPT, 0, "a", "target", "plain", "b"),
        Row("kept-c", PROMPT, 0, "c", "retain", "plain", "c"),
    ]
    samples = []
    for model in ("original", "edited"):
        (tmp_path / "images" / model).mkdir(parents=True)
        for row in rows:
            samples.append(
                {"id": row.id, "seed": 0, "prompt": PROMPT, "model": model, "error": None, "hits": len(model)}
            )
            if (model, row.id) != ("edited", "kept-c"):
                Image.new("RGB", (4, 4)).save(tmp_path / "images" / model / f"{row.name}.png")
    write_samples(tmp_path / "samples.parquet", samples)
    (tmp_path / "edit").mkdir()
    for file in ("grid.png", "edit/edit.safetensors", "edit/edit.json", "edit/README.md"):
        (tmp_path / file).write_bytes(b"x")
    return tmp_path, rows


def logged(run_dir, cfg, sensitive=False):
    tracker = Recorder()
    log_run(tracker, cfg, results(sensitive), *run_dir)
    return tracker


def test_pictures_scores_grid_numbers_and_edit(run_dir):
    folder, _ = run_dir
    tracker = logged(run_dir, TrackerConfig())
    first, second = tracker.tables["before_after"]
    assert first["prompt"] == PROMPT
    assert first["original"] == folder / "images" / "original" / "target-a_0.png"
    assert (first["hits (original)"], first["hits (edited)"]) == (8, 6)
    assert second["edited"] is None
    assert tracker.images == {"grid": folder / "grid.png"}
    assert tracker.summary == {"edited/nudenet/target": 0.25, "residual/selected": 1e-8, "seconds/edit": 1.0}
    (value,) = tracker.tables["tables/values"]
    assert (value["value"], value["n"], value["stderr"], value["protocol"]) == (0.25, 8, 0.1, "p/1")
    ((name, (kind, files, facts)),) = tracker.files.items()
    assert (name, kind) == (f"edit-{folder.name}", "edit")
    assert [file.name for file in files] == ["edit.safetensors", "edit.json", "README.md"]
    assert facts["hash"] == "abc"
    assert facts["residuals"] == {"selected": 1e-8}


def test_of_a_sensitive_run_no_picture_and_no_prompt_leaves(run_dir):
    tracker = logged(run_dir, TrackerConfig(), sensitive=True)
    assert tracker.images == {}
    assert PROMPT not in tracker.everything()
    assert ".png" not in tracker.everything()
    assert [row["hits (edited)"] for row in tracker.tables["before_after"]] == [6, 6], "its scores may"
    assert tracker.files, "its edit may"


def _several(samples):
    rows = [
        {**sample, "role": "target", "phrasing": "plain", "concept": f"{PROMPT} {i}"}
        for i in (1, 2)
        for sample in samples
    ]
    return [{**row, "error": ""} for row in rows]


def test_nor_a_prompt_that_a_file_gives_as_its_concept(run_dir):
    folder, rows = run_dir
    quoting = [replace(row, concept=row.prompt, expected_concept=row.prompt) for row in rows]
    samples = [
        {**sample, "concept": PROMPT, "expected_concept": PROMPT, "prediction": PROMPT, "labels": "FACE_FEMALE"}
        for sample in read_samples(folder)
    ]
    write_samples(folder / FILE, samples, [])
    found = results(True)
    found.recognition_by_concept = [
        asdict(rates) for rates in compute_recognition_rates(_several(samples), by_concept=True)
    ]
    assert PROMPT in str(tables(found))
    tracker = Recorder()
    log_run(tracker, TrackerConfig(), found, folder, quoting)
    assert PROMPT not in tracker.everything()
    assert tracker.tables["before_after"][0]["labels (edited)"] == "FACE_FEMALE"


def test_unless_it_is_asked_for(run_dir):
    asked = logged(run_dir, TrackerConfig(log_sensitive=True), sensitive=True)
    assert asked.tables == logged(run_dir, TrackerConfig()).tables
    assert list(asked.images) == ["grid"]


def test_images_bounds_the_pictures(run_dir):
    assert len(logged(run_dir, TrackerConfig(num_images=1)).tables["before_after"]) == 1
    none = logged(run_dir, TrackerConfig(num_images=0))
    assert "before_after" not in none.tables
    assert none.images == {}


def test_without_a_tracker_nothing_is_read(tmp_path):
    reads = []

    class Watched:
        def __getattr__(self, name):
            reads.append(name)
            raise AttributeError(name)

        def __iter__(self):
            reads.append("rows")
            return iter(())

    log_run(None, TrackerConfig(name="none"), Watched(), tmp_path / "nowhere", Watched())
    assert reads == []
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_scores_or_edit_is_logged_all_the_same(tmp_path):
    tracker = Recorder()
    log_run(tracker, TrackerConfig(), results(False), tmp_path, [Row("a", "b", 0, role="retain")])
    (row,) = tracker.tables["before_after"]
    assert (row["original"], row["edited"]) == (None, None)
    assert tracker.files == {}


def test_the_losses_of_a_training_are_curves(run_dir):
    folder, _ = run_dir
    assert "training" not in logged(run_dir, TrackerConfig()).curves
    write_curve(folder / TRAINING / CURVE, [{"loss": 0.5}, {"loss": 0.25}])
    assert logged(run_dir, TrackerConfig()).curves["training"] == (
        "step", [{"step": 1.0, "loss": 0.5}, {"step": 2.0, "loss": 0.25}],
    )  # fmt: skip
