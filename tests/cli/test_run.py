"""What a command shows in place of running: the config in parts, the list of a sweep's runs, and the plan."""

import shutil
import socket
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants

from erasepro.cli.main import main
from erasepro.runs import plan as planning
from erasepro.runs.past_runs import PastRuns

CLASSES = "metrics.params.object_accuracy.classes={dog: pug}"
TINY = ["debug=tiny", "solver=uce", "templates.preserve_count=20", "outputs.progress=false"]


def printed(capsys, *words):
    status = main(list(words))
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A folder with one run that has ended; no test changes it."""
    folder = tmp_path_factory.mktemp("plan") / "o"
    assert main([*TINY, f"outputs.dir={folder}"]) == 0
    return folder


def test_cfg_shows_the_job_hydras_part_or_both(capsys):
    job = yaml.safe_load(printed(capsys, "--cfg", "job", *TINY))
    assert job["solver"]["name"] == "uce"
    assert "hydra" not in job
    assert list(yaml.safe_load(printed(capsys, "--cfg", "hydra", *TINY))) == ["hydra"]
    both = yaml.safe_load(printed(capsys, "--cfg", "all", *TINY))
    assert both.keys() == {"hydra", *job}
    assert both["model"] == job["model"]
    assert printed(capsys, "-c", *TINY) == printed(capsys, "--cfg", *TINY) == printed(capsys, "--cfg=job", *TINY)


def test_cfg_shows_the_pairs_of_a_file(capsys, tmp_path):
    Path("pairs.csv").write_text("target,anchor\ndog,cat\napple,\n", encoding="utf-8")
    config = yaml.safe_load(printed(capsys, "--cfg", "concepts.file=pairs.csv"))
    assert config["concepts"]["pairs"] == [["dog", "cat"], ["apple", ""]]
    assert config["concepts"]["file"] == "pairs.csv"
    Path("pairs.csv").write_text("target,anchor\nlion,tiger\n", encoding="utf-8")
    assert yaml.safe_load(printed(capsys, "--cfg", "concepts.file=pairs.csv"))["concepts"]["pairs"] == [["lion", "tiger"]]
    assert main(["--cfg", "concepts.file=gone.csv"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_cfg_of_a_sweep_lists_its_runs(capsys, outputs):
    out = printed(capsys, "-m", "--cfg", *TINY, f"outputs.dir={outputs}", "solver=uce,oce", "seed=0,1").splitlines()
    assert len(out) == 9
    assert out[-1] == "4 runs; none was run."
    assert out[0].startswith("[1 of 4] ")
    assert "solver=uce" in out[0]
    assert "seed=0" in out[0]
    (run,) = [path.name for path in outputs.iterdir() if (path / "results.json").is_file()]
    assert out[1].endswith(f"/{run}"), "the folder that the run has"
    assert len({line.split(" → ")[1] for line in out[1:8:2]}) == 4


def test_cfg_of_a_sweep_tells_the_runs_that_would_be_refused(capsys):
    assert main(["-m", "--cfg", *TINY, "seed=0", "generation.steps=1,0"]) == 2
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "2 runs, 1 refused; none was run."
    assert err.count("erasepro: error: ") == 1
    assert main(["-m", "--cfg", "hydra", *TINY]) == 2
    assert main(["-m", "--cfg", *TINY, "seed=range(3,1)"]) == 2


def test_a_plan_tells_what_is_new_and_what_is_not_known(capsys, tmp_path):
    out = printed(capsys, "--dry-run", *TINY)
    assert "  state    new" in out
    assert "  edit     to solve for, 1 pair" in out
    assert " to draw" in out
    assert "  seconds  not known: no finished run" in out
    assert "  disk     not known" in out
    assert out.endswith("Nothing was run, and nothing written.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_plan_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    first, *lines = printed(capsys, "--dry-run", *TINY).splitlines()
    assert " → " in first, "as wide as the folder's path needs"
    assert max(map(len, lines)) <= 60
    told = " ".join(line.strip() for line in lines)
    assert "not known: no finished run of this model, with this solver, size and these metrics, lies in the same folder" in told


def test_a_plan_of_a_finished_run_has_nothing_to_do(capsys, outputs):
    before = {path: path.stat().st_mtime_ns for path in outputs.rglob("*")}
    out = printed(capsys, "--dry-run", *TINY, f"outputs.dir={outputs}")
    assert "finished: nothing to do" in out
    assert {path: path.stat().st_mtime_ns for path in outputs.rglob("*")} == before


def test_estimates_are_measured_in_earlier_runs_and_originals_are_shared(capsys, outputs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")  # a line an estimate
    out = printed(capsys, "--dry-run", *TINY, f"outputs.dir={outputs}", "solver.ridge=0.7")
    assert "original: 0 of " in out
    assert "shared with other runs" in out
    assert "measured in 1 earlier run of this model on this machine" in out
    assert "seconds  about " in out
    assert "MiB in earlier runs of this model" in out
    assert "disk     about " in out
    assert "GiB free" in out
    other = printed(capsys, "--dry-run", *TINY, f"outputs.dir={outputs}", "model.seed=5")
    assert "seconds  not known" in other, "of other weights"


def test_a_begun_run_keeps_its_pictures(capsys, outputs, tmp_path):
    shutil.copytree(outputs, tmp_path / "o")
    (run,) = (tmp_path / "o").glob("*/results.json")
    (run.parent / ".stages/images.json").unlink()
    pictures = sorted((run.parent / "images/edited").glob("*.png"))
    pictures[0].unlink()
    out = printed(capsys, "--dry-run", *TINY, "outputs.dir=o")
    assert "begun: edit, originals, scores done; it is resumed" in out
    assert "  edit     kept, 1 pair" in out
    assert f"edited: 1 of {len(pictures)} to draw, {len(pictures) - 1} kept" in out


def test_a_sweeps_plan_counts_each_run_and_each_shared_picture_once(capsys, tmp_path):
    out = printed(capsys, "-m", "--dry-run", *TINY, "solver.ridge=0.1,0.1,0.2")
    first, second, third = (line for line in out.splitlines() if "original: " in line)
    assert "original: 0 of" not in first
    assert "original: 0 of" in second
    assert "original: 0 of" in third
    assert "Together: 2 runs, 0 of them finished" in out
    assert "3 runs; none was run. Nothing was written." in out
    assert list(tmp_path.iterdir()) == []


def test_a_plan_refuses_what_the_run_would(capsys):
    assert main(["--dry-run", "concepts.pairs=[[dogg,cat]]"]) == 2
    assert "Did you mean 'dog'?" in capsys.readouterr().err
    assert main(["--dry-run", *TINY, "metrics=[clip_accuracy_top1]"]) == 2


def test_a_damaged_earlier_run_is_left_out_of_the_estimates(capsys, outputs, tmp_path):
    shutil.copytree(outputs, tmp_path / "o")
    (results,) = (tmp_path / "o").glob("*/results.json")
    results.write_text("{", encoding="utf-8")
    assert "seconds  not known" in printed(capsys, "--dry-run", *TINY, "outputs.dir=o", "solver.ridge=0.7")


def test_nothing_is_downloaded_for_a_plan(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **how: asked.append(words) or [])
    words = ["model=sd15", "model.source=nobody/nothing", "concepts=style/van_gogh", "metrics=none"]
    assert main(["--dry-run", *words]) == 2
    assert "Not on this disk: model 'nobody/nothing'" in capsys.readouterr().err
    out = printed(capsys, "-m", "--cfg", *words, "seed=0,1")
    assert out.count("folder not known. Not on this disk") == 2
    assert "not known. Not on this disk" in printed(capsys, "-m", "--dry-run", *words)
    assert asked == []


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["metrics=clip"], "OpenAI's CLIP ViT-B/32"),
        (["metrics=[fid]"], "the FID Inception"),
        (["metrics=[object_accuracy]", "metrics.params.object_accuracy.roles=[target]", CLASSES], "torchvision's"),
    ],
)
def test_no_network_of_a_metric_is_downloaded_for_a_plan(words, what, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **how: asked.append(words) or [])
    assert main(["--dry-run", *TINY, *words]) == 2
    assert f"Not on this disk: {what}" in capsys.readouterr().err
    assert asked == []
    assert not (tmp_path / "torch").exists()


def test_times_are_told_in_fitting_units():
    assert [planning._time(seconds) for seconds in (0.5, 30, 600, 7200)] == ["0.5 s", "30 s", "10 min", "2.0 h"]
    assert PastRuns(()).peak("peak_mib") is None
