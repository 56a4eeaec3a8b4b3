"""A finished run's results are printed again at once, without torch, and only where nothing has changed that they hang on."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import erasepro

WORDS = [
    "debug=tiny", "model.kind=diffusers", "model.source=pipeline", "concepts.file=pairs.csv", "templates.templates=[]",
    "prompts=[templates,own]", "outputs.dir=o", "outputs.progress=false", "model.seed=1",
]  # fmt: skip
"""A run of random weights in a local folder; its seed is not read, so that there is a note to print."""

REPRINT = """
import json, sys
from erasepro.cli import main
from erasepro.runs.finished_command import FinishedCommand
from erasepro.runs import finished_command
finished = FinishedCommand(json.loads(sys.argv[1])).reprint()
print(sorted({"torch", "diffusers", "transformers", "hydra", "scipy"} & set(sys.modules)), file=sys.stderr)
sys.exit(0 if finished else 9)
"""


class Workplace:
    """A folder with a copy of the code, a model, files, and a run that has ended; its processes are this one's children."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.code = folder, folder / "code"

    def python(self, *words, **environment):
        env = {**os.environ, "PYTHONPATH": str(self.code), "XDG_CACHE_HOME": str(self.folder / "user"), **environment}
        call = [sys.executable, *words]
        return subprocess.run(call, cwd=self.folder, env=env, capture_output=True, text=True, check=False)

    def reprint(self, words=WORDS, **environment):
        """Whether the results were printed again, and the process."""
        done = self.python("-m", "reprint", json.dumps(words), **environment)
        assert done.returncode in (0, 9), done.stderr
        assert (done.returncode == 0) == ("Done before" in done.stdout)
        return done.returncode == 0, done

    @property
    def run(self) -> Path:
        (run,) = (self.folder / "o").glob("tiny-*")
        return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A workplace whose run has ended; not to be changed. Beside it what the first command printed."""
    place = Workplace(tmp_path_factory.mktemp("finished"))
    package = Path(erasepro.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, place.code / "erasepro", ignore=ignore)
    for name in ("conf", "experiments"):
        shutil.copytree(package.parent / name, place.code / name, ignore=ignore)
    (place.code / "reprint.py").write_text(REPRINT)
    (place.folder / "pairs.csv").write_text("target,anchor\ndog,cat\n")
    (place.folder / "own.txt").write_text("a dog in the park\n")
    conf = "# One prompt of a file.\nown:\n  file: own.txt\n  columns: {prompt: line}\n"
    (place.code / "conf" / "prompts" / "own.yaml").write_text(conf)
    save = "from erasepro.models.tiny import tiny_pipeline as tiny; tiny(0, length=77).save_pretrained('pipeline')"
    saved = place.python("-c", save)
    assert saved.returncode == 0, saved.stderr
    done = place.python("-m", "erasepro", *WORDS)
    assert done.returncode == 0, done.stderr
    place.printed = done
    return place


@pytest.fixture
def place(finished, tmp_path):
    """The workplace, to be changed, whose results are printed again as it stands; it is put back afterwards."""
    assert finished.reprint()[0]
    kept = tmp_path / "kept"
    parts = ("pipeline", "o", "user", "pairs.csv", "own.txt", "code/conf")
    for name in parts:
        copy = shutil.copytree if (finished.folder / name).is_dir() else shutil.copy
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        copy(finished.folder / name, kept / name)
    source = finished.code / "erasepro" / "linalg" / "soft.py"
    text = source.read_bytes()
    yield finished
    source.write_bytes(text)
    for name in parts:
        path = finished.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        (shutil.copytree if (kept / name).is_dir() else shutil.copy)(kept / name, path)


def test_the_same_command_prints_the_same_without_the_libraries_of_models(finished):
    was_printed, done = finished.reprint()
    assert was_printed
    assert done.stderr.splitlines()[-1] == "[]"
    assert done.stderr.splitlines()[:-1] == [line for line in finished.printed.stderr.splitlines() if "note:" in line] != []
    tables = finished.printed.stdout.partition("\n\n")[2]
    heading = re.match(r".*(\n  .*)*", finished.printed.stdout).group()  # what does not fit is on lines of its own
    assert done.stdout == f"{heading}\nDone before; these are its results.\n\n{tables}"


def change_bytes(path: Path) -> None:
    """Other bytes of the same length, under the old time."""
    data, state = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


CHANGES = {
    "weights": lambda place: change_bytes(next((place.folder / "pipeline" / "unet").glob("*.safetensors"))),
    "tokenizer": lambda place: change_bytes(place.folder / "pipeline" / "tokenizer" / "tokenizer_config.json"),
    "one more file": lambda place: (place.folder / "pipeline" / "vae" / "more.txt").write_text("1"),
    "model gone": lambda place: shutil.rmtree(place.folder / "pipeline"),
    "pairs": lambda place: (place.folder / "pairs.csv").write_text("target,anchor\ndog,car\n"),
    "pairs gone": lambda place: (place.folder / "pairs.csv").unlink(),
    "prompts": lambda place: (place.folder / "own.txt").write_text("a dog in the yard\n"),
    "code": lambda place: (place.code / "erasepro" / "linalg" / "soft.py").open("a").write("\n"),
    "config": lambda place: (place.code / "conf" / "generation" / "quick.yaml").open("a").write("# changed\n"),
    "another config": lambda place: (place.code / "conf" / "generation" / "other.yaml").write_text("steps: 3\n"),
    "picture": lambda place: change_bytes(next((place.run / "images" / "edited").glob("*.png"))),
    "picture gone": lambda place: next((place.run / "images" / "original").glob("*.png")).unlink(),
    "results": lambda place: change_bytes(place.run / "results.json"),
    "results gone": lambda place: (place.run / "results.json").unlink(),
    "edit": lambda place: change_bytes(place.run / "edit" / "edit.safetensors"),
    "work list": lambda place: change_bytes(place.run / "worklist.jsonl"),
    "marker": lambda place: (place.run / ".stages" / "images.json").unlink(),
    "lock": lambda place: (place.run / "lock.json").write_text("{}"),
    "run gone": lambda place: shutil.rmtree(place.run),
    "record": lambda place: change_bytes(next((place.folder / "user" / "erasepro" / "finished").glob("*.json"))),
    "record gone": lambda place: shutil.rmtree(place.folder / "user"),
}


FIRST = ("weights", "pairs", "prompts", "code", "config", "picture", "results", "edit", "run gone", "record")
"""Those that `make test` has; the others are a step later."""


@pytest.mark.parametrize(
    "change",
    [pytest.param(CHANGES[name], id=name, marks=() if name in FIRST else pytest.mark.ci_slow) for name in CHANGES],
)
def test_what_has_changed_sends_the_command_the_long_way(place, change):
    change(place)
    was_printed, done = place.reprint()
    assert not was_printed
    assert done.stdout == ""


def test_a_change_that_decides_nothing_does_not_count(place):
    (place.run / "grid.png").unlink()
    (place.run / "tables.txt").unlink()
    os.utime(place.folder / "pairs.csv", (0, 0))
    assert place.reprint()[0]
    assert (place.run / "tables.txt").exists()


def test_other_words_another_folder_or_environment_are_another_command(finished, tmp_path):
    assert not finished.reprint([*WORDS, "seed=1"])[0]
    assert not finished.reprint(HOME=str(tmp_path))[0]
    assert not finished.reprint(WORLD_SIZE="2")[0]
    assert finished.reprint()[0]


def test_code_that_was_changed_in_memory_is_never_answered_for(finished):
    code = f"import sys, erasepro.linalg\nsys.argv[1:] = [{json.dumps(WORDS)!r}]\n" + REPRINT
    assert finished.python("-c", code).returncode == 9


def test_a_plug_in_that_was_installed_sends_the_command_the_long_way(place):
    info = place.code / "toy-1.dist-info"
    info.mkdir()
    try:
        assert not place.reprint()[0]
    finally:
        info.rmdir()
    assert place.reprint()[0]
