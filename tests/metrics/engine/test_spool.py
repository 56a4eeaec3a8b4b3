"""Pictures laid aside in a file come back as they were, in any order, and from a copy."""

import copy

import pytest
import torch

from erasepro.metrics.engine.spool import PictureSpool
from tests.metrics.wide import noise


def filled_spool(images, order):
    spool = PictureSpool()
    for i in order:
        spool.put(f"r{i}", images[i])
    return spool


def test_pictures_come_back_in_any_order():
    images = noise(3, 0)
    spool = filled_spool(images, (2, 0, 1))
    assert all(torch.equal(spool.get(f"r{i}"), images[i]) for i in range(3))
    assert len(spool) == 3
    assert "r2" in spool
    assert "r3" not in spool
    with pytest.raises(KeyError):
        spool.get("r3")


def test_sizes_may_differ_and_views_are_stored_as_they_look():
    wide = noise(1, 0, side=8)[0]
    spool = PictureSpool()
    spool.put("part", wide[:, ::2, 1:6])
    spool.put("whole", wide)
    assert torch.equal(spool.get("part"), wide[:, ::2, 1:6])
    assert torch.equal(spool.get("whole"), wide)


def test_a_copy_holds_the_pictures_and_grows_alone():
    images = noise(3, 0)
    spool = filled_spool(images, (0, 1))
    other = copy.deepcopy(spool)
    other.put("r2", images[2])
    assert all(torch.equal(other.get(f"r{i}"), images[i]) for i in range(3))
    assert len(spool) == 2
    spool.put("r2", images[0])
    assert torch.equal(spool.get("r2"), images[0])
