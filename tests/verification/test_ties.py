"""Only a weight that lies between two numbers of its precision may be rounded either way."""

import pytest
import torch

from erasepro.edit.mapped_update import MappedUpdate
from erasepro.linalg import DenseUpdate, LowRankUpdate
from erasepro.models.tensor_hashes import tensor_hash
from erasepro.verification.ties import MOST, rounded_otherwise

EPS = 2.0**-23  # of float32 at 1


def update(ties):
    """ΔW that takes the first `ties` of 16 ones to the middle between two numbers, the others well away from it."""
    delta = torch.full((4, 4), EPS / 4, dtype=torch.float64)
    delta.view(-1)[:ties] = EPS / 2
    return DenseUpdate(delta)


def hashes(up):
    """The hash of ones of which those in `up` are one number larger."""
    W = torch.ones(4, 4)
    W.view(-1)[list(up)] = 1 + EPS
    return tensor_hash(W)


@pytest.mark.parametrize("up", [(), (0,), (1,), (0, 1, 2)])
def test_every_way_to_round_the_ties_is_known(up):
    assert rounded_otherwise(torch.ones(4, 4), update(3), 1.0, hashes(up))


def test_another_weight_may_not_differ():
    assert not rounded_otherwise(torch.ones(4, 4), update(3), 1.0, hashes((0, 7)))
    assert not rounded_otherwise(torch.ones(4, 4), update(0), 1.0, hashes((0,)))
    other = torch.ones(4, 4)
    other[0, 0] = 1 + 2 * EPS
    assert not rounded_otherwise(torch.ones(4, 4), update(3), 1.0, tensor_hash(other)), "two numbers away"


def test_the_strength_decides_what_is_a_tie():
    assert rounded_otherwise(torch.ones(4, 4), update(3), 2.0, hashes(range(16))) is False
    half = DenseUpdate(2 * update(3).delta)
    assert rounded_otherwise(torch.ones(4, 4), half, 0.5, hashes((2,)))


def test_factors_are_multiplied_out():
    up = torch.tensor([[EPS / 2], [0], [0], [0]], dtype=torch.float64)
    down = torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64)
    assert rounded_otherwise(torch.ones(4, 4), LowRankUpdate(up, down), 1.0, hashes((0,)))
    assert not rounded_otherwise(torch.ones(4, 4), LowRankUpdate(up, down), 1.0, hashes((5,)))


@pytest.mark.parametrize("low_rank", [False, True])
def test_maps_are_multiplied_with_the_weight(low_rank):
    D = torch.zeros(4, 4, dtype=torch.float64)
    D[0, 0] = EPS / 2
    D = LowRankUpdate(D[:, :1], torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64)) if low_rank else DenseUpdate(D)
    mapped = MappedUpdate(D, 4, "hash")  # (W D)_{i0} = EPS / 2 in every row
    assert rounded_otherwise(torch.ones(4, 4), mapped, 1.0, hashes((0, 4)))
    assert not rounded_otherwise(torch.ones(4, 4), mapped, 1.0, hashes((1,)))


def test_more_ties_than_can_be_tried_are_refused():
    assert MOST < 16
    assert not rounded_otherwise(torch.ones(4, 4), update(MOST + 1), 1.0, hashes((0,)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_have_no_excuse(dtype):
    W = torch.ones(4, 4, dtype=dtype)
    assert not rounded_otherwise(W, update(3), 1.0, tensor_hash(W))
