from xml.etree import ElementTree

import pytest

from erasepro.errors import UserError
from erasepro.report.figures.depth import collect_depth, depth_tables, draw_depth
from tests.report.figures.records import HOSTILE, layer, record

FALLING = [layer(depth, 1.0 / (depth + 1)) for depth in reversed(range(6))]
RUNS = [record("erasepro", layers=FALLING), record("alphaedit", layers=[layer(4), layer(5)])]


def test_a_run_is_drawn_at_the_layers_that_it_edits():
    (_, all_layers), (name, two) = collect_depth([*RUNS, record("uce")])
    assert list(all_layers["layer"]) == [1, 2, 3, 4, 5, 6]
    assert name == "alphaedit"
    assert list(two["layer"]) == [5, 6]
    assert all_layers["delta_norm"][0] == 1.0


def test_the_figure_and_its_tables(tmp_path):
    text = draw_depth(tmp_path / "a.svg", RUNS).read_text()
    ElementTree.fromstring(text)
    assert all(f">{word}<" in text for word in ("erasepro", "alphaedit", "‖ΔW‖/‖W‖", "residual, all columns"))
    assert depth_tables(RUNS)[1].rows[4] == ("layer 5", "0.2", "1")


def test_it_is_drawn_of_gaps_one_layer_and_any_name(tmp_path):
    gaps = [{**layer(0), "gap": None}, {**layer(1), "delta_norm": float("nan")}]
    runs = [record(name, name=name, layers=gaps) for name in HOSTILE]
    assert draw_depth(tmp_path / "a.png", [*runs, record("one", layers=[layer(3, 0.0)])]).is_file()


def test_runs_that_edit_no_text_layer_have_no_figure():
    with pytest.raises(UserError, match="nothing by depth"):
        collect_depth([record("uce")])
