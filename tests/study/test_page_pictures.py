"""Which pictures stand side by side: real runs on random weights."""

import dataclasses
import shutil

import pytest

from erasepro.results.results_json import Results
from erasepro.runs.resolve import resolve
from erasepro.runs.run import run
from erasepro.study.page_pictures import LabelledRun, group_pictures
from tests.study.studies import TINY

WORDS = (*TINY, "generation.max_retain=1", "tracker=none")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    made = []
    for number, (solver, concepts) in enumerate((("uce", "[[dog,cat]]"), ("oce", "[[dog,cat]]"), ("uce", "[[apple,pear]]"))):
        words = [*WORDS, f"solver={solver}", f"concepts.pairs={concepts}", f"outputs.dir={place}", f"name=r{number}"]
        run(resolve(words))
        (folder,) = place.glob(f"r{number}-*")
        made.append(LabelledRun({"solver": solver, "concepts": concepts}, folder, Results.load(folder / "results.json")))
    return made


def test_runs_of_one_task_share_the_originals_pictures_and_are_named_by_what_differs(runs):
    groups, problems = group_pictures(runs, 5)
    assert problems == []
    assert [[column.name for column in group.columns] for group in groups] == [["original", "uce", "oce"], ["original", "uce"]]
    assert [group.title for group in groups] == ["dog → cat", "apple → pear"]
    assert all(0 < len(group.rows) <= 5 for group in groups)
    for group in groups:
        assert all(column.store.path(row.name).is_file() for column in group.columns for row in group.rows)


def test_a_run_whose_pictures_were_changed_is_named_and_left_out(runs, tmp_path):
    folder = tmp_path / runs[1].folder.name
    shutil.copytree(runs[1].folder, folder)
    for picture in (folder / "images" / "edited").glob("target*.png"):
        picture.write_bytes(picture.read_bytes() + b"more")
    groups, problems = group_pictures([runs[0], dataclasses.replace(runs[1], folder=folder)], 5)
    assert [column.name for column in groups[0].columns] == ["original", "uce"]
    assert len(problems) == 1
    assert problems[0].startswith("No pictures of solver=oce, concepts=[[dog,cat]]: ")


def test_pictures_that_are_gone_are_told(runs, tmp_path):
    folder = tmp_path / runs[0].folder.name
    shutil.copytree(runs[0].folder, folder)
    shutil.rmtree(folder / "images" / "original")
    groups, problems = group_pictures([dataclasses.replace(runs[0], folder=folder)], 5)
    assert groups == []
    assert len(problems) == 1
