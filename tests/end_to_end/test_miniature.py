"""The main job on the model that ships: the command and the Python API."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import erasepro
from erasepro.cli.main import main
from erasepro.concepts.miniature.names import NAMES
from erasepro.models.miniature.judge import WEIGHTS, MiniatureJudge


@pytest.fixture(scope="module")
def model():
    return erasepro.load_model("miniature")


def images(pipe, texts, seed=0, steps=12):
    generators = [torch.Generator().manual_seed(seed + i) for i in range(len(texts))]
    found = pipe(texts, num_inference_steps=steps, guidance_scale=3.0, generator=generators, output_type="pt").images
    return (found * 255).round().to(torch.uint8)


def test_what_ships_is_small_safe_and_of_the_promised_shape(model):
    files = [p for p in WEIGHTS.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 60e6
    assert {p.suffix for p in files} <= {".safetensors", ".json", ".txt", ""}
    assert (WEIGHTS / "LICENSES").exists()
    config = model.pipe.text_encoder.config
    assert config.hidden_size >= 256
    assert config.num_hidden_layers >= 8
    assert type(model.pipe).__name__ == "StableDiffusionPipeline"


def test_the_judge_names_drawings_and_refuses_blurred_and_shuffled_ones(model):
    from erasepro.recipes.miniature.judge import blur, shuffle_patches

    judge = MiniatureJudge.load()
    names = [*NAMES[::6]]
    drawn = images(model.pipe, [f"a picture of a {n}" for n in names])
    prediction = judge.classify(drawn)
    assert sum(c == n for c, n in zip(prediction.concept, names, strict=True)) >= 0.8 * len(names)
    x = drawn.float() / 127.5 - 1
    import random

    shuffled = torch.stack([shuffle_patches(one, random.Random(i), 8) for i, one in enumerate(x)])
    for bad in (blur(x, 6.0), shuffled):
        found = judge.classify(((bad + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)).concept
        assert sum(c is None for c in found) >= 0.8 * len(found)


def test_erase_apply_revert_in_python(model):
    before = {n: p.clone() for n, p in model.pipe.unet.named_parameters()}
    before |= {n: p.clone() for n, p in model.pipe.text_encoder.named_parameters()}
    few = {"preserve": {"captions": 60}}
    edit = erasepro.erase(model, {"dog": "cat"}, text_fit=few, cross_attention_fit=few)
    now = {**dict(model.pipe.unet.named_parameters()), **dict(model.pipe.text_encoder.named_parameters())}
    assert all(torch.equal(before[n], now[n]) for n in before)
    assert edit.residuals["selected"] <= 1e-5
    prompts = [f"a picture of a dog on a {b} background" for b in ("pink", "blue", "mint", "gray")]
    judge = MiniatureJudge.load()
    edit.apply(model.pipe)
    after = judge.classify(images(model.pipe, prompts)).concept
    edit.revert(model.pipe)
    assert "dog" not in after
    now = {**dict(model.pipe.unet.named_parameters()), **dict(model.pipe.text_encoder.named_parameters())}
    assert all(torch.equal(before[n], now[n]) for n in before)


def command(folder: Path, *words: str) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "erasepro.cli.main", *words, "outputs.progress=false"]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


JOB = (
    "generation=quick",
    "generation.steps=8",
    "generation.max_retain=4",
    "solver.text_fit.preserve.captions=60",
    "solver.cross_attention_fit.preserve.captions=60",
    "metrics.names=[clip_accuracy_top1,clip_accuracy_pairwise,fd_miniature]",
)


def test_the_command_erases_keeps_and_returns_at_once_the_second_time(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [*JOB, "outputs.progress=false"]
    assert main(words) == 0
    first = capsys.readouterr().out
    (folder,) = (p for p in (tmp_path / "outputs").iterdir() if not p.name.startswith("."))
    results = json.loads((folder / "results.json").read_text())
    shows = {(o["role"], o["phrasing"]): o for o in results["recognition"]}
    assert shows["target", "all"]["concept_shown"]["value"] <= 0.2
    assert shows["target", "all"]["concept_shown"]["value"] < shows["target", "all"]["original"]["value"]
    assert results["residuals"]["selected"] <= 1e-5
    assert "What the pictures show" in first
    assert (folder / "grid.png").exists()
    stamp = (folder / "results.json").stat().st_mtime_ns
    assert main(words) == 0
    again = capsys.readouterr().out
    told = "Done before; these are its results.\n"
    assert told in again
    assert told not in first
    assert again.replace(told, "") == first
    assert (folder / "results.json").stat().st_mtime_ns == stamp


@pytest.mark.slow
def test_two_runs_with_the_same_seed_are_the_same_bytes(tmp_path):
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert command(tmp_path / name, *JOB, "tracker=none").returncode == 0
        (folder,) = (p for p in (tmp_path / name / "outputs").iterdir() if not p.name.startswith("."))
        pictures = {p.name: p.read_bytes() for p in sorted((folder / "images").rglob("*.png"))}
        results = json.loads((folder / "results.json").read_text())
        found.append((folder.name, pictures, results["values"], results["recognition"], results["hashes"]))
    assert found[0] == found[1]
