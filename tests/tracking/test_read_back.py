"""A whole run's offline log, read back with W&B's own message classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from erasepro.cli import main as cli
from erasepro.metrics.networks import judges
from erasepro.results.results_json import Results
from erasepro.results.samples import read_samples
from erasepro.tracking.curves import layer_curves
from tests.end_to_end.processes import timeless
from tests.metrics.stub import StubJudge
from tests.tracking.offline_log import OfflineLog

WORDS = [
    "debug=tiny", "outputs.progress=false", "concepts.pairs=[[dog,cat]]", "concepts.preserve=[horse,apple]",
    "metrics.names=[clip_accuracy_top1,kid]", "generation.seeds=[0,1]", "experiments=demo",
]  # fmt: skip


class Judge(StubJudge):
    """Names noise: the first pixel's red decides."""

    def classify(self, images):
        images = images.clone()
        images[:, :2, 0, 0] %= 2
        return super().classify(images)


def run_folder(root):
    (found,) = [p for p in Path(root).iterdir() if not p.name.startswith(".")]
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same job with W&B and without: two folders."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(root / "home"))
        patch.delenv("WANDB_MODE", raising=False)
        patch.delenv("WANDB_API_KEY", raising=False)
        patch.chdir(root)
        patch.setattr(judges, "load_shipped_judge", lambda _: Judge())
        assert cli.main([*WORDS, "tracker=wandb", "tracker.num_images=6", "outputs.dir=a"]) == 0
        assert cli.main([*WORDS, "tracker=none", "outputs.dir=b"]) == 0
    assert {p.name for p in root.iterdir()} <= {"a", "b"}, "W&B keeps nothing outside the run's folder"
    return run_folder(root / "a"), run_folder(root / "b")


@pytest.fixture(scope="module")
def log(both):
    return OfflineLog(both[0])


@pytest.fixture(scope="module")
def results(both):
    return Results.load(both[0] / "results.json")


def test_run_and_config(log, results):
    assert log.run.project == "erasepro"
    assert log.run.run_group == "demo"
    assert log.run.run_id.startswith(results.signature[:8])
    assert log.run.display_name == f"{results.name}-{results.signature[:8]}"
    config = {key: value for key, value in log.config.items() if key != "_wandb"}
    assert config == results.config
    assert config["experiments"] == "demo"
    assert log.exit_code == 0


def test_summary_has_the_headlines(log, results):
    values = [v for v in results.values if v.value is not None]
    assert len(values) > 4
    for value in values:
        key = "/".join(part for part in (value.model, value.metric, value.role, value.phrasing) if part)
        assert log.summary[key] == pytest.approx(value.value)
    assert log.summary["residual/selected"] == results.residuals["selected"]


def test_every_value_has_its_n_error_and_protocol(log, results):
    rows = log.table("tables/values")
    assert [(r["metric"], r["model"], r["role"], r["n"], r["protocol"]) for r in rows] == [
        (v.metric, v.model, v.role, v.n, v.protocol) for v in results.values
    ]
    assert {"stderr", "value", "higher_is_better"} <= rows[0].keys()
    assert "tables/metrics" in log.names
    assert log.table("tables/stages")[0]["stage"] == "load model"


def test_curves_are_the_residuals_by_layer(log, results):
    points = layer_curves(results.edit["diagnostics"])
    rows = [row for row in log.history if "layers/place" in row]
    assert [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows] == [
        {f"layers/{key}": value for key, value in point.items()} for point in points
    ]
    assert [row["layers/place"] for row in rows] == list(range(7))
    assert [row["layers/mlp_fc2/residual"] for row in rows[:3]] == [
        entry["residual_after_all"] for entry in results.edit["diagnostics"][:3]
    ]
    ends = [value for row in rows for key, value in row.items() if key.endswith("/residual")]
    assert max(ends) == results.residuals["all"]
    assert {m.glob_name: m.step_metric for m in log.metrics if m.glob_name} == {"layers/*": "layers/place"}


def test_pictures_before_and_after_with_their_scores(both, log):
    run, rows = both[0], log.table("before_after")
    assert len(rows) == 6
    assert {r["role"] for r in rows} == {"target", "anchor", "retain"}
    assert {log.kinds[name] for name in ("original", "edited")} == {"image-file"}
    assert log.kinds["clip_accuracy_top1 (edited)"] == log.kinds["seed"] == "number"
    samples = {(s["id"], s["seed"], s["model"]): s for s in read_samples(run)}
    for row in rows:
        for model in ("original", "edited"):
            file = run / "images" / model / f"{row['id']}_{row['seed']}.png"
            assert row[model] == file.read_bytes()
            told = samples[row["id"], row["seed"], model]
            assert row["prompt"] == told["prompt"]
            assert row[f"prediction ({model})"] == told["prediction"]
            assert row[f"clip_accuracy_top1 ({model})"] == told["clip_accuracy_top1"]
    assert log.file("grid").read_bytes() == (run / "grid.png").read_bytes()


def test_the_edit_is_an_artifact(both, log, results):
    (edit,) = [one for one in log.artifacts if one.type == "edit"]
    assert edit.name == f"edit-{both[0].name}"
    files = {"edit.safetensors", "edit.json", "README.md"}
    assert log.stored(edit) == {name: (both[0] / "edit" / name).read_bytes() for name in files}
    facts = json.loads(edit.metadata)
    assert (facts["hash"], facts["model"], facts["solver"]) == (results.hashes["edit"], "tiny", "erasepro")
    assert facts["pairs"] == [["dog", "cat"]]


def test_without_a_tracker_the_same_files_and_results(both):
    first, second = ({p.relative_to(run) for p in run.rglob("*")} for run in both)
    assert {p for p in first if p.parts[0] != "wandb"} == second
    found = [timeless(json.loads((run / "results.json").read_text(encoding="utf-8"))) for run in both]
    for one in found:
        del one["config"]["tracker"], one["config"]["outputs"]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "concepts",
    [
        ["concepts.pairs=[[naked woman,dressed woman]]"],
        pytest.param(["concepts.pairs=[[dog,cat]]", "concepts.kind=nudity"], marks=pytest.mark.ci_slow),
    ],
)
def test_of_a_sensitive_run_no_picture_and_no_prompt_is_in_the_log(tmp_path, monkeypatch, concepts):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    words = ["debug=tiny", "outputs.progress=false", *concepts]
    assert cli.main([*words, "tracker=wandb"]) == 0
    run = run_folder("outputs")
    prompts = [row["prompt"] for row in map(json.loads, (run / "worklist.jsonl").read_text().splitlines())]
    files = [p.read_bytes() for p in (run / "wandb").rglob("*") if p.is_file() and not p.is_symlink()]
    pictures = [p.read_bytes() for p in [*run.glob("images/*/*.png"), run / "grid.png"]]
    assert prompts
    assert not [prompt for prompt in prompts for file in files if prompt.encode() in file]
    assert not [picture for picture in pictures for file in files if picture in file]
    assert {"id", "seed", "role"} <= OfflineLog(run).table("before_after")[0].keys()
