import builtins
import subprocess
import sys
import warnings
from xml.etree import ElementTree

import pytest

from erasepro.errors import UserError
from erasepro.report.figures.page import checked_path, paper_page
from erasepro.report.figures.style import COLUMN, mark
from tests.report.figures.records import HOSTILE


def draw(path, names=("uce", "erasepro")):
    with paper_page(path, COLUMN, 2.0) as page:
        (plot,) = page.axes()
        for place in range(len(names)):
            plot.plot([0, 1], [place, place + 1], **mark(place))
        plot.set_xlabel("share $x$")
        page.legend([(page.handle(mark(place)), name) for place, name in enumerate(names)])
    return path


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".svg"])
def test_a_figure_is_the_same_bytes_twice(tmp_path, suffix):
    first, second = (draw(tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert first == second
    assert b"CreationDate" not in first
    assert b"dc:date" not in first


def test_text_stays_text_and_names_are_no_markup(tmp_path):
    text = draw(tmp_path / "a.svg", HOSTILE[:8]).read_text(encoding="utf-8")
    shown = "\n".join(element.text or "" for element in ElementTree.fromstring(text).iter() if element.tag.endswith("}text"))
    for name in ("$x_1$", "_hidden", "<script>alert(1)</script>", "狗", "כלב", "a b\\x1b[31m", "share $x$"):
        assert name in shown
    assert "<script" not in text
    assert b"/FontFile2" in draw(tmp_path / "a.pdf").read_bytes(), "TrueType, embedded"


def test_letters_without_a_glyph_are_written_out_and_nobody_is_warned(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with paper_page(tmp_path / "a.png", COLUMN, 2.0) as page:
            assert page.labels(["狗", "כלב"], 2.0) == ["\\u72d7", "כלב"]
            page.axes()[0].set_title("狗")
        assert draw(tmp_path / "b.pdf", HOSTILE).is_file()


def test_long_names_lose_their_middle_and_stay_apart(tmp_path):
    with paper_page(tmp_path / "a.png", COLUMN, 2.0) as page:
        first, second, third = page.labels(["begin" * 30 + "x" + "end" * 30, "begin" * 30 + "y" + "end" * 30, "uce"], 1.0)
        assert first.startswith("begin")
        assert first.endswith(" (1)")
        assert second == first.replace(" (1)", " (2)")
        assert third == "uce"
        assert page.labels(["same" * 50] * 2, 1.0)[0] == page.labels(["same" * 50] * 2, 1.0)[1]


def test_a_legend_of_many_names_lies_below_the_panels_and_inside_the_page(tmp_path):
    with paper_page(tmp_path / "a.png", COLUMN, 2.0) as page:
        (plot,) = page.axes()
        page.legend([(page.handle(mark(place)), f"method {place} {'x' * (3 * place)}") for place in range(40)])
        page.figure.draw_without_rendering()
        (legend,) = page.figure.legends
        box, panel = legend.get_window_extent(), plot.get_tightbbox()
        assert box.y1 <= panel.y0
        assert box.x0 >= 0
        assert box.x1 <= page.figure.bbox.width
        assert box.y0 >= -1
        assert plot.get_window_extent().height > 1.2 * page.figure.dpi, "the panel keeps its size"


def test_a_users_matplotlibrc_has_no_part_in_it_and_nothing_is_left_behind(tmp_path):
    import matplotlib

    before = draw(tmp_path / "a.svg").read_bytes()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "text.usetex": True}):
        assert draw(tmp_path / "b.svg").read_bytes() == before
        assert matplotlib.rcParams["font.size"] == 30
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.report.figures.test_page import draw\n"
        f"draw(Path({str(tmp_path / 'c.png')!r}))\nprint('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert done.stderr == ""


def test_other_suffixes_are_refused_before_anything_is_drawn(tmp_path):
    for name in ("a.txt", "a", "a.jpg"):
        with pytest.raises(UserError, match=r"\.pdf, \.png or \.svg"):
            checked_path(tmp_path / name)


def test_a_missing_matplotlib_is_told_with_its_command(tmp_path, monkeypatch):
    original = builtins.__import__

    def without(name, *rest, **options):
        if name.startswith("matplotlib"):
            raise ImportError("No module named 'matplotlib'")
        return original(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'erasepro\[tune\]'"):
        draw(tmp_path / "a.png")


def test_a_figure_that_cannot_be_written_leaves_the_old_one(tmp_path):
    folder = tmp_path / "a.png"
    folder.mkdir()
    with pytest.raises(UserError, match=r"a\.png"):
        draw(folder)
    file = tmp_path / "b"
    file.write_text("")
    with pytest.raises(OSError, match="b"):
        draw(file / "c.png")
