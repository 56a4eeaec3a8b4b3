"""Weights are known again: by their bytes in one precision, by a sample of their numbers in another."""

import pytest
import torch

from erasepro.edit.fingerprints import SAMPLES, check_base, check_weight, fingerprints, is_base, same_base
from erasepro.errors import UserError
from erasepro.models.sites import site_module
from erasepro.models.tensor_hashes import tensor_hash


@pytest.fixture
def name(model32):
    return next(n for n, _ in model32.pipe.unet.named_modules() if n.endswith("attn2.to_k"))


@pytest.fixture
def site(name):
    return f"unet.{name}"


def of(model, site):
    return fingerprints(model.pipe, [site])[site]


def test_a_fingerprint_has_dtype_hash_and_some_numbers(model32, site):
    found = of(model32, site)
    weight = site_module(model32.pipe, site).weight
    assert (found["dtype"], found["sha256"]) == ("float32", tensor_hash(weight))
    assert len(found["sample"]) == SAMPLES
    assert set(found["sample"]) <= set(weight.flatten().tolist())


def test_one_changed_bit_is_another_weight_and_is_named(model32, site):
    base = fingerprints(model32.pipe, [site])
    check_base(model32.pipe, base)
    with torch.no_grad():
        weight = site_module(model32.pipe, site).weight
        weight.view(-1)[1] = torch.nextafter(weight.view(-1)[1], torch.tensor(9.0))
    with pytest.raises(UserError, match=f"'{site}' differs from the one this edit was solved on: apply it to the base"):
        check_base(model32.pipe, base)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_another_precision_of_the_same_weight_is_known(model32, other_model, site, dtype):
    known = of(model32, site)
    same, other = (site_module(m.pipe, site).weight.detach().to(dtype) for m in (model32, other_model))
    check_weight(site, same, known)
    assert not is_base(other, known)
    with pytest.raises(UserError, match="force=True"):
        check_weight(site, other, known)


def test_fingerprints_of_two_precisions_are_of_one_weight(model_at, other_model, site):
    full, half = (of(model_at(dtype), site) for dtype in (torch.float32, torch.float16))
    assert same_base(full, half)
    assert same_base(full, full)
    assert not same_base(full, of(other_model, site))
    assert not same_base(half, of(other_model, site))


def test_where_nothing_is_known_anything_will_do():
    assert is_base(torch.zeros(2, 2), None)


def test_the_weights_may_be_read_elsewhere(model32, other_model, site):
    held = {site: site_module(other_model.pipe, site).weight}
    check_base(model32.pipe, fingerprints(other_model.pipe, [site]), held.__getitem__)


def test_a_weight_of_another_size_is_not_it(model32, site):
    assert not is_base(torch.zeros(3, 3, dtype=torch.float16), of(model32, site))
