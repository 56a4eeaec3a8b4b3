"""A config that was printed before is printed again without torch, and only where code and configs are as they were."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import erasepro

WORDS = ["debug=tiny", "model.revision=main"]
COMMAND = (
    "import sys\nfrom erasepro.cli.main import main\nstatus = main(['--cfg', *sys.argv[1:]])\n"
    "print(sorted({'torch', 'hydra'} & set(sys.modules)), file=sys.stderr)\nsys.exit(status)"
)


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """A copy of the code and the configs, without weights."""
    folder, package = tmp_path_factory.mktemp("code"), Path(erasepro.__file__).parent
    shutil.copytree(package, folder / "erasepro", ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    for name in ("conf", "experiments"):
        shutil.copytree(package.parent / name, folder / name)
    return folder


def show(code, folder, *words):
    env = {**os.environ, "PYTHONPATH": str(code), "XDG_CACHE_HOME": str(folder / "user")}
    call = [sys.executable, "-c", COMMAND, *words]
    return subprocess.run(call, cwd=folder, env=env, capture_output=True, text=True, check=True)


def test_a_config_is_printed_again_without_the_libraries_of_models(code, tmp_path):
    first, again = (show(code, tmp_path, *WORDS) for _ in range(2))
    assert again.stdout == first.stdout != ""
    assert first.stderr.splitlines() == [
        "erasepro: note: model.revision has no effect: the model 'tiny' is not read from a source.", "['hydra']",
    ]  # fmt: skip
    assert again.stderr.splitlines() == [first.stderr.splitlines()[0], "[]"]
    other = code / "conf" / "generation" / "quick.yaml"
    text = other.read_text()
    other.write_text(text + "\n")
    assert show(code, tmp_path, *WORDS).stderr.splitlines()[-1] == "['hydra']"
    other.write_text(text)
    assert show(code, tmp_path, *WORDS).stderr.splitlines()[-1] != "[]", "the record was replaced by that of other files"
    assert show(code, tmp_path, *WORDS).stderr.splitlines()[-1] == "[]"
    assert show(code, tmp_path, *WORDS, "seed=1").stdout != first.stdout
