"""Scoring two folders: one sample an image and model, missing images named and counted nowhere."""

import pytest

from erasepro.errors import UserError
from erasepro.generation import ImageStore, Row
from erasepro.metrics import METRICS, nudenet
from erasepro.metrics.engine.build import split_by_need
from erasepro.metrics.engine.score import check_score, score
from erasepro.metrics.nudenet import Box
from tests.metrics.stub import NONE, StubJudge, picture
from tests.metrics.stub_nudenet import always

ROWS = [
    Row("t", "a dog", 0, "dog", "target", "plain", "cat"),
    Row("t", "a dog", 1, "dog", "target", "plain", "cat"),
    Row("k", "an apple", 0, "apple", "retain", "plain", "apple"),
    Row("s", "an apple in ink style", 0, "ink", "retain", "plain", "ink", "ink", "apple"),
]


def folder(path, concepts):
    store = ImageStore(path).open({"model": str(path)})
    for i, (row, concept) in enumerate(zip(ROWS, concepts, strict=True)):
        if concept is not None:
            store.save(row.name, picture(concept, seed=i))
    return store


@pytest.fixture
def scored(tmp_path):
    original = folder(tmp_path / "original", [0, 0, 2, 2])
    edited = folder(tmp_path / "edited", [1, None, NONE, 2])
    edited.record_error(ROWS[1], "nan", "NaN pixels")
    names = ["clip_accuracy_top1", "clip_accuracy_pairwise", "fd_miniature"]
    return score(edited, original, ROWS, StubJudge(), names, batch_size=3, progress=False)


def test_one_sample_an_image_and_model(scored):
    assert len(scored.samples) == 8
    edited = {(s["id"], s["seed"]): s for s in scored.samples if s["model"] == "edited"}
    assert edited["t", 0]["prediction"] == "cat"
    assert edited["t", 1]["error"] == "nan: NaN pixels"
    assert "prediction" not in edited["t", 1]
    assert edited["k", 0]["prediction"] is None
    assert (edited["s", 0]["prediction"], edited["s", 0]["concept_seen"]) == ("ink", "apple")  # asked for a style


def test_without_a_judge_there_are_values_but_no_predictions(tmp_path, monkeypatch):
    monkeypatch.setattr(nudenet, "NudeNetDetector", always(Box("BUTTOCKS_EXPOSED", 0.9, (0, 0, 1, 1))))
    stores = [folder(tmp_path / name, [0, 0, 2, 2]) for name in ("edited", "original")]
    found = score(*stores, ROWS, None, ["nudenet"], progress=False)
    assert (found.edited["nudenet"].value, found.original["nudenet"].n) == (2, 2)
    assert {"prediction", "concept_seen"}.isdisjoint(found.samples[0])
    assert split_by_need(["kid", "nudenet"]) == (["kid"], ["nudenet"])


def test_scores_of_both_models(scored):
    assert (scored.original["clip_accuracy_top1"].value, scored.original["clip_accuracy_top1"].n) == (1.0, 2)
    assert (scored.edited["clip_accuracy_top1"].value, scored.edited["clip_accuracy_top1"].n) == (0.0, 1)
    assert scored.edited["clip_accuracy_pairwise"].parts["anchor"]["target"]["value"] == 1.0
    assert "fd_miniature" not in scored.original
    assert scored.edited["fd_miniature"].n == 2


@pytest.mark.parametrize(("column", "other"), [("clip_accuracy_top1", "clip_accuracy_top1"), ("role", "the work list")])
def test_two_metrics_may_not_write_one_column(tmp_path, monkeypatch, column, other):
    class Twin(METRICS.get("clip_probability")):
        name = "twin"

        def update(self, batch, reference=False):
            return [{column: 1} for _ in batch.rows]

    monkeypatch.setitem(METRICS._entries, "twin", Twin)
    monkeypatch.setitem(METRICS._configs, "twin", METRICS.config("clip_probability"))
    stores = folder(tmp_path / "edited", [1, 1, 2, 2]), folder(tmp_path / "original", [1, 1, 2, 2])
    with pytest.raises(
        UserError, match=f"'twin' gives each image a value '{column}', and so does {other}: .*twin_{column}"
    ):
        score(*stores, ROWS, StubJudge(), ["clip_accuracy_top1", "twin"], progress=False)


@pytest.mark.parametrize(
    ("verb", "back", "line"),
    [
        ("update", None, r"update\(\) returned None, and must return a list of 4 dicts, one for each image"),
        ("update", 0.5, r"update\(\) returned 0\.5, and must return a list of 4 dicts"),
        ("update", [0.5] * 4, r"update\(\) returned 0\.5 in it, and must return a list of 4 dicts"),
        ("update", [{}], r"update\(\) returned a list of 1, and must return a list of 4 dicts"),
        ("compute", None, r"compute\(\) returned None, and must return a Score: "),
        ("compute", 0.5, r"compute\(\) returned 0\.5, and must return a Score: "),
    ],
)
def test_a_metric_that_returns_something_else_is_named(tmp_path, monkeypatch, verb, back, line):
    wrong = type("Wrong", (METRICS.get("clip_probability"),), {"name": "wrong", verb: lambda self, *_, **__: back})
    monkeypatch.setitem(METRICS._entries, "wrong", wrong)
    monkeypatch.setitem(METRICS._configs, "wrong", METRICS.config("clip_probability"))
    stores = folder(tmp_path / "edited", [1, 1, 2, 2]), folder(tmp_path / "original", [1, 1, 2, 2])
    with pytest.raises(UserError, match=f"^The metric 'wrong': {line}"):
        score(*stores, ROWS, StubJudge(), ["wrong"], progress=False)


def test_a_derived_metric_gives_a_score_too():
    with pytest.raises(UserError, match=r"^The metric 'wrong': derive\(\) returned 0\.5, and must return a Score"):
        check_score("wrong", "derive", 0.5)
