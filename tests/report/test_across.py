"""Several runs in one table: mean and worst, and never two protocols in a column."""

import math

import pytest

from erasepro.errors import UserError
from erasepro.report import outcomes
from erasepro.report.across import across_metrics, across_table


def sample(role, wording, number, verdict, model="edited", concept="dog"):
    return {
        "id": f"{role}-{wording}-{number}", "seed": 0, "role": role, "wording": wording, "concept": concept,
        "expects": "cat" if role == "target" else concept, "model": model, "verdict": verdict, "error": "",
    }  # fmt: skip


def run(left: int, kept: int):
    """Of four target pictures `left` still show the dog; of four apples `kept` are apples (before: all)."""
    rows = [sample("target", "plain", i, "dog" if i < left else "cat") for i in range(4)]
    for i in range(4):
        rows.append(sample("kept", "plain", i, "apple" if i < kept else None, concept="apple"))
        rows.append(sample("kept", "plain", i, "apple", "original", "apple"))
    return outcomes(rows)


def test_mean_and_worst_of_the_runs():
    table = across_table([("a", "1", "p/1", run(0, 4)), ("a", "2", "p/1", run(2, 3)), ("b", "1", "p/1", run(4, 0))])
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert rows["a"]["runs"] == "2"
    assert rows["a"]["target ↓ plain"] == "0.250 (0.500)"
    assert rows["a"]["→ anchor ↑"] == "0.750 (0.500)"
    assert rows["a"]["kept/before ↑ plain"] == "0.875 (0.750)"
    assert rows["b"]["target ↓ plain"] == "1.000"
    assert rows["a"]["target ↓ complex"] == "–"
    assert "p/1" in table.title


def test_two_protocols_are_refused_by_name():
    with pytest.raises(UserError, match=r"mace/1 and speed/1"):
        across_table([("a", "1", "mace/1", run(0, 4)), ("a", "2", "speed/1", run(0, 4))])


def test_metrics_show_before_after_and_the_worst_in_the_metric_s_own_direction():
    table = across_metrics(
        [
            ("a", {"top1": (1.0, 0.0, False), "fd": (math.nan, 2.0, False), "up": (0.5, 0.9, True)}),
            ("a", {"top1": (0.9, 0.2, False), "fd": (math.nan, 4.0, False), "up": (0.5, 0.7, True)}),
            ("b", {"top1": (1.0, 1e-8, False)}),
            ("b", {}),
        ]
    )
    assert table.header == ("method", "top1", "fd", "up")
    assert table.rows[0] == ("a", "0.950 → 0.100 (0.200)", "3.000 (4.000)", "0.500 → 0.800 (0.700)")
    assert table.rows[1] == ("b", "1.000 → 1.0e-08 [1 of 2 runs]", "–", "–")
