import importlib

import pytest

from erasepro.errors import UserError
from erasepro.report.figures.registry import DEFAULT, FIGURES, draw_figure, figure_tables
from tests.report.figures.records import layer, nudenet_score, rates, record


def runs():
    listed = [
        record(f"erasepro ridge={ridge}", name=str(ridge), solver={"ridge": ridge}, layers=[layer(0)], test=0.5,
               by_concept=[rates("target", "dog")])
        for ridge in (1, 10)
    ]  # fmt: skip
    for run in listed:
        run.scores = [nudenet_score({0.5: (1, 2)})]
    return listed


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_draws_and_has_its_numbers_in_tables(tmp_path, kind):
    path = draw_figure(kind, tmp_path / "a.PDF", runs())
    assert path.read_bytes() == draw_figure(kind, tmp_path / "b.PDF", runs()).read_bytes()
    assert all(table.rows for table in figure_tables(kind, runs()))


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_names_the_runs_that_it_has_no_numbers_of(tmp_path, kind):
    blank = [record(name="blank", shown=None, kept=None)]
    with pytest.raises(UserError, match=r"blank|nothing by depth"):
        draw_figure(kind, tmp_path / "a.png", blank)
    assert not (tmp_path / "a.png").exists()


def test_unknown_kinds_and_keys_are_told(tmp_path):
    with pytest.raises(UserError, match=r"Unknown kind of figure 'parteo'\. Did you mean 'pareto'\?.*concepts, depth, dose"):
        draw_figure("parteo", tmp_path / "a.png", runs())
    with pytest.raises(UserError, match="Unknown kind of figure 'parteo'"):
        figure_tables("parteo", runs(), "mu")
    with pytest.raises(UserError, match="x=mu is the x axis of kind=dose; kind=pareto has its own"):
        draw_figure("pareto", tmp_path / "a.png", runs(), "mu")


def test_the_default_is_a_kind_and_every_module_has_its_functions():
    assert DEFAULT in FIGURES
    for kind, module in FIGURES.items():
        assert callable(getattr(importlib.import_module(module), f"draw_{kind}"))
        assert importlib.import_module(module).__name__.rpartition(".")[2] == kind
