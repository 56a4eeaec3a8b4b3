"""CONTRIBUTING.md's recipes, done exactly as it says: in a copy of the tree, and from another package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.pages import BLOCK, ROOT, commands_in, file_in, sections_of

SECTIONS = sections_of(Path("CONTRIBUTING.md"))
RECIPES = [name for name in SECTIONS if name.startswith("Add ")]
CELLS = [name for name in RECIPES if name.endswith(" in a notebook")]
MANY = """
import sys
from erasepro.cli.main import main
for line in sys.argv[1:]:
    status = main(line.split("\\t"))
    if status:
        sys.exit(status)
"""


def file_of(section: str) -> tuple[str, str]:
    """The path and the text of the section's block that starts with a file's name."""
    return file_in(SECTIONS[section])


def commands_of(section: str) -> list[list[str]]:
    """The words of each command in the section, without the leading ``erasepro``."""
    return commands_in(SECTIONS[section])


def run(folder: Path, path: list[Path], *commands: list[str]) -> str:
    """What the commands print, run one after the other in one process with `path` to import from."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-c", MANY, *("\t".join(command) for command in commands)]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its configs with every recipe's file in its place."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ("conf", "experiments", "erasepro"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("weights", "__pycache__"))
    weights = Path("erasepro", "models", "miniature", "weights")
    (folder / weights).symlink_to(ROOT / weights)
    for section in (name for name in RECIPES if name not in CELLS):
        name, text = file_of(section)
        if name != "pyproject.toml":
            assert not (folder / name).exists(), f"{section}: {name} is there already"
            (folder / name).write_text(text)
    return folder


def test_every_kind_has_a_recipe_of_under_20_lines():
    kinds = (
        "a solver", "a metric", "a solver in a notebook", "a metric in a notebook", "either from another package", "a model",
        "a concept set", "a study", "a protocol",
    )  # fmt: skip
    assert [f"Add {kind}" for kind in kinds] == RECIPES
    for name in (*RECIPES, "Set up", "Test"):
        lines = [line for _, text in BLOCK.findall(SECTIONS[name]) for line in text.splitlines()]
        written = [line for line in lines if line and not line.startswith(("# ", "erasepro "))]
        assert len(written) < 20, f"{name}: {len(written)} lines to write"


@pytest.mark.ci_slow
def test_a_solver_and_a_metric_run_in_the_tree(tree, tmp_path):
    commands = commands_of("Add a solver") + commands_of("Add a metric")
    assert len(commands) == 2
    printed = run(tmp_path, [tree], *commands)
    assert "nudge strength=2" in printed
    assert re.search(r"^ *brightness ↑ ", printed, re.MULTILINE)
    assert len(list(tmp_path.glob("outputs/*/results.json"))) == 2


@pytest.mark.ci_slow
@pytest.mark.parametrize("section", CELLS)
def test_a_cell_of_a_notebook_runs(section, tmp_path):
    """As a cell is: its classes are of a module without a file."""
    first, cell = file_of(section)
    assert first == "a cell"
    shown = "print('SHOWN', repr(results), len(results._repr_html_()), [score.metric for score in results.scores])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "WANDB_MODE": "offline"}
    words = [sys.executable, "-c", f"{cell}\n{shown}\n"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("SHOWN ")]
    assert "RunResults(dog → cat, tiny, " in line
    assert ("twice ridge=0.1" in line) or ("['redness']" in line)
    assert len(list(tmp_path.glob("outputs/*/results.json"))) == 1


@pytest.mark.ci_slow
def test_both_run_from_another_package(tmp_path):
    about = tomllib.loads(file_of("Add either from another package")[1])["project"]
    package = tmp_path / "site" / "my_erasure"
    info = tmp_path / "site" / f"my_erasure-{about['version']}.dist-info"
    for folder in (package, info):
        folder.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for section in ("Add a solver", "Add a metric"):
        name, text = file_of(section)
        (package / Path(name).name).write_text(text)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in members.items())
        for group, members in about["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points))
    printed = run(tmp_path, [package.parent, ROOT], *commands_of("Add either from another package"))
    assert "· nudge ·" in printed
    assert re.search(r"^ *brightness ↑ ", printed, re.MULTILINE)


@pytest.mark.ci_slow
def test_a_model_a_concept_set_a_study_and_a_protocol_compose(tree, tmp_path):
    kinds = ("model", "concept set", "study", "protocol")
    commands = [command for kind in kinds for command in commands_of(f"Add a {kind}")]
    assert len(commands) == 4
    printed = run(tmp_path, [tree], *commands)
    assert "source: /data/my_sd15" in printed
    assert "name: miniature-pets-erasepro" in printed
    assert "[8 of 8] solver=oce, solver.ridge=1.0, concepts=mini/pair_car" in printed
    assert "threshold: 0.6" in printed
    assert "steps: 50" in printed
    assert list(tmp_path.iterdir()) == []
