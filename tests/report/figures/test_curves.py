import math

import pytest
from PIL import Image

from erasepro.report.figures.curves import Point, draw_panels, power_text
from erasepro.results.interval import SHARE, SIZE, UNBOUNDED
from erasepro.results.recognition import Share


@pytest.mark.parametrize(
    ("x", "text"),
    [(0.1, "0.1"), (1, "1"), (1000.0, "1000"), (1e5, "10⁵"), (1e-6, "10⁻⁶"), (2e5, "2·10⁵"), (1e6, "10⁶"), (0, "0")],
)
def test_ticks_of_a_logarithmic_axis_are_text(x, text):
    assert power_text(x) == text


def line(*points):
    return [("uce", [Point(x, Share(y, 5, stderr)) for x, y, stderr in points])]


@pytest.mark.parametrize(
    "points",
    [
        [], [(1, 0.5, 0.1)], [(1, 0.5, None), (1, 0.5, None)], [(1, math.nan, None), (2, 0.5, 0.1)], [(1, math.nan, None)],
        [(0, 0.0, 0.1), (1, 0.0, 0.1)], [(-3, 1.0, 0.0), (1e7, 1.0, 0.0)], [(1e-3, 0.1, 0.0), (1e6, 1.0, 5.0)],
    ],
)  # fmt: skip
def test_whatever_the_numbers_are_it_is_drawn(tmp_path, points):
    for number, bounds in enumerate((SHARE, SIZE, UNBOUNDED)):
        path = draw_panels(tmp_path / f"{number}.svg", "x", ["y"], [line(*points)], [bounds], [[]])
        assert "uce" in path.read_text()


def test_categories_stand_below_the_axis_and_levels_lie_across(tmp_path):
    path = draw_panels(
        tmp_path / "a.svg", "residual", ["y"], [line((0, 0.2, 0.1), (1, 0.4, 0.1))], [SHARE], [[]],
        levels=[[("no mu", Share(0.3, 5, None))]], categories=["soft", "hard $x$"],
    )  # fmt: skip
    assert all(name in path.read_text() for name in (">soft<", ">hard $x$<", ">no mu<"))


def test_each_of_a_few_values_has_its_tick_where_they_are_apart(tmp_path):
    few = draw_panels(tmp_path / "a.svg", "x", ["y"], [line((0.25, 0.1, 0.1), (0.5, 0.1, 0.1))], [SHARE], [[]]).read_text()
    assert ">0.25<" in few
    assert ">0.5<" in few
    close = draw_panels(
        tmp_path / "b.svg", "x", ["y"], [line((1, 0.1, 0.1), (1.01, 0.1, 0.1), (2, 0.1, 0.1))], [SHARE], [[]]
    ).read_text()
    assert ">1.01<" not in close


def test_a_page_grows_by_upright_names(tmp_path):
    def height(names):
        points = [(place, 0.5, 0.1) for place in range(len(names))]
        path = draw_panels(tmp_path / "a.png", "x", ["y"], [line(*points)], [SHARE], [[]], categories=names)
        with Image.open(path) as picture:
            return picture.height

    assert height(["a long name of a setting"] * 12) > height(["a", "b"]) + 200
