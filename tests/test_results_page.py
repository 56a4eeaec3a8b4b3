"""docs/results.py: every section composes, and one that is made anew takes the place of its old text alone."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from erasepro.study.study_folder import StudyFolder
from erasepro.study.workers import Worker
from tests.pages import ROOT
from tests.study.studies import tiny_plan


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("results_page", ROOT / "docs" / "results.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["results_page"] = module  # its dataclasses look for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["results_page"]


@pytest.mark.ci_slow
def test_every_section_composes_and_a_quick_look_has_fewer_runs(maker):
    head, sections = maker.read_sections()
    assert head.startswith("# Results")
    assert len({section.name for section in sections}) == len(sections)
    for section in sections:
        assert 0 < len(maker.cells_of_section(section, True)) <= len(maker.cells_of_section(section, False))


def test_a_sections_words_and_command_are_those_that_a_reader_gives(maker):
    section = maker.Section("a", "A", "table/many_concepts", ["templates=blind", "solver='a b'"], ["seed=1"])
    assert section.command(False) == """erasepro study many_concepts templates=blind 'solver='"'"'a b'"'"''"""
    assert section.command(True) == "erasepro study many_concepts seed=1"


def test_a_section_takes_the_place_of_its_old_text_alone(maker):
    page = maker.replaced(maker.replaced("# Head\n", "one", "first"), "two", "second")
    assert maker.replaced(page, "one", "changed") == page.replace("first", "changed")
    assert maker.replaced(page, "one", "first") == page
    assert page.index("first") < page.index("second")


def test_the_text_of_a_section_has_its_command_and_tables(maker, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = StudyFolder.create(tmp_path / "study", tiny_plan(("uce",), directory=str(tmp_path)))
    Worker(folder, False, lambda line: None).work()
    section = maker.Section("tiny", "Tiny", "table/tiny", ["seed=0"], shows="It shows nothing.")
    text = maker.section_text(section, StudyFolder(folder.path), False)
    assert text.startswith("## Tiny\n\nIt shows nothing.\n\n```\nerasepro study tiny seed=0\n```\n\n1 run; study ")
    assert "| solver |" in text
    assert str(tmp_path) not in text
    assert maker.section_text(section, StudyFolder(folder.path), False) == text
    assert "It shows nothing" not in maker.section_text(section, StudyFolder(folder.path), True)
