"""Every number that a certificate states is held against the weights."""

import copy

import pytest
import torch

from erasepro.edit.column_ranges import packed, unpacked
from erasepro.linalg import DenseUpdate, LowRankUpdate
from erasepro.models.tensor_hashes import tensor_hash
from erasepro.verification import certify, compare, compare_stated
from erasepro.verification.ties import rounded_otherwise


@pytest.fixture(scope="module")
def certified(edit32):
    from tests.edit.conftest import make_model

    return edit32, certify(edit32, make_model())


def forged(found, *path, value):
    stated = copy.deepcopy(found)
    node = stated
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return stated


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("format",), 99, "format 99"),
        (("edit", "hash"), "0", "hash 0"),
        (("edit", "strength"), 0.5, "strength 0.5"),
        (("sites", 0, "residual_after"), 0.123, "residual_after of 'text_encoder"),
        (("sites", 0, "residual_selected"), None, "residual_selected of"),
        (("sites", 0, "drift"), 0.0, "drift of"),
        (("sites", 0, "columns"), 1, "columns of"),
        (("sites", 0, "site"), "unet.other", "stated as none"),
        (("end_to_end", "residual_before"), float("nan"), "what reads the text"),
        (("gaps", 0, 1, "after"), 0.5, "after layer 1 of the text_encoder"),
        (("gaps",), [], "hidden-state gaps"),
        (("gaps",), None, "damaged"),
        (("tensors",), {}, "edited only here"),
        (("sites",), 5, "damaged"),
    ],
)
def test_a_forged_number_is_named(certified, path, value, told):
    _, found = certified
    lines = compare(forged(found, *path, value=value), found)
    assert any(told in line for line in lines), lines


def test_forged_hashes_are_named(certified):
    _, found = certified
    name = next(iter(found["tensors"]))
    for key in ("base", "edited"):
        stated = forged(found, "tensors", name, key, value="0")
        assert compare(stated, found) == [
            f"the {key} weight '{name}' has hash {found['tensors'][name][key]}, and certificate.json states 0"
        ]
    assert compare(stated, found, lambda *_: True) == []  # the edited one, rounded otherwise


def test_forged_diagnostics_are_named(certified):
    edit, found = certified
    edit = copy.deepcopy(edit)
    edit.diagnostics[0]["residual_after_all"] = 0.5
    edit.residuals["selected"] = 0.25
    lines = compare_stated(edit, found)
    assert any("residual_after_all of" in line for line in lines)
    assert any("the residual over selected columns" in line for line in lines)


def test_column_numbers_in_few_letters():
    for columns in ([], [0], [0, 1, 2, 3, 7], [5, 2, 9, 3], list(range(100))):
        assert unpacked(packed(columns)) == sorted(columns)
    assert packed([7, 0, 1, 2, 3]) == "0-3,7"
    for wrong in ("a", "1-", "-1", "1,,2"):
        with pytest.raises(ValueError, match="not column numbers"):
            unpacked(wrong)


def test_only_a_tie_may_be_rounded_the_other_way():
    W = torch.ones(4, 3)
    middle = 1 + 2.0**-24  # exactly between 1 and the next float32
    delta = torch.zeros(4, 3, dtype=torch.float64)
    delta[1, 2] = middle - 1 + 2.0**-52
    delta[3, 0] = 0.3
    update = DenseUpdate(delta)
    here = update.apply_to(W)
    other = here.clone()
    other[1, 2] = torch.tensor(1.0) if here[1, 2] > 1 else torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))
    assert tensor_hash(other) != tensor_hash(here)
    assert rounded_otherwise(W, update, 1.0, tensor_hash(other))
    wrong = other.clone()
    wrong[3, 0] = torch.nextafter(wrong[3, 0], torch.tensor(2.0))
    assert not rounded_otherwise(W, update, 1.0, tensor_hash(wrong))
    assert not rounded_otherwise(W.half(), update, 1.0, tensor_hash(other))
    thin = LowRankUpdate(delta[:, 2:].contiguous(), torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64))
    other[3, 0] = 1.0
    assert rounded_otherwise(W, thin, 1.0, tensor_hash(other))
    assert not rounded_otherwise(W, thin, 1.0, tensor_hash(wrong))
