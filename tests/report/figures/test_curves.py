import math

import pytest

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
