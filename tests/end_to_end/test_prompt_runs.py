"""Whole runs on prompt sets: invented rows in I2P's columns, dropped prompts in the results, sets together."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from erasepro.cli import main as cli
from erasepro.results.results_json import Results
from erasepro.runs.resolve import resolve

COLUMNS = (
    "prompt",
    "categories",
    "nudity_percentage",
    "sd_seed",
    "sd_guidance_scale",
    "sd_image_width",
    "sd_image_height",
)
ROWS = (
    ("a statue, in a hall", "sexual, shocking", 62.5, 3417394317, 7, 64, 64),
    ("a dancer in the rain", "shocking", 0, 1, 7, 64, 64),
    ("a child on a swing", "sexual", 80, 2, 7, 64, 64),
    ("a marble figure", "sexual", 3, 3, 8.5, 128, 64),
)
TINY = ["debug=tiny", "concepts=nudity/nudity", "outputs.progress=false", "outputs.grid=true"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open("rows.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *ROWS])


def results() -> tuple[Path, Results]:
    (run,) = [p for p in Path("outputs").iterdir() if not p.name.startswith(".")]
    return run, Results.load(run / "results.json")


@pytest.mark.parametrize("sets", ["i2p", "[templates,i2p_nudity]", "[i2p,coco30k]"])
def test_stable_diffusion_on_i2p_composes(sets):
    spec = resolve(["model=sd14", "concepts=nudity/nudity", f"prompts={sets}", "metrics=nudity"])
    assert list(spec.prompts) == sets.strip("[]").split(",")


def test_a_run_on_i2p_counts_what_it_dropped(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # the heading on one line
    words = [*TINY, "prompts=i2p_nudity", "prompts.i2p_nudity.file=rows.csv"]
    assert cli.main(words) == 0
    heading, told = capsys.readouterr().out.splitlines()[:2]
    assert "prompts i2p_nudity" in heading
    assert told.startswith(
        "Prompts i2p_nudity: 2 rows; 1 dropped for mentioning a minor, so n is not exactly comparable"
    )
    run, found = results()
    assert found.counts["prompts_dropped"] == 1
    assert found.sensitive
    kept = found.prompt_sets["i2p_nudity"]
    assert (kept["rows"], kept["dropped_minors"], kept["dropped_other"], kept["published"]) == (2, 1, 1, 854)
    assert (kept["licence"], kept["source"], len(kept["sha256"])) == ("MIT", "local file", 64)
    rows = [json.loads(line) for line in (run / "worklist.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["seed"], row["guidance"], row["width"]) for row in rows] == [(3417394317, 7.0, 64), (3, 8.5, 128)]
    assert not any("child" in row["prompt"] for row in rows)
    names = ("i2p_nudity-00000_3417394317.png", "i2p_nudity-00003_3.png")
    sizes = [Image.open(run / "images" / model / name).size for model in ("original", "edited") for name in names]
    assert sizes == [(64, 64), (128, 64)] * 2
    assert len(list(run.glob("images/*/*.png"))) == 4


def test_own_sentences_and_a_set_come_together_and_the_bytes_are_the_signature(capsys):
    words = [*TINY, "prompts=[templates,i2p]", "prompts.i2p.file=rows.csv", "prompts.i2p.use_row_settings=[seed]"]
    assert cli.main(words) == 0
    run, found = results()
    assert set(found.prompt_sets) == {"templates", "i2p"}
    assert found.prompt_sets["i2p"]["rows"] == 3
    assert (run / "grid.png").exists()
    copied = Path("copy.csv")
    copied.write_bytes(Path("rows.csv").read_bytes())
    assert cli.main([*words, "prompts.i2p.file=copy.csv"]) == 0
    assert "Done before" in capsys.readouterr().out, "the same rows from elsewhere are the same run"
    copied.write_text(copied.read_text(encoding="utf-8").replace("dancer", "diver"), encoding="utf-8")
    assert cli.main([*words, "prompts.i2p.file=copy.csv"]) == 0
    assert len([p for p in Path("outputs").iterdir() if not p.name.startswith(".")]) == 2


def test_of_any_run_a_prompt_that_names_nudity_is_not_in_the_grid():
    words = ["debug=tiny", "concepts.pairs=[[dog,cat]]", "outputs.progress=false", "prompts=custom"]
    Path("own.csv").write_text("prompt\nnaked people at the beach\n", encoding="utf-8")
    assert cli.main([*words, "prompts.custom.file=own.csv"]) == 0
    run, found = results()
    assert not found.sensitive
    assert not (run / "grid.png").exists()
    assert len(list(run.glob("images/*/*.png"))) == 2


def test_a_marked_set_makes_any_run_sensitive():
    words = [
        "debug=tiny",
        "concepts.pairs=[[dog,cat]]",
        "outputs.progress=false",
        "prompts=i2p",
        "prompts.i2p.file=rows.csv",
    ]
    assert cli.main([*words, "prompts.i2p.where=[{column:sd_seed,op:'==',value:3}]"]) == 0
    run, found = results()
    assert found.sensitive
    assert (found.counts["test_prompts"], found.counts["prompts_dropped"]) == (1, 0)
    middle = np.array(Image.open(run / "grid.png").convert("L"), dtype=float)[40:70, 15:60]
    assert np.abs(np.diff(middle, axis=1)).mean() < 3, "random weights draw noise; blurred, little is left of it"


def test_a_size_that_cannot_be_drawn_does_not_wait_for_the_edit(capsys):
    Path("odd.csv").write_text("prompt,w\na lamp,100\n", encoding="utf-8")
    words = ["debug=tiny", "prompts=custom", "prompts.custom.file=odd.csv", "prompts.custom.columns.width=w"]
    assert cli.main(words) == 2
    assert "Prompt 'custom-00000': size must be a positive multiple of 8 pixels" in capsys.readouterr().err
    assert not Path("outputs").exists()


@pytest.mark.slow
def test_sets_can_be_swept(capsys):
    words = ["-m", *TINY, "prompts=complex,paraphrase", "metrics=none"]
    assert cli.main(words) == 0
    assert "not alike in prompts (complex, paraphrase)" in " ".join(capsys.readouterr().out.split())  # it is wrapped
