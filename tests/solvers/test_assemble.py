"""An edit is assembled from entries with column diagnostics, and from those of a method that has none."""

import torch

from erasepro.linalg import DenseUpdate
from erasepro.models.sites import cross_attention_sites, weight
from erasepro.solvers.closed_form.uce import UCEConfig
from erasepro.solvers.engine.assemble import assemble_edit


def test_entries_without_columns_state_no_residual(shared_model, build, tmp_path):
    site = cross_attention_sites(shared_model.pipe)[0]
    update = DenseUpdate(torch.ones_like(weight(shared_model.pipe, site.name), dtype=torch.float64))
    entry = {"site": site.name, "kind": site.kind, "depth": site.depth, "delta_norm": 1.0, "rank": update.rank}
    edit = assemble_edit(shared_model, build, UCEConfig(), {site.name: update}, [entry], {"steps": 10})
    assert edit.residuals == {}
    assert edit.diagnostics == [entry]
    assert "selected_columns" not in edit.meta
    assert edit.meta["steps"] == 10
    assert type(edit).load(edit.save(tmp_path / "edit")) == edit
