"""``erasepro report RUN… figure=FILE kind=…``: what it prints, and every mistake in one line."""

import pytest

from erasepro.cli.main import main
from erasepro.cli.verb_help import VERB_HELP
from erasepro.report.figures.registry import FIGURES
from erasepro.runs.resolve import resolve
from tests.report.figures.records import layer, rates, record


@pytest.fixture
def runs(tmp_path):
    """Folders of two finished runs, as far as a report reads them."""
    folders = []
    for ridge in (1, 10):
        results = record(
            f"uce ridge={ridge}", name=f"run-{ridge}", layers=[layer(0), layer(1)], by_concept=[rates("target", "dog")]
        )
        results.config = dict(resolve(["solver=uce", f"solver.ridge={ridge}"]).stored.values)
        folder = tmp_path / f"run-{ridge}"
        folder.mkdir()
        results.save(folder / "results.json")
        folders.append(folder)
    return folders


def lines(capsys, *words):
    status = main(["report", *map(str, words)])
    out = capsys.readouterr()
    return status, out.out + out.err


@pytest.mark.parametrize("kind", [None, "depth", "pareto", "concepts", "dose", "interference"])
def test_a_figure_is_written_and_its_numbers_are_printed(runs, tmp_path, capsys, kind):
    file = tmp_path / "new" / "figure.svg"
    status, text = lines(capsys, *runs, f"figure={file}", *([f"kind={kind}"] if kind else []))
    assert status == 0, text
    assert file.read_text().startswith("<?xml")
    assert f"Figure: {file}" in text
    assert {None: "By depth", "depth": "By depth", "dose": "By solver.ridge"}.get(kind, "") in text
    assert "layer" in text or "uce" in text or "dog" in text


def test_the_axis_of_a_dose_can_be_named(runs, tmp_path, capsys):
    status, text = lines(capsys, *runs, f"figure={tmp_path / 'f.pdf'}", "kind=dose", "x=ridge")
    assert status == 0, text
    assert "By solver.ridge" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["figure=f.pdf", "kind=parteo"], "Unknown kind of figure 'parteo'. Did you mean 'pareto'?"),
        (["figure=f.pdf", "kind="], "Unknown kind of figure ''"),
        (["figure=f.jpg"], "must end in .pdf, .png or .svg"),
        (["figure="], "The name of the figure is empty"),
        (["kind=pareto"], "kind= is of a figure: add its file, figure=FILE.pdf"),
        (["x=mu"], "x= is of a figure"),
        (["figure=f.pdf", "kind=dose", "x=nothing"], "x=nothing: no run has such a setting"),
        (["figure=f.pdf", "x=mu"], "x=mu is the x axis of kind=dose; kind=depth has its own"),
        (["figure=f.pdf", "kind=thresholds"], "kind=thresholds needs NudeNet's counts, which run-1, run-10 lack"),
        (["figure=run-1/results.json/f.pdf"], "results.json"),
        (["figure=f.pdf", "figure=g.pdf"], "figure= is given twice"),
    ],
)
def test_mistakes_are_one_line(runs, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    status, text = lines(capsys, *runs, *words)
    assert status != 0
    assert said in text
    assert len(text.strip().splitlines()) == 1
    assert not (tmp_path / "f.pdf").exists()


def test_the_help_names_every_kind():
    words = " ".join(" ".join(option) for option in VERB_HELP["report"].words)
    assert all(kind in words for kind in FIGURES)
