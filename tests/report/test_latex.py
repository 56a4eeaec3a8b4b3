"""A table as a fragment of LaTeX, which a document reads whatever its words are."""

import shutil
import subprocess

import pytest

from erasepro.report.number_cell import NumberCell
from erasepro.report.table import Table

EVIL = r"""\input{/etc/passwd} _%&#${}~^\ "q" `c` <script> | -- ?` [x] * é ç ł ß 猫 שלום ↑↓→±‖−–√Δ²"""


def number(value, text=None):
    return NumberCell(text or f"{value:.3f}", value)


RANKED = Table(
    "Title",
    ("method", "top1 ↓", "kept ↑"),
    (("a_b", number(0.25), number(-1e-8, "-1.0e-08")), ("c", number(0.5), number(1.0))),
    "Note & more\nsecond line",
    higher_is_better=(None, False, True),
)


def test_a_booktabs_table_with_its_best_cells_marked():
    lines = RANKED.latex().splitlines()
    assert lines[0].startswith("%")
    assert lines[1] == r"\begin{table}"
    assert lines[-1] == r"\end{table}"
    assert r"\caption{Title}" in lines
    assert r"\begin{tabular}{lrr}" in lines
    assert r"method & top1 $\downarrow$ & kept $\uparrow$ \\" in lines
    assert r"a\_b & \textbf{0.250} & \underline{$-$1.0$\times10^{-8}$} \\" in lines
    assert r"c & \underline{0.500} & \textbf{1.000} \\" in lines
    assert any(r"Note \& more\par" in line for line in lines)
    assert [rule for rule in (r"\toprule", r"\midrule", r"\bottomrule") if rule in lines] == [
        r"\toprule", r"\midrule", r"\bottomrule",
    ]  # fmt: skip
    assert "documentclass" not in RANKED.latex()
    assert "usepackage" in lines[0], "what the document needs is said, and not loaded"


def test_a_long_header_is_set_in_lines():
    table = Table("t", ("method", "residual, exactly constrained columns"), (("a", number(1.0)),))
    assert r"\begin{tabular}[b]{@{}r@{}}residual, \\ exactly" in table.latex()


def test_a_table_wider_than_the_page_is_turned_where_it_may():
    header = ("method", *(f"measure {i} ↓" for i in range(9)))
    rows = tuple(
        (name, *(number(i / 10 + k, f"{i / 10 + k:.3f} [0.100–0.200] (9)") for i in range(9)))
        for k, name in enumerate("ab")
    )
    better = (None, *[False] * 9)
    turned = Table("t", header, rows, may_turn=True, higher_is_better=better).latex()
    assert r"\begin{tabular}{lrr}" in turned
    assert r"measure 3 $\downarrow$ & \textbf{0.300 [0.100--0.200] (9)} & \underline{1.300 [0.100--0.200] (9)} \\" in turned
    assert r"\begin{tabular}{lrrrrrrrrr}" in Table("t", header, rows, higher_is_better=better).latex()


@pytest.mark.skipif(not any(map(shutil.which, ("pdflatex", "tectonic"))), reason="no pdflatex or tectonic is installed")
@pytest.mark.parametrize("packages", ["booktabs", "booktabs,graphicx"])
def test_tex_sets_it(packages, tmp_path):
    rows = ((EVIL, number(0.5)), ("[60]", "–"), ("*", number(0.25)))
    evil = Table(EVIL, (f"[{EVIL}", EVIL), rows, EVIL, higher_is_better=(None, True))
    (tmp_path / "evil.tex").write_text(evil.latex(), encoding="utf-8")
    (tmp_path / "ranked.tex").write_text(RANKED.latex(), encoding="utf-8")
    body = r"\begin{document}\listoftables\input{evil}\input{ranked}\end{document}"
    (tmp_path / "main.tex").write_text(f"\\documentclass{{article}}\\usepackage{{{packages}}}{body}", encoding="utf-8")
    flags = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error"] if shutil.which("pdflatex") else ["tectonic"]
    for _ in range(2):  # the second time the captions come back from the list of tables
        done = subprocess.run([*flags, "main.tex"], cwd=tmp_path, capture_output=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "main.pdf").stat().st_size > 1000
