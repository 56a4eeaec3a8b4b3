"""Two processes on one run: the same bytes as one process makes; where one fails, all end, with one line."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from erasepro.runtime.files import read_dict
from tests.end_to_end.processes import outcome, run_folder

TINY = ["debug=tiny", "generation.seeds=[0,1,2,3]", "generation.batch_size=2", "outputs.progress=false"]
ROOT = Path(__file__).resolve().parents[2]
FAILING = """
import sys
from erasepro.generation import sample
from erasepro.runtime import distributed
draw = sample._draw
def failing(*args):
    if distributed.rank() == {rank}:
        raise OSError(28, "No space left on device", "images/x.png")
    return draw(*args)
sample._draw = failing
from erasepro.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
LAUNCHED = """
import sys
from accelerate import debug_launcher
from erasepro.cli.main import main
if __name__ == "__main__":
    debug_launcher(main, (sys.argv[1:],), num_processes=2)
"""


def shell(words, folder, **more):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def torchrun(words, folder, program=("-m", "erasepro")):
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return shell([*launcher, *program, *words], folder)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process leaves."""
    folder = tmp_path_factory.mktemp("alone")
    done = shell(["-m", "erasepro", *TINY], folder)
    assert done.returncode == 0, done.stderr
    return outcome(folder), done.stdout


@pytest.mark.ci_slow
def test_two_processes_make_what_one_makes(tmp_path, alone):
    wanted, told = alone
    done = torchrun(TINY, tmp_path)
    assert done.returncode == 0, done.stderr
    assert outcome(tmp_path) == wanted
    assert done.stdout.count("Results: ") == 1, "only one of them speaks"
    assert done.stdout.splitlines()[0] == told.splitlines()[0]
    again = torchrun(TINY, tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Done before" in again.stdout


@pytest.mark.slow
def test_two_processes_go_on_where_one_was_stopped(tmp_path, alone):
    assert torchrun(TINY, tmp_path).returncode == 0
    run = run_folder(tmp_path)
    shutil.rmtree(run / ".stages")
    (run / "results.json").unlink()
    for path in sorted((run / "images" / "edited").glob("*.png"))[::3]:
        path.unlink()
    assert torchrun(TINY, tmp_path).returncode == 0
    assert outcome(tmp_path)["images"] == alone[0]["images"]


@pytest.mark.slow
def test_accelerates_own_launcher_works_too(tmp_path, alone):
    (tmp_path / "launched.py").write_text(LAUNCHED)
    done = shell(["launched.py", *TINY], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Results: ") == 1
    assert outcome(tmp_path)["images"] == alone[0]["images"]


@pytest.mark.parametrize("rank", [pytest.param(0, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.ci_slow)])
def test_a_process_that_fails_ends_all_with_one_line(tmp_path, rank):
    (tmp_path / "failing.py").write_text(FAILING.format(rank=rank))
    done = torchrun(TINY, tmp_path, ["failing.py"])
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("erasepro: ")]
    assert len(lines) == 1, done.stderr
    assert "No space left on device" in lines[0] or "the disk is full" in lines[0]
    assert read_dict(run_folder(tmp_path) / "status.json")["state"] == "failed"


@pytest.mark.slow
def test_a_users_mistake_is_one_line_of_ours(tmp_path):
    done = torchrun([*TINY, "metrics=[kid]"], tmp_path)
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if line.startswith("erasepro: ")] == [
        line for line in done.stderr.splitlines() if "has no judge" in line
    ]


@pytest.mark.slow
def test_a_killed_process_does_not_leave_the_other_behind(tmp_path):
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "erasepro"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*words, *TINY, "generation.steps=200", "generation.seeds=[0,1,2,3,4,5,6,7]"], cwd=tmp_path, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(600):
        if list(tmp_path.glob("outputs/*/lock.json")):
            break
        time.sleep(0.1)
    (lock,) = tmp_path.glob("outputs/*/lock.json")
    os.kill(read_dict(lock)["pid"], signal.SIGKILL)
    assert process.wait(120) != 0
