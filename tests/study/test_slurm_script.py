"""The script for sbatch: its grammar, its array, and what it refuses."""

import re
import shutil
import subprocess

import pytest

from erasepro.errors import UserError
from erasepro.study.slurm_script import OPTIONS, write_slurm_script

DIRECTIVE = re.compile(r'#SBATCH --([a-z]+(?:-[a-z]+)*)=("(?:[^"\\]|\\.)*"|[^\s"\\#]+)')
"""One option a line, in its long form, its value in double quotes where it has blanks."""


def directives(path):
    """The options of a script, each line held to the grammar of sbatch's manual: before the first command, one a line."""
    lines = path.read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    first_command = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    head = [line for line in lines[:first_command] if line.startswith("#SBATCH")]
    assert head == [line for line in lines if "SBATCH" in line]
    matches = [DIRECTIVE.fullmatch(line) for line in head]
    assert all(matches), head
    return {match[1]: match[2] for match in matches}


def test_each_task_of_the_array_is_a_worker(tmp_path):
    folder = tmp_path / "a study"
    folder.mkdir()
    path = write_slurm_script(folder, "ablation/residual", str(tmp_path), 8, {"partition": "gpu", "gres": "gpu:h100:1"})
    options = directives(path)
    assert options["array"] == "0-7"
    assert options["job-name"] == "erasepro-ablation-residual"
    assert options["output"] == f'"{folder}/logs/slurm-%A_%a.log"'
    assert (options["partition"], options["gres"], options["time"]) == ("gpu", "gpu:h100:1", "24:00:00")
    assert set(options) - {"array", "job-name", "output"} <= set(OPTIONS)
    assert (folder / "logs").is_dir()
    assert path.stat().st_mode & 0o100
    assert f"erasepro work '{folder}'" in path.read_text()


def test_what_is_given_takes_the_place_of_the_usual(tmp_path):
    assert directives(write_slurm_script(tmp_path, "s", ".", 1, {"time": "1:00"}))["time"] == "1:00"
    assert directives(write_slurm_script(tmp_path, "s", ".", 1, {"constraint": 'a "b" c'}))["constraint"] == r'"a \"b\" c"'


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_can_read_it_and_changes_to_the_folder(tmp_path):
    place = tmp_path / "it's $HOME"
    place.mkdir()
    path = write_slurm_script(place, "s", str(place), 2, {})
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0
    text = path.read_text().replace("exec ", "pwd; echo ")
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[0] == str(place)
    assert done.stdout.splitlines()[1].endswith(f"-m erasepro work {place}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partiton": "gpu"}, "Unknown option of sbatch 'partiton'. Did you mean 'partition'?"),
        ({"array": "0-1"}, "Unknown option of sbatch 'array'"),
        ({"mem": "4G\n#SBATCH --wrap=x"}, "Bad value for 'slurm.mem'"),
        ({"mem": ""}, "Bad value for 'slurm.mem'"),
    ],
)
def test_other_options_are_refused(tmp_path, options, message):
    with pytest.raises(UserError) as info:
        write_slurm_script(tmp_path, "s", ".", 1, options)
    assert message in str(info.value)
    assert list(tmp_path.iterdir()) == []
