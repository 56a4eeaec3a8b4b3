"""Completion: a script a shell, and the words that the last word can become, found without a large library."""

import shutil
import subprocess
import sys
from dataclasses import fields

import pytest

from erasepro.cli.candidates import candidates
from erasepro.cli.completion import SCRIPTS
from erasepro.cli.main import main
from erasepro.cli.verbs import VERBS
from erasepro.config.paths import groups
from erasepro.config.schema import GenerationConfig
from erasepro.metrics import METRICS
from erasepro.solvers import SOLVERS


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("exp", ["export", "experiments="]),
        ("solver=uce_", ["solver=uce_best", "solver=uce_published"]),
        ("solver=erasepro,uce_b", ["solver=erasepro,uce_best"]),
        ("solver=uce solver.er", ["solver.erase_scale="]),
        ("solver=uce_best solver.er", ["solver.erase_scale="]),
        ("solver=emcid solver.er", []),
        ("solver.text_fit.preserve.k", ["solver.text_fit.preserve.kind="]),
        ("schedule.sh", ["schedule.share=", "schedule.shape="]),
        ("metrics=nud", ["metrics=nudity"]),
        ("metrics=[fid,nud", ["metrics=[fid,nudenet"]),
        ("metrics.params.nudenet.th", ["metrics.params.nudenet.threshold="]),
        ("metrics.judge.k", ["metrics.judge.kind="]),
        ("prompts=[coco] prompts.coco.max", ["prompts.coco.max_rows="]),
        ("outputs.progress=f", ["outputs.progress=false"]),
        ("concepts=mini/pair_d", ["concepts=mini/pair_dog"]),
        ("--dr", ["--dry-run"]),
        ("--cfg h", ["hydra"]),
        ("ls sc", ["schedules"]),
        ("help com", ["completion"]),
        ("completion z", ["zsh"]),
        ("export RUN format=k", ["format=kohya"]),
        ("report RUN format=l", ["format=latex"]),
        ("export RUN stre", ["strength="]),
        ("edit fo", ["force=true"]),
        ("edit solver=oc", ["solver=oce", "solver=oce_best"]),
        ("score RUN metrics=[nud", ["metrics=[nudenet"]),
        ("--config ", []),
        ("zzz", []),
    ],
)
def test_the_last_word_is_completed(line, expected):
    assert sorted(candidates(line.split(" "))) == sorted(expected)


def test_nothing_yet_is_every_verb_and_every_group():
    words = candidates([])
    assert set(VERBS) <= set(words)
    assert {f"{group}=" for group in groups()} <= set(words)


def test_the_keys_read_from_source_are_those_of_the_dataclasses():
    assert candidates(["generation."]) == [f"generation.{field.name}=" for field in fields(GenerationConfig)]
    for solver in SOLVERS.names():
        keys = {word.split(".")[1].rstrip("=") for word in candidates([f"solver={solver}", "solver."])}
        assert keys == {field.name for field in fields(SOLVERS.required_config(solver))} - {"name"}, solver
    for metric in METRICS.names():
        keys = {word.split(".")[3].rstrip("=") for word in candidates([f"metrics.params.{metric}."])}
        assert keys == {field.name for field in fields(METRICS.required_config(metric))}, metric


def test_runs_are_offered_where_a_folder_is_asked_for(tmp_path, monkeypatch):
    (tmp_path / "outputs/a-run").mkdir(parents=True)
    (tmp_path / "outputs/a-run/config.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert candidates(["report", "outputs/"]) == ["outputs/a-run"]
    assert candidates(["rerun", "outputs/a"]) == ["outputs/a-run"]
    assert candidates(["grid", "outputs/"]) == ["outputs/a-run"]


def test_no_large_library_is_loaded():
    code = (
        "import sys; from erasepro.cli.main import main; main(['completion', 'words', 'solver=uce', 'solver.'])\n"
        "print([name for name in ('torch', 'numpy', 'hydra', 'omegaconf', 'diffusers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "solver.ridge=" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_is_printed_that_its_shell_reads(shell, capsys, tmp_path):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "completion words" in script
    if shutil.which(shell):
        (tmp_path / "script").write_text(script, encoding="utf-8")
        assert subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("erasepro solver=uce_b", ["uce_best"]),  # bash has cut the word at "="
        ("erasepro solver=uce solver.er", ["solver.erase_scale="]),
        ("erasepro ls sch", ["schedules"]),
        ("erasepro completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_bash_completes_a_line(line, replies, tmp_path):
    program = tmp_path / "erasepro"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m erasepro "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "script").write_text(SCRIPTS["bash"], encoding="utf-8")
    ask = (
        f'PATH="{tmp_path}:$PATH"; source "{tmp_path}/script"; compopt() {{ :; }}; COMP_LINE="{line}"; '
        'COMP_POINT=${#COMP_LINE}; _erasepro; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == replies, done.stderr


def test_another_shell_is_one_line(capsys):
    assert main(["completion", "csh"]) == 2
    assert "Did you mean 'zsh'?" in capsys.readouterr().err
    assert main(["completion"]) == 2
    assert "erasepro completion bash|zsh|fish" in capsys.readouterr().err
