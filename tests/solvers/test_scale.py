"""Many concepts: sums serve as well as columns, and what is not exact says so."""

import pytest
import torch

from erasepro.models.features import streams
from erasepro.solvers import make_solver
from erasepro.solvers.engine.fit import Fit

SETTING = {
    "name": "erasepro",
    "text_token_policy": "last_subject",
    "cross_attention_token_policy": "last_subject",
    "preserve_dtype": "float64",
}
MANY = [(f"{a}{b}", f"{b}{a}") for a in "bcdfghjkl" for b in ("ane", "ill", "ode", "use", "ark", "inx", "oyt", "em")]

ENDINGS = ("ane", "ill", "ode", "use", "ark", "inx", "oyt", "em", "ust", "olp", "eaf", "irn")
PLENTY = [(f"{a}{b}", f"{b}{a}") for a in "bcdfghjklmnprstvwz" for b in ENDINGS]
"""Three times as many words as a layer has dimensions. Sums square the columns' condition: about as many columns as
dimensions have one near 1e5, and which words they are decides it; here it is 5e3, and rounding stays near 1e-9."""


def fit(**options):
    return {"text_fit": options, "cross_attention_fit": options}


@pytest.mark.parametrize("options", [{"residual": "soft", "mu": 2.0}, {"rank": "least_squares"}], ids=["soft", "ls"])
@pytest.mark.parametrize("schedule", ["progressive", "residual_split"])
def test_sums_equal_columns(double_model, make_build, monkeypatch, options, schedule):
    build = make_build(pairs=PLENTY, templates=("{}",))
    settings = {**SETTING, **fit(**options), "schedule": {"name": schedule}}
    pooled = make_solver(settings["name"], settings).solve(double_model, build)
    monkeypatch.setattr(Fit, "sums_suffice", lambda *_: False)
    plain = make_solver(settings["name"], settings).solve(double_model, build)
    for name, update in plain.updates.items():
        want = update.dense()
        assert float((pooled.updates[name].dense() - want).norm() / want.norm()) < 1e-7, name
    for one, other in zip(pooled.diagnostics, plain.diagnostics, strict=True):
        assert one["residual_after_all"] == pytest.approx(other["residual_after_all"], rel=1e-3, abs=1e-6)
        assert one["residual_before"] == pytest.approx(other["residual_before"], rel=1e-6)


def test_more_columns_than_dimensions_is_labelled(double_model, make_build, monkeypatch):
    monkeypatch.setattr(streams, "LIMIT", 0)  # everything on disk
    edit = make_solver("erasepro", {**SETTING, **fit(unselected_weight=0.0, independence_threshold=1e-4)}).solve(
        double_model, make_build(pairs=MANY, templates=("{}",))
    )
    by_size = {d["kind"]: d for d in edit.diagnostics}
    assert by_size["mlp.fc2"]["columns"] == len(MANY) > 64
    assert not by_size["attn2.to_k"]["exact"]  # 32 dimensions
    assert edit.residuals["exact"] is False
    assert 1e-3 < edit.residuals["selected"] < 1
    few = make_solver("erasepro", {**SETTING, **fit(unselected_weight=0.0, independence_threshold=1e-4)}).solve(
        double_model, make_build(pairs=MANY[:9], templates=("{}",))
    )
    assert few.residuals["exact"] is True
    assert few.residuals["selected"] < 1e-10
    assert few.residuals["selected_share"] == 1


def test_zero_residual_and_progressive_are_four_settings(double_model, make_build):
    build = make_build(pairs=MANY[:4], templates=("{}",))
    found = {}
    for schedule in ("progressive", "cross_attention_only"):
        for residual in ("hard", "soft"):
            settings = {
                **SETTING,
                **fit(residual=residual, unselected_weight=0.0, independence_threshold=1e-4),
                "schedule": {"name": schedule},
            }
            edit = make_solver(settings["name"], settings).solve(double_model, build)
            found[schedule, residual] = edit.residuals["selected"]
            assert any(n.startswith("text_encoder") for n in edit.updates) == (schedule == "progressive")
            assert edit.residuals["exact"] == (residual == "hard")
    assert found["progressive", "hard"] < 1e-10
    assert found["cross_attention_only", "hard"] < 1e-10
    assert found["progressive", "soft"] > 1e-3
    assert found["cross_attention_only", "soft"] > 1e-3


@pytest.mark.parametrize("kind", ["none", "ridge", "gram", "null_space"])
@pytest.mark.parametrize("residual", ["hard", "soft"])
def test_every_preserve_term(double_model, make_build, kind, residual):
    options = fit(
        residual=residual, independence_threshold=1e-3, unselected_weight=0.0, preserve={"kind": kind, "ridge": 0.1}
    )
    edit = make_solver("erasepro", {**SETTING, **options}).solve(
        double_model, make_build(pairs=MANY[:3], templates=("{}",))
    )
    for update in edit.updates.values():
        assert bool(torch.isfinite(update.dense()).all())
    assert (edit.residuals["selected"] < 1e-9) == (residual == "hard")
