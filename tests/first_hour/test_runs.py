"""The pages' commands and Python, done by somebody with the wheel: in order, small, in a folder with a blank and an umlaut."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.first_hour.not_run import last_line, why_not
from tests.first_hour.shown import shown
from tests.first_hour.smaller import smaller, verb_of
from tests.first_hour.test_quick import AT_ONCE
from tests.first_hour.user import Answer, User
from tests.installed_wheel import sh
from tests.pages import ROOT, file_in, python_of, sections_of

pytestmark = pytest.mark.ci_slow
CONTRIBUTING = Path("CONTRIBUTING.md")
FIRST = "erasepro debug=tiny"
RUN = [line for line in shown() if line.startswith("erasepro") and not why_not(line) and line not in AT_ONCE]
PLUG_IN = [line for line in RUN if shown()[line] == CONTRIBUTING]
LIGHT = [line for line in RUN if verb_of(shlex.split(line)[1:]) in ("report", "status")]
OWN_PROCESS = [FIRST, *LIGHT]
TOGETHER = [line for line in RUN if line not in (*OWN_PROCESS, *PLUG_IN)]
PREPARED = {
    "a second run": ["rerun", "outputs/RUN", "schedule=hidden_state"],
    "an edit of sd15": ["edit", "model=sd15", "out=EDIT of sd15"],
    "it as a model": ["export", "EDIT of sd15", "format=diffusers", "out=edited sd15", "base=local sd15"],
    "it as a LoRA": ["export", "EDIT of sd15", "format=kohya", "out=LORA.safetensors"],
    "a table": [
        "-m", "experiments=table/pairs", "concepts=mini/pair_dog", "solver=uce,uce_published", "debug=tiny", "metrics.names=[]",
    ],
}  # fmt: skip
"""What the pages' names stand for, made beforehand."""
MATERIAL = f"""
import sys
before = dict(sys.modules)
sys.path.insert(0, {str(ROOT)!r})
for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:  # another package's, of this name
    del sys.modules[name]
from tests.first_hour.material import make
make()
sys.path.remove({str(ROOT)!r})
"""


@pytest.fixture(scope="module")
def user(bin_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(bin_dir, tmp_path_factory.mktemp("user"))


@pytest.fixture(scope="module")
def installed_files(bin_dir: Path) -> dict[Path, float]:
    """The files of the environment, before anything runs."""
    return files_of(bin_dir.parent)


def files_of(folder: Path) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def answers(user: User, installed_files: dict[Path, float]) -> dict[str, Answer]:
    """What every command answers, by the line on the page; what was prepared, by its name."""
    given = {FIRST: user.types(shlex.split(FIRST))}
    assert given[FIRST].status == 0, given[FIRST].err
    given["again"] = user.types(shlex.split(FIRST))  # now: scores and a certificate change the folder
    (run,) = (path for path in (user.folder / "outputs").iterdir() if (path / "results.json").is_file())
    name = f"outputs/{run.name}"
    (user.folder / "stored").mkdir()
    shutil.copy(run / "config.yaml", user.folder / "stored")
    jobs: list[dict[str, object]] = [{"name": "material", "code": MATERIAL, "cell": "material"}]
    jobs += [
        {"name": what, "words": [name if word == "outputs/RUN" else word for word in words]} for what, words in PREPARED.items()
    ]
    jobs += [{"name": line, "words": smaller(line, name)} for line in TOGETHER]
    jobs += python_jobs()
    given |= user.types_together(jobs)
    for line in OWN_PROCESS[1:]:
        given[line] = user.types(["erasepro", *expanded(user.folder, smaller(line, name))])
    return given


def expanded(folder: Path, words: list[str]) -> list[str]:
    """As a shell does."""
    found = {word: sorted(str(path.relative_to(folder)) for path in folder.glob(word)) for word in words if "*" in word}
    return [name for word in words for name in (found.get(word) or [word])]


def python_jobs() -> list[dict[str, object]]:
    """The blocks of Python that are no files, on random weights in place of the miniature's."""
    jobs: list[dict[str, object]] = []
    for page in ("README.md", "docs/python.md", "CONTRIBUTING.md"):
        for number, text in enumerate(python_of(Path(page))):
            if not text.startswith("# erasepro/"):
                code = text.replace('"miniature"', '"tiny"').replace("guidance_scale=3", "num_inference_steps=1")
                cell = f"{page} {number}" if text.startswith("# a cell") else page
                jobs.append({"name": f"Python of {page}, block {number}", "code": code, "cell": cell})
    return jobs


def test_what_the_pages_speak_of_is_made(answers):
    assert {what: answers[what].faults() for what in ("material", *PREPARED) if answers[what].faults()} == {}


def test_every_command_does_what_it_says(answers):
    done = [line for line in RUN if line not in PLUG_IN and not last_line(line)]
    assert len(done) > 60
    assert {line: answers[line].faults() for line in done if answers[line].faults()} == {}


def test_a_network_that_cannot_be_fetched_is_told_in_one_line(answers):
    for line in (line for line in RUN if last_line(line)):
        assert answers[line].faults(status=2) == []
        *_, last = answers[line].err.strip().splitlines()
        assert re.search(rf"^erasepro: error: {last_line(line)}", last), line


def test_the_same_command_again_prints_the_same_tables(answers):
    first, second = answers[FIRST], answers["again"]
    assert second.faults() == []
    assert second.err == "", "the libraries were not even loaded"
    assert second.out.splitlines()[1] == "Done before; these are its results."
    assert first.out.partition("\n\n")[2] == second.out.partition("\n\n")[2]


def test_the_python_of_the_pages_runs(answers, user):
    blocks = [name for name in answers if name.startswith("Python of ")]
    assert {name.split()[2] for name in blocks} == {"README.md,", "docs/python.md,", "CONTRIBUTING.md,"}
    assert {name: answers[name].faults() for name in blocks if answers[name].faults()} == {}
    assert (user.folder / "dog.png").is_file()


def test_a_plug_in_made_as_the_page_says_is_installed_and_run(bin_dir, tmp_path):
    (tmp_path / "user").mkdir()
    user = User(bin_dir, tmp_path / "user")  # another than the others': they count the runs of theirs
    sections = sections_of(CONTRIBUTING)
    package = tmp_path / "my-erasure"
    (package / "my_erasure").mkdir(parents=True)
    for section in ("Add a solver", "Add a metric"):
        name, text = file_in(sections[section])
        (package / "my_erasure" / Path(name).name).write_text(text)
    (package / "pyproject.toml").write_text(file_in(sections["Add either from another package"])[1])
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--target", tmp_path / "site"]
    sh(sys.executable, "-m", "pip", "install", *options, package, cwd=tmp_path)
    jobs = [{"name": line, "words": smaller(line, "")} for line in PLUG_IN]
    answers = user.types_together(jobs, PYTHONPATH=str(tmp_path / "site"))
    assert len(answers) == 3
    assert {line: answer.faults() for line, answer in answers.items() if answer.faults()} == {}


def test_nothing_is_written_outside_the_folder_and_the_cache(answers, user, bin_dir, installed_files):
    for place in (user.home, user.folder.parent / "tmp"):  # libraries make empty folders there
        assert list(files_of(place)) == []
    cached = {path.name for path in (user.folder.parent / "cache").iterdir()}
    assert cached <= {"erasepro", "matplotlib", "torch"}, "no telemetry of a library, which would keep an id there"
    assert files_of(bin_dir.parent) == installed_files
