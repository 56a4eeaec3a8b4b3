from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from erasepro.errors import UserError
from erasepro.report.depth import depth_tables, draw_depth, label_runs, read_curve, share_of_depth


def layer(depth, size, kind="mlp.fc2", encoder="text_encoder"):
    return {
        "site": f"{encoder}.layers.{depth}.{kind}", "kind": kind, "depth": depth, "delta_norm": size, "gap": size / 2,
        "residual_before": size, "residual_after_all": size / 4, "residual_after_selected": 0.0,
    }  # fmt: skip


FALLING = [layer(d, 1.0 / (d + 1)) for d in reversed(range(6))]
KEYS = [{**layer(0, 9.0), "site": "unet.a.attn2.to_k", "kind": "attn2.to_k"}]


def test_a_curve_goes_from_shallow_to_deep_over_text_layers_alone():
    assert read_curve(FALLING + KEYS)["delta_norm"] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6])


def test_the_share_says_whether_a_quantity_falls_with_depth():
    assert share_of_depth([1.0, 1.0, 0.5, 0.5, 0.25, 0.25]) == 0.25
    assert share_of_depth([None, 1.0, 1.0, 2.0]) == 2.0
    assert share_of_depth([1.0, 1.0]) is None
    assert share_of_depth([]) is None


def test_a_table_a_quantity_with_a_row_a_layer_and_a_column_a_run():
    tables = depth_tables([("branch", FALLING), ("hidden state", [layer(d, 1.0) for d in range(6)])])
    change = next(table for table in tables if "‖ΔW‖" in table.title)
    assert change.header == ("layer", "branch", "hidden state")
    assert change.rows[0] == ("layer 1", "1", "1")
    assert change.rows[5] == ("layer 6", "0.167", "1")
    assert change.rows[6] == ("last third / first third", "0.244", "1")


def test_runs_without_text_layers_have_nothing_to_show():
    with pytest.raises(UserError, match="nothing by depth"):
        depth_tables([("uce", KEYS)])


def test_runs_are_called_by_what_differs_between_them():
    def run(name, target):
        config = {"solver": {"ridge": 1, "schedule": {"target": target}}, "seed": name}
        return SimpleNamespace(name=name, config=config, edit={"diagnostics": FALLING})

    assert [label for label, _ in label_runs([run("a", "branch"), run("b", "hidden_state")])] == [
        "target=branch", "target=hidden_state",
    ]  # fmt: skip
    assert [label for label, _ in label_runs([run("a", "branch"), run("b", "branch")])] == ["a", "b"]


def test_the_figure_is_the_same_bytes_twice_and_other_suffixes_are_refused(tmp_path):
    paths = [draw_depth(tmp_path / name, [("branch", FALLING)]) for name in ("a.svg", "b.svg")]
    ElementTree.fromstring(paths[0].read_text())
    assert "branch" in paths[0].read_text()
    with pytest.raises(UserError, match=r"\.svg, \.pdf or \.png"):
        draw_depth(tmp_path / "a.txt", [("branch", FALLING)])
