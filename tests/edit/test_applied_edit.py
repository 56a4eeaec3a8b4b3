"""``with edit.apply(pipe):`` takes the edit off behind the block; without ``with`` it stays."""

import pytest

from erasepro.errors import UserError
from erasepro.models.tensor_hashes import weights_hash


def test_behind_the_block_every_byte_is_back(model32, edit32):
    with edit32.apply(model32.pipe) as applied:
        assert applied is edit32
        assert weights_hash(model32.pipe) != model32.weights_hash
    assert weights_hash(model32.pipe) == model32.weights_hash
    with pytest.raises(ZeroDivisionError), edit32.apply(model32.pipe):
        _ = 1 / 0
    assert weights_hash(model32.pipe) == model32.weights_hash


def test_without_a_block_it_stays_until_it_is_reverted(model32, edit32):
    shown = repr(edit32.apply(model32.pipe))
    assert shown.startswith("Edit(erasepro, dog → cat")
    assert shown.endswith("revert(pipe) takes it off")
    assert weights_hash(model32.pipe) != model32.weights_hash
    edit32.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash


def test_a_block_may_revert_it_itself(model32, edit32):
    with edit32.apply(model32.pipe):
        edit32.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash


def test_another_edit_left_on_the_pipeline_is_not_taken_off_unasked(model32, edit32):
    half = edit32.scale(0.5)
    block = edit32.apply(model32.pipe)
    block.__enter__()
    edit32.revert(model32.pipe)
    half.apply(model32.pipe)
    with pytest.raises(UserError, match="revert that one"):
        block.__exit__(None, None, None)
    half.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash
