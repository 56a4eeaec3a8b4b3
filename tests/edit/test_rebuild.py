"""Products with the base's weights come back exactly, from that base alone."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.edit.mapped_update import MappedUpdate
from erasepro.edit.rebuild import rebuild_updates
from erasepro.errors import UserError
from erasepro.models.sites import weight


@pytest.fixture
def loaded(compact32, tmp_path):
    return Edit.load(compact32.save(tmp_path))


def test_a_rebuilt_edit_has_the_products_that_it_was_solved_with(compact32, loaded, model32):
    assert any(isinstance(update, MappedUpdate) and update.product is None for update in loaded.updates.values())
    rebuilt = loaded.rebuild(model32.pipe)
    assert (rebuilt.hash, rebuilt.meta, rebuilt.strength) == (loaded.hash, loaded.meta, loaded.strength)
    for name, update in compact32.updates.items():
        assert torch.equal(rebuilt.updates[name].dense(), update.dense())


def test_the_edit_may_be_on_the_pipeline(compact32, loaded, model32):
    with loaded.applied(model32.pipe):
        rebuilt = loaded.rebuild(model32.pipe)
    for name, update in compact32.updates.items():
        assert torch.equal(rebuilt.updates[name].dense(), update.dense())


def test_another_base_is_refused(loaded, other_model, model32):
    with pytest.raises(UserError, match=r"'unet\.\S+' differs from the one this edit was solved on"):
        loaded.rebuild(other_model.pipe)
    with pytest.raises(UserError, match="the base is another model"):
        rebuild_updates(loaded, lambda name: weight(model32.pipe, name)[1:])


def test_what_has_its_products_reads_no_weight(edit32, compact32):
    for edit in (edit32, compact32):
        assert rebuild_updates(edit, pytest.fail) == edit.updates
