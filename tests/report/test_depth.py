from types import SimpleNamespace

import pytest

from erasepro.errors import UserError
from erasepro.report.depth import label_runs, read_curve, share_of_depth, tabulate_depth


def layer(depth, size, kind="mlp.fc2", encoder="text_encoder"):
    return {
        "site": f"{encoder}.layers.{depth}.{kind}", "kind": kind, "depth": depth, "delta_norm": size, "gap": size and size / 2,
        "residual_before": size, "residual_after_all": size and size / 4, "residual_after_selected": 0.0,
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
    tables = tabulate_depth([("branch", [FALLING]), ("hidden state", [[layer(d, 1.0) for d in range(6)]])])
    change = next(table for table in tables if "‖ΔW‖" in table.title)
    assert change.header == ("layer", "branch", "hidden state")
    assert change.rows[0] == ("layer 1", "1", "1")
    assert change.rows[5] == ("layer 6", "0.167", "1")
    assert change.rows[6] == ("last third / first third", "0.244", "1")


def test_runs_without_text_layers_have_nothing_to_show():
    with pytest.raises(UserError, match="nothing by depth"):
        tabulate_depth([("uce", [KEYS])])


def test_runs_are_called_by_what_differs_between_them():
    def run(name, target):
        config = {"solver": {"ridge": 1, "schedule": {"target": target}}, "seed": name}
        return SimpleNamespace(name=name, config=config, edit={"diagnostics": FALLING})

    assert [label for label, _ in label_runs([run("a", "branch"), run("b", "hidden_state")])] == [
        "target=branch", "target=hidden_state",
    ]  # fmt: skip
    assert [label for label, _ in label_runs([run("a", "branch"), run("b", "branch")])] == ["a", "b"]


def test_layers_are_those_of_the_encoder_unless_several_sites_share_one():
    assert read_curve([layer(4, 1.0), layer(2, 1.0)])["layer"] == [3, 5]
    assert read_curve([layer(2, 1.0), layer(2, 1.0, "mlp.fc1")])["layer"] == [1, 2]
    table = tabulate_depth([("all", [FALLING]), ("two", [[layer(4, 1.0), layer(5, 1.0)]])])[1]
    assert [row[2] for row in table.rows[:6]] == ["–", "–", "–", "–", "1", "1"]


def test_runs_of_several_solvers_are_called_by_their_methods():
    def run(method, concepts):
        solver = {"name": method.split()[0], "ridge": len(method)}
        config = {"solver": solver, "concepts": {"name": concepts}}
        return SimpleNamespace(name=method, config=config, solver_label=method, edit={"diagnostics": FALLING})

    assert [label for label, _ in label_runs([run("uce ridge=1", "a"), run("rece", "b")])] == [
        "uce ridge=1 concepts=a", "rece concepts=b",
    ]  # fmt: skip
    assert [label for label, _ in label_runs([run("uce", "a"), run("rece", "a"), run("rece", "a")])] == ["uce", "rece", "rece"]


def test_keys_that_end_alike_are_told_apart():
    def run(first, second):
        config = {"solver": {"name": "erasepro", "text_fit": {"mu": first}, "cross_fit": {"mu": second}}}
        return SimpleNamespace(name="n", config=config, edit={})

    assert label_runs([run(1, 2), run(3, 4)])[0][0] == "text_fit.mu=1 cross_fit.mu=2"


def test_sets_of_concepts_are_averaged_where_every_setting_has_them_all():
    def run(target, concepts, size):
        config = {"solver": {"name": "erasepro", "schedule": {"target": target}}, "concepts": {"name": concepts}}
        return SimpleNamespace(name="n", config=config, edit={"diagnostics": [layer(0, size), layer(1, None)]})

    runs = [run("branch", "a", 1.0), run("state", "a", 3.0), run("branch", "b", 2.0), run("state", "b", 5.0)]
    labelled = label_runs(runs)
    assert [label for label, _ in labelled] == ["target=branch", "target=state"]
    change = next(table for table in tabulate_depth(labelled) if "‖ΔW‖" in table.title)
    assert change.rows[:2] == (("layer 1", "1.5", "4"), ("layer 2", "–", "–"))
    assert change.note == "Means over 2 sets of concepts."
    assert [label for label, _ in label_runs(runs[:3])] == [
        "target=branch concepts=a", "target=state concepts=a", "target=branch concepts=b",
    ]  # fmt: skip
