"""W_o D is the same change as its product, whoever computes it, and says what it needs where W_o is not at hand."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.edit.mapped_update import MappedUpdate, is_mapped, mapped_update_of, multiplied_out
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate, LowRankUpdate, compose_with_weight


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


MAPS = [LowRankUpdate(randn(6, 2), randn(2, 6)), DenseUpdate(randn(6, 6))]
W = randn(4, 6).float()


@pytest.mark.parametrize("D", MAPS)
def test_it_is_the_product(D):
    update = MappedUpdate(D, 4, "hash").multiply_out(W)
    product = compose_with_weight(D, W)
    assert update.shape == (4, 6)
    assert update.rank == min(D.rank, 4)
    assert torch.equal(update.dense(), product.dense())
    assert torch.equal(multiplied_out(update).dense(), product.dense())
    for strength in (1.0, 0.3):
        assert torch.equal(update.apply_to(W, strength), product.apply_to(W, strength))
        assert torch.equal(MappedUpdate(D, 4, "hash").apply_to(W, strength), update.apply_to(W, strength))
    assert update.apply_to(W.half()).dtype == torch.float16


@pytest.mark.parametrize("D", MAPS)
def test_it_is_read_back_from_its_factors_without_the_product(D):
    update = MappedUpdate(D, 4, "hash").multiply_out(W)
    assert is_mapped(update.factors)
    assert not is_mapped(D.factors)
    again = mapped_update_of(update.factors, 4, "hash")
    assert torch.equal(again.input_map.dense(), D.dense())
    assert again.product is None
    for use in (again.dense, lambda: multiplied_out(again)):
        with pytest.raises(UserError, match=r"edit\.rebuild\(model\.pipe\), or base=") as caught:
            use()
        assert "\n" not in str(caught.value)


def test_what_is_no_map_is_refused():
    with pytest.raises(ValueError, match="square"):
        mapped_update_of({"map_delta": randn(4, 6)}, 4, "hash")
    with pytest.raises(ValueError, match="has rows"):
        mapped_update_of({"map_delta": randn(6, 6)}, 0, "hash")
    with pytest.raises(ValueError, match="up and down, or delta"):
        mapped_update_of({"map_up": randn(6, 6)}, 4, "hash")


@pytest.mark.parametrize("D", MAPS)
def test_the_sizes_of_the_terms_bound_the_product(D):
    update = MappedUpdate(D, 4, "hash")
    assert (update.multiply_out(W).dense().abs() <= update.sizes_of_terms(W)).all()
    positive = MappedUpdate(type(D)(*(f.abs() for f in D.factors.values())), 4, "hash")
    assert torch.allclose(positive.sizes_of_terms(W.abs()), positive.multiply_out(W.abs()).dense())


def test_the_hash_of_an_edit_hangs_on_the_base_weight_and_not_on_whether_it_is_at_hand():
    def hash_of(*args):
        return Edit({"unet.a": MappedUpdate(*args)}).hash

    D = MAPS[0]
    assert hash_of(D, 4, "hash", compose_with_weight(D, W)) == hash_of(D, 4, "hash")
    hashes = {hash_of(D, 4, "hash"), hash_of(D, 4, "other"), hash_of(D, 5, "hash"), hash_of(MAPS[1], 4, "hash")}
    assert len(hashes | {Edit({"unet.a": D}).hash}) == 5
