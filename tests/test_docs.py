"""The pages: those made of docstrings are up to date, links lead somewhere, and every command and example is valid."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import erasepro
from erasepro.cli.completion import SCRIPTS
from erasepro.cli.export import OPTIONS
from erasepro.cli.grid import BY
from erasepro.cli.grid import KEYS as GRID_KEYS
from erasepro.cli.ls import LISTINGS
from erasepro.cli.main import VERBS
from erasepro.cli.options import read_options
from erasepro.cli.page import KEYS as PAGE_KEYS
from erasepro.cli.report import KEYS as REPORT_KEYS
from erasepro.cli.study import FOR_LAUNCHERS
from erasepro.cli.study import KEYS as STUDY_KEYS
from erasepro.cli.tune import KEYS as TUNE_KEYS
from erasepro.config.paths import groups, options
from erasepro.edit.export import FORMATS
from erasepro.report.figures.registry import FIGURES
from erasepro.runs.resolve import compose
from erasepro.study.cells import cells_of
from erasepro.study.space import spaces
from erasepro.study.study_file import load_study
from tests.pages import BLOCK, PAGES, ROOT, commands_of, python_of, text_of
from tests.test_floors import FLOORS

USED = [page for page in PAGES if page.name != "CONTRIBUTING.md"]  # its own test runs what it says
LINK = re.compile(r"\]\(([^)\s]+)\)")
VERIFY_KEYS = ("model", "edited", "write", "edit")


def anchors_of(page: Path) -> set[str]:
    """A page's headings as links name them."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def composes(overrides: tuple[str, ...]) -> bool:
    compose(list(overrides))
    return True


def check_overrides(words: list[str]) -> None:
    """The first value of every sweep composes, and the others are options of their group."""
    first = []
    for word in words:
        key, sign, value = word.partition("=")
        values = value.split(",") if "[" not in value and "{" not in value else [value]
        assert sign, word
        first.append(f"{key}={values[0]}")
        if key in groups():
            assert set(values) <= {*options(key), "null"} or value.startswith("["), f"{word}: no such option"
    assert composes(tuple(first))


def check_command(words: list[str]) -> None:
    """Raise for a command that would be refused before it looks for the folders that it names."""
    verb = words[0] if words and "=" not in words[0] and not words[0].startswith("-") else ""
    named = dict(word.split("=", 1) for word in words if "=" in word)
    if not verb:
        if "--help" not in words and "--version" not in words:
            check_overrides([word for word in read_options(words).overrides if not word.startswith("hydra/launcher=")])
        return
    assert verb in VERBS
    if verb == "ls":
        assert words[1:2] == [] or words[1] in LISTINGS
    elif verb == "edit":
        check_overrides([word for word in words[1:] if not word.startswith("out=")])
    elif verb == "score":
        check_overrides(words[2:])
    elif verb == "rerun":
        check_overrides(read_options(words[2:]).overrides)
    elif verb == "completion":
        assert words[1] in SCRIPTS
    elif verb == "export":
        assert set(named) <= set(OPTIONS)
        assert named.get("format") in FORMATS
    elif verb == "verify":
        assert {key.partition(".")[0] for key in named} <= set(VERIFY_KEYS)
        assert named.get("model", "miniature") in options("model")
    elif verb == "tune":
        assert set(named) <= {*TUNE_KEYS, *groups()}
        assert set(named.get("solver", "uce").split(",")) <= set(spaces())
    elif verb == "study":
        rest = [word for word in words[2:] if word.split("=")[0] not in STUDY_KEYS]
        rest = [word for word in rest if not word.startswith(FOR_LAUNCHERS)]
        assert words[1:] in ([], ["own.yaml"]) or cells_of(load_study(words[1]), rest)
    elif verb == "help":
        assert words[1:] == [] or words[1] in {*VERBS, "tables"}
        assert len(words) <= 2
    else:
        assert verb in ("report", "grid", "status", "work", "page")
        assert named.get("kind", "depth") in FIGURES
        assert named.get("by", "solver") in BY
        assert set(named) <= {"report": set(REPORT_KEYS), "grid": set(GRID_KEYS), "page": set(PAGE_KEYS)}.get(verb, set())


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["methods.md", "metrics.md"])
def test_a_generated_page_is_up_to_date(generator, name):
    assert text_of(Path("docs", name)) == generator.PAGES[name](), "run `make docs` and commit the page"


def test_the_comments_of_a_dataclass_and_of_its_base_are_found(generator):
    from erasepro.metrics.fid import FIDConfig

    comments = generator.field_comments(FIDConfig)
    assert comments["roles"] == "rows compared; []: all"
    assert comments["weights"].startswith("inception: a local file; null")
    assert comments["blocks"].startswith("for the standard error")


def test_the_readme_is_short():
    assert len(text_of(Path("README.md")).splitlines()) <= 150
    python, command = (BLOCK.findall(text_of(Path("README.md")))[i][1].splitlines() for i in (1, 2))
    assert len(python) <= 12
    assert len(command) <= 12


def test_the_picture_is_small():
    assert (ROOT / "docs" / "before_after.png").stat().st_size < 150_000


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_relative_links_lead_somewhere(page):
    for link in LINK.findall(text_of(page)):
        if re.match(r"\w+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors_of(target.resolve().relative_to(ROOT)), f"{page}: {link}"


@pytest.mark.ci_slow
def test_the_pages_build_to_a_site_whose_links_lead_somewhere(tmp_path):
    """mkdocs is strict: a link, an anchor or a page of the menu that is not there ends the build."""
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.parent.relative_to(tmp_path / "site").as_posix() for path in tmp_path.rglob("index.html")}
    assert {".", "command", "project/CONTRIBUTING", "project/experiments/RESULTS"} <= pages
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= pages


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.ci_slow if page.name == "RESULTS.md" else ()) for page in USED],
    ids=str,
)
def test_commands_are_valid(page):
    for words in commands_of(page):
        check_command(words)


def test_every_verb_is_shown():
    shown = {words[0] for page in USED for words in commands_of(page) if words}
    assert set(VERBS) <= shown


def test_every_name_is_in_the_readme():
    readme = text_of(Path("README.md"))
    from erasepro.metrics import METRICS
    from erasepro.solvers import SOLVERS

    for name in (*SOLVERS.names(), *METRICS.names(), *options("model")):
        assert f"`{name}`" in readme or name == "tiny", name


@pytest.mark.parametrize("page", ["README.md", pytest.param("docs/python.md", marks=pytest.mark.ci_slow)])
def test_python_examples_run(page, tmp_path, monkeypatch):
    """On random weights in place of the miniature's."""
    monkeypatch.chdir(tmp_path)
    names = {"erasepro": erasepro}
    for text in python_of(Path(page)):
        code = text.replace('"miniature"', '"tiny"').replace("guidance_scale=3", "num_inference_steps=1")
        exec(compile(code, page, "exec"), names)
    assert (tmp_path / "dog.png").is_file()
    assert (tmp_path / "dog" / "edit.json").is_file()


def test_the_layout_lists_every_room_from_the_ground_floor_up():
    rooms = re.findall(
        r"^\| `(\w+)(?:\.py|/)` \|", text_of(Path("docs/layout.md")).partition("Beside the package")[0], re.MULTILINE
    )
    package = ROOT / "erasepro"
    exist = [
        room
        for floor in FLOORS
        for room in floor
        if (package / room / "__init__.py").is_file() or (package / f"{room}.py").is_file()
    ]
    assert rooms == [room for room in exist if room and not room.startswith("__")]
