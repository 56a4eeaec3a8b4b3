"""A wrong value of a shared key, and a file that is not there, are told without torch, in the words of the whole check."""

import json
import subprocess
import sys

import pytest

from erasepro.cli import main as cli

CODE = (
    "import json, sys\nfrom erasepro.cli.main import main\n"
    "for words in json.loads(sys.argv[1]):\n"
    "    status = main(words)\n"
    "    heavy = sorted({'torch', 'diffusers', 'transformers', 'scipy'} & set(sys.modules))\n"
    "    print(status, heavy, file=sys.stderr)\n"
)
WRONG = {
    "unknown key": ["foo=1"],
    "unknown key of a group": ["generation.stpes=3"],
    "type": ["generation.steps=abc"],
    "range": ["generation.steps=0"],
    "list": ["generation.seeds=[]"],
    "solver": ["solver=nope"],
    "model": ["model=nope"],
    "metric": ["metrics=[nope]"],
    "choice": ["model.dtype=int3"],
    "judge": ["metrics.judge.kind=nobody"],
    "kind": ["model.kind=nothing"],
    "schedule": ["schedule.nope=1"],
    "strength": ["strength=1.5"],
    "statistics": ["statistics_limit=-1"],
    "half a pair": ["concepts.pairs=[[dog]]"],
    "no pair": ["concepts.pairs=dog"],
    "old name": ["+generation.samplers=ddim"],
    "no key": ["generation"],
}
WRONG_INPUTS = {
    "word": ["concepts.pairs=[[dogg,cat]]"],
    "pairs": ["concepts.file=missing.csv"],
    "sentence": ["templates.templates=[nothing]"],
    "sentences": ["templates.grammar=open", "templates.preserve_source=[missing.txt]"],
    "sentences of a kind": ["templates.grammar=open", "templates.preserve_source=[missing.doc]"],
    "prompts": ["prompts.templates.kind=file", "prompts.templates.file=missing.csv"],
    "prompts without a file": ["prompts=custom"],
    "model folder": ["model=sd14", "model.source=/missing"],
}


def lines_of(processes, folder):
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(processes)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    "commands",
    [
        [*WRONG.values(), *WRONG_INPUTS.values()],
        pytest.param([["--cfg", *words] for words in WRONG.values()], marks=pytest.mark.ci_slow),
    ],
    ids=["runs", "--cfg"],
)
def test_they_are_told_before_the_libraries_of_models_are_imported(tmp_path, monkeypatch, capsys, commands):
    lines = lines_of(commands, tmp_path)
    assert len(lines) == 2 * len(commands)
    assert set(lines[1::2]) == {"2 []"}
    assert all(line.startswith("erasepro: error: ") for line in lines[::2])
    import torch  # noqa: F401 - from here on the whole config is checked at once

    monkeypatch.chdir(tmp_path)
    for words, line in zip(commands, lines[::2], strict=True):
        assert cli.main(words) == 2
        assert capsys.readouterr().err.splitlines() == [line]


@pytest.mark.parametrize("words", [["solver=uce", "solver.ridge=x"], ["solver.nope=1"], ["metrics.params.kid.degree=x"]])
def test_what_only_a_solver_or_metric_knows_is_told_too(capsys, words):
    assert cli.main(["--cfg", *words]) == 2
    assert words[-1].split("=")[0] in capsys.readouterr().err
