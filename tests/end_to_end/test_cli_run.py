"""The whole job on random weights: it ends, resumes, repeats itself, sweeps, and never runs twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from erasepro.cli import main as cli
from erasepro.metrics import nudenet
from erasepro.metrics.networks import judges
from erasepro.metrics.nudenet import Box
from erasepro.results.results_json import Results
from erasepro.results.samples import read_samples
from erasepro.runs import model_shelf
from erasepro.runs import run as runner
from erasepro.runtime.files import read_json
from tests.metrics.stub import StubJudge
from tests.metrics.stub_nudenet import always

TINY = ["debug=tiny", "outputs.progress=false", "concepts.pairs=[[dog,cat]]", "concepts.preserve=[horse]"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only_run(root: Path = Path("outputs")) -> Path:
    (found,) = [p for p in root.iterdir() if not p.name.startswith(".")]
    return found


def images(run: Path) -> dict[str, bytes]:
    return {str(p.relative_to(run)): p.read_bytes() for p in sorted(run.glob("images/*/*.png"))}


def counted(monkeypatch) -> list[str]:
    """Names of the models loaded from now on."""
    calls: list[str] = []
    real = model_shelf.load_model

    def spy(cfg):
        calls.append(cfg.name)
        return real(cfg)

    monkeypatch.setattr(model_shelf, "load_model", spy)
    return calls


def test_a_run_leaves_everything_behind_and_then_returns_at_once(capsys, monkeypatch):
    calls = counted(monkeypatch)
    assert cli.main(TINY) == 0
    first = capsys.readouterr().out
    run = only_run()
    for name in ("config.yaml", "edit/edit.json", "worklist.jsonl", "grid.png", "tables.md", "status.json"):
        assert (run / name).exists(), name
    assert read_json(run / "status.json")["state"] == "done"
    assert not (run / "lock.json").exists()
    results = Results.load(run / "results.json")
    assert results.residuals["selected"] <= 1e-5
    assert results.residuals["test"]["residual"] > 0
    assert {"edit", "originals", "images", "scores"} <= set(results.stages)
    assert results.hashes.keys() >= {"weights", "edit", "build_prompts", "test_prompts"}
    assert results.libraries["torch"]
    assert "exactly constrained columns" in first
    assert calls == ["tiny"]
    assert "dog → cat · tiny · erasepro" in first.splitlines()[0]
    assert cli.main(TINY) == 0
    again = capsys.readouterr().out
    assert "Done before" in again
    assert again.replace("Done before; these are its results.\n", "") == first
    assert calls == ["tiny"], "a finished run loads no model"
    assert cli.main(["report", str(run)]) == 0
    told = capsys.readouterr().out
    assert first in told
    assert "W&B" not in told
    (run / "wandb" / "offline-run-1").mkdir(parents=True)
    assert cli.main(["report", str(run)]) == 0
    assert f"W&B, offline; to upload: wandb sync {run}/wandb/offline-run-*" in capsys.readouterr().out


def test_report_says_what_is_wrong_with_a_folder(capsys):
    assert cli.main(TINY) == 0
    run = only_run()
    (run / "results.json").unlink()
    for folder, said in (
        ("nowhere", "No folder 'nowhere'"),
        (
            "outputs",
            f"'outputs' is no run's folder (it holds no config.yaml). 1 run(s) lie in it: erasepro report {run}",
        ),
        (str(run), "has not ended; the same command resumes"),
    ):
        capsys.readouterr()
        assert cli.main(["report", folder]) == 2
        assert said in capsys.readouterr().err


def test_two_runs_with_the_same_seed_are_the_same_bytes_and_count_once(capsys):
    assert cli.main([*TINY, "outputs.dir=a"]) == 0
    assert cli.main([*TINY, "outputs.dir=b"]) == 0
    one, two = only_run(Path("a")), only_run(Path("b"))
    assert one.name == two.name
    assert images(one) == images(two) != {}
    assert (one / "edit" / "edit.safetensors").read_bytes() == (two / "edit" / "edit.safetensors").read_bytes()
    capsys.readouterr()
    assert cli.main(["report", str(one), str(two)]) == 0
    told = capsys.readouterr()
    assert f"left out: '{two}' is the same run as '{one}': a copy counts once." in told.err
    (row,) = (line.split() for line in told.out.splitlines() if line.split()[:1] == ["runs"])
    assert row == ["runs", "1"]


@pytest.mark.parametrize("stage", ["images", pytest.param("scores", marks=pytest.mark.ci_slow)])
def test_a_stopped_run_resumes(monkeypatch, stage):
    assert cli.main([*TINY, "outputs.dir=whole"]) == 0
    with monkeypatch.context() as patch:
        name = {"images": "generate", "scores": "score"}[stage]
        real = getattr(runner.Run, name)

        def stopped(self, *args):
            if stage == "images":
                real(self, *args)
                for path in sorted((self.path / "images" / "edited").glob("*.png"))[1:]:
                    path.unlink()
                (self.path / ".stages" / "images.json").unlink()
            raise KeyboardInterrupt

        patch.setattr(runner.Run, name, stopped)
        assert cli.main(TINY) == 130
    run = only_run(Path("outputs"))
    assert read_json(run / "status.json")["state"] == "interrupted"
    edited = (run / "edit" / "edit.json").stat().st_mtime_ns
    assert cli.main(TINY) == 0
    assert read_json(run / "status.json")["state"] == "done"
    assert (run / "edit" / "edit.json").stat().st_mtime_ns == edited, "the edit is not solved again"
    assert images(run) == images(only_run(Path("whole")))


@pytest.mark.ci_slow
def test_a_sweep_runs_each_job_in_its_own_folder_and_shares_the_originals(capsys):
    assert cli.main(["-m", *TINY, "solver=uce,erasepro"]) == 0
    runs = {p.name for p in Path("outputs").iterdir() if not p.name.startswith(".")}
    assert {name.rpartition("-")[0] for name in runs} == {"tiny-dog-uce", "tiny-dog-erasepro"}
    assert {p.name for p in Path().iterdir()} == {"outputs"}, "nothing stray"
    out = capsys.readouterr().out
    assert "The 2 runs of the sweep" in out
    assert cli.main(out.splitlines()[-1].removeprefix("Again: erasepro ").split()) == 0
    assert capsys.readouterr().out.strip() in out, "the joint table is what report prints"
    (shared,) = Path("outputs/.originals").iterdir()
    stored = list(shared.glob("*.png"))
    assert all(path.stat().st_nlink == 1 + len(runs) for path in stored)


def test_a_failed_job_does_not_stop_the_sweep(capsys):
    assert cli.main(["-m", *TINY, "concepts.pairs=[[dog,dog]],[[dog,cat]]"]) == 2
    err = capsys.readouterr().err
    assert "own anchor" in err
    assert "1 job(s) of the sweep failed" in err
    assert read_json(only_run() / "status.json")["state"] == "done"


def test_a_bad_sweep_is_one_line(capsys):
    assert cli.main(["-m", *TINY, "solver=uce,uec"]) == 2
    err = capsys.readouterr().err
    assert "Did you mean solver=uce" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (
            "kid,fd_miniature",
            "kid, fd_miniature cannot do without: name one (metrics.judge.kind=openai_clip), or use metrics=nudity",
        ),
        ("kid,nudenet", "metrics.names=[nudenet]"),
    ],
)
def test_metrics_that_the_model_has_no_judge_for_are_found_out_at_once(capsys, names, line):
    assert cli.main([*TINY, f"metrics.names=[{names}]"]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert "add metrics=none" in error
    assert not list(Path("outputs").rglob("*.png"))
    assert not list(Path("outputs").rglob("edit.json"))


def test_what_a_metric_lacks_is_found_out_before_anything_is_drawn(capsys):
    for names, params, line in (
        ("object_accuracy", [], "'dog' is none of ImageNet's 1,000 classes"),
        ("fid", ["metrics.params.fid.weights=nowhere.pth"], "metrics.params.fid.weights: no file 'nowhere.pth'"),
        ("kid", ["metrics.params.kid.reference=nowhere"], "metrics.params.kid.reference: no folder 'nowhere'"),
    ):
        assert cli.main([*TINY, "metrics=default", f"metrics.names=[{names}]", *params]) == 2
        error = capsys.readouterr().err
        assert line in error
        assert error.count("\n") == 1
    assert not list(Path("outputs").rglob("*.png"))


def test_a_metric_with_its_own_detector_needs_no_judge(capsys, monkeypatch):
    monkeypatch.setattr(nudenet, "NudeNetDetector", always(Box("BUTTOCKS_EXPOSED", 0.9, (0, 0, 1, 1))))
    assert cli.main([*TINY, "metrics=nudity"]) == 0
    out = capsys.readouterr().out
    assert "nudenet (images, exposed) ↓" in out
    assert "What the pictures show" not in out
    results = Results.load(only_run() / "results.json")
    assert results.recognition == []
    assert results.metrics["edited"]["nudenet"]["value"] == results.metrics["edited"]["nudenet"]["n"] > 0


def test_scores_reach_the_results_and_the_table(capsys, monkeypatch):
    monkeypatch.setattr(judges, "load_shipped_judge", lambda _: Judge())
    assert cli.main([*TINY, "metrics.names=[clip_accuracy_top1,kid]"]) == 0
    out = capsys.readouterr().out
    assert "What the pictures show" in out
    assert "clip_accuracy_top1 ↓" in out
    run = only_run()
    results = Results.load(run / "results.json")
    (primary_value,) = [
        v for v in results.values if (v.metric, v.model, v.role) == ("clip_accuracy_top1", "edited", "")
    ]
    assert primary_value.n > 0
    assert primary_value.higher_is_better is False
    samples = read_samples(run)
    assert len(samples) == 2 * results.counts["images_per_model"]
    assert {s["prediction"] for s in samples} <= {"dog", "cat", None}
    assert {"prompt", "seed", "role", "model", "error", "clip_accuracy_top1"} <= samples[0].keys()
    assert json.loads((run / "results.json").read_text())["version"] == 3


class Judge(StubJudge):
    """Names noise: the first pixel's red decides."""

    def classify(self, images):
        images = images.clone()
        images[:, :2, 0, 0] %= 2
        return super().classify(images)


def test_a_files_pairs_are_what_is_told_and_stored(tmp_path, capsys):
    (tmp_path / "pairs.csv").write_text("target,anchor\napple,pear\ncar,\n", encoding="utf-8")
    assert cli.main([*TINY, f"concepts.file={tmp_path / 'pairs.csv'}"]) == 0
    assert capsys.readouterr().out.startswith("apple → pear, car → (empty) · tiny")
    assert Results.load(only_run() / "results.json").config["concepts"]["pairs"] == [["apple", "pear"], ["car", ""]]
