"""Every word in a run's tables is explained on one page."""

from pathlib import Path

import pytest

from erasepro.cli.main import main
from erasepro.report.joint import across
from erasepro.report.run_tables import tables
from erasepro.report.terms import POINTER, TERMS, terms_page
from erasepro.results.results_json import Results

RUN = Path(__file__).parents[1] / "results" / "version_2.json"
SELF_EVIDENT = ("prompts", "concept", "phrasing", "edited", "metric", "layer", "stage", "seconds", "columns", "runs", "images")


def test_every_header_of_a_runs_tables_is_explained():
    page = " ".join([*TERMS, *TERMS.values()])
    run = Results.load(RUN)
    listed = [*tables(run), across([run])[0]]
    words = {word for table in listed if "NudeNet" not in table.title for word in table.header}
    missing = []
    for word in words - set(SELF_EVIDENT):
        name = word.replace(" (edited/original)", "").rstrip("↓↑ ").removesuffix(", hidden state")
        for phrasing in ("plain", "complex", "paraphrase", "all"):
            name = name.replace(f" ↓ {phrasing}", "").replace(f" ↑ {phrasing}", "")
        missing += [word] if name.removesuffix("s") not in page else []
    assert missing == []


@pytest.mark.parametrize("term", ["own", "anchor", "selected columns", "gap left", "retention", "±"])
def test_what_readers_asked_about_is_there(term):
    assert term in " ".join([*TERMS, *TERMS.values()])


def test_the_page_is_a_verb_s_and_fits(monkeypatch, capsys):
    for width in (80, 100, 160):
        monkeypatch.setenv("COLUMNS", str(width))
        assert main(["help", "tables"]) == 0
        shown = capsys.readouterr().out
        assert shown == terms_page() + "\n"
        assert max(map(len, shown.splitlines())) <= width


def test_a_run_s_tables_name_the_page(tmp_path, capsys):
    (tmp_path / "results.json").write_text(RUN.read_text())
    assert main(["report", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count(POINTER) == 1
