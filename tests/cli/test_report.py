"""``erasepro report``: the tables of runs in every form, on the terminal and in files."""

import csv
import io
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from erasepro.cli.main import main
from erasepro.results.results_json import Results

STORED = Path(__file__).parents[1] / "results" / "version_2.json"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two run folders of different methods on the same concepts; the command is given where they lie."""
    monkeypatch.chdir(tmp_path)
    stored = Results.load(STORED)
    facts = {field.name: getattr(stored, field.name) for field in fields(Results)}
    for name, method, better in (("a", "uce", 0.0), ("b", "speed_best", 0.25)):
        values = [
            replace(value, value=value.value - better * (0 if value.value < better else 1))
            if value.value is not None and value.model == "edited" and not value.role
            else value
            for value in stored.values
        ]
        changed = {**facts, "name": name, "signature": name * 64, "method": method, "values": values, "digest": None}
        (tmp_path / name).mkdir()
        Results(**changed).save(tmp_path / name / "results.json")
    return ["a", "b"]


def report(capsys, *words):
    status = main(["report", *words])
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


FIRST_LINES = {
    "markdown": "<!-- erasepro report -->", "html": "<!-- erasepro report -->", "latex": "% erasepro report",
    "csv": "table,row,column,value,stderr,n,original,worst,text",
}  # fmt: skip


@pytest.mark.parametrize("form", list(FIRST_LINES))
@pytest.mark.parametrize("count", [1, 2])
def test_a_format_is_printed_and_nothing_else(form, count, runs, capsys):
    out = report(capsys, *runs[:count], f"format={form}")
    assert out.splitlines()[0] == FIRST_LINES[form]
    assert "Results:" not in out
    assert "erasepro help tables" not in out
    report(capsys, *runs[:count], f"format={form}", "out=FILE")
    assert Path("FILE").read_text(encoding="utf-8") == out


def test_the_ending_of_out_says_the_format(runs, capsys):
    for ending in ("md", "html", "tex", "csv", "txt"):
        out = report(capsys, *runs, f"out=sub/table.{ending}")
        assert out == f"Tables: sub/table.{ending}\n"
        assert "clip" in Path(f"sub/table.{ending}").read_text(encoding="utf-8")
    assert Path("sub/table.txt").read_text().startswith("erasepro report\nOver all runs")


def test_text_is_printed_as_ever(runs, capsys):
    assert report(capsys, *runs, "format=text") == report(capsys, *runs)
    one = report(capsys, runs[0])
    assert "Results: a" in one
    assert report(capsys, runs[0], "format=text") == one


def test_joint_tables_have_arrows_n_errors_and_the_best_marked(runs, capsys):
    shown = report(capsys, *runs, "format=markdown")
    header = next(line for line in shown.splitlines() if line.startswith("| method | clip"))
    assert all(" ↑" in name or " ↓" in name for name in header.strip("| ").split(" | ")[1:4])
    assert "±" in shown
    assert "n = " in shown
    assert "<u>" in shown
    assert "Bold: the best; underlined: the second best." in shown
    latex = report(capsys, *runs, "format=latex")
    assert r"\underline{" in latex
    assert r"\textbf{" in latex
    assert r"$\downarrow$" in latex
    rows = list(csv.DictReader(io.StringIO(report(capsys, *runs, "format=csv"))))
    counted = [row for row in rows if row["column"].startswith("retention")]
    assert {row["column"].split()[-1] for row in counted} >= {"plain", "all"}
    assert all(float(row["value"]) and int(row["n"]) for row in counted if row["value"])


def test_a_folder_holds_a_file_a_table(runs, capsys):
    assert report(capsys, *runs, "out=tables/") == "Tables: 10 files in tables\n"
    names = {path.name for path in Path("tables").iterdir()}
    assert {"over_all_runs.tex", "metrics_over_all_runs.csv", "metrics_over_all_runs.html"} <= names
    (header, *_) = csv.reader(Path("tables/metrics_over_all_runs.csv").read_text().splitlines())
    assert header[0] == "method"
    assert [name for name in header if name.endswith(" stderr")]
    report(capsys, runs[0], "out=one/", "format=latex")
    assert {path.suffix for path in Path("one").iterdir()} == {".tex"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["format=latx"], "Unknown format 'latx'. Did you mean 'latex'?"),
        (["format=latex", "out=a.csv"], "format=latex does not fit out='a.csv'"),
        (["out=a.pdf"], "out='a.pdf' tells no format"),
        (["out=a/results.json"], "out='a/results.json' tells no format"),
        (["format=latex", "out=a/results.json"], "'a/results.json' holds no tables of a report, so it is not replaced"),
        (["format=latex", "out=a/results.json/x.tex"], "Cannot write"),
        (["format=csv", "format=latex"], "format= is given twice"),
        (["formt=latex"], "report has no option 'formt=latex'. Did you mean format=?"),
        (["nonsense=1"], "report has no option 'nonsense=1'. It takes run folders, figure=, kind=, x=, format=, out=."),
    ],
)
def test_a_mistake_is_told_in_one_line(words, message, runs, capsys):
    before = Path("a/results.json").read_bytes()
    assert main(["report", *runs, *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
    assert Path("a/results.json").read_bytes() == before


def test_a_run_folder_may_have_an_equals_sign_in_its_name(runs, capsys):
    Path("a").rename("solver=uce")
    assert "Over all runs" in report(capsys, "solver=uce", "b")
    assert main(["report", "b", "format=csv", "out=/nowhere=1/x.md"]) == 2


def test_a_process_of_its_own_prints_a_format_without_the_heavy_libraries(runs):
    code = (
        "import sys; from erasepro.cli.main import main; status = main(sys.argv[1:]);"
        "print(status, sorted({'torch', 'diffusers', 'transformers', 'hydra', 'pyarrow'} & set(sys.modules)), file=sys.stderr)"
    )
    for form, first in FIRST_LINES.items():
        done = subprocess.run(
            [sys.executable, "-c", code, "report", *runs, f"format={form}"],
            capture_output=True, encoding="utf-8", check=True, env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip
        assert done.stderr.splitlines()[-1] == "0 []"
        assert done.stdout.splitlines()[0] == first
