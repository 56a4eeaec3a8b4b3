"""The command's process: it ends with the command's status, and without a search through all that was imported."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SCRIPT = """
import atexit, gc, sys
from erasepro import __main__ as process

def main():
    print("frozen before:", gc.get_freeze_count() > 0)
    {ending}

process.main = main
atexit.register(lambda: print("frozen at the end:", gc.get_freeze_count() > 0))
process.run_command()
"""


@pytest.mark.parametrize(("ending", "status"), [("return 0", 0), ("return 2", 2), ("raise ValueError('a bug')", 1)])
def test_nothing_is_collected_when_the_process_ends_and_its_exit_handlers_run(ending, status):
    script = SCRIPT.format(ending=ending)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert ended.stdout == "frozen before: False\nfrozen at the end: True\n"
    assert ("ValueError: a bug" in ended.stderr) == (status == 1)


def test_the_script_and_the_module_are_the_same_process():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"erasepro": "erasepro.__main__:run_command"}
    ended = subprocess.run([sys.executable, "-m", "erasepro", "--version"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout[:9]) == (0, "erasepro ")
