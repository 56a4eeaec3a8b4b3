"""The trained miniature draws the same pictures however the list is cut up."""

import pytest

from erasepro.generation import Row, generate

ROWS = [Row(f"p{i}", f"a picture of a {name}", i) for i, name in enumerate(["dog", "castle", "penguin", "car", "pear"])]
FAST = {"steps": 8, "guidance": 3.0, "progress": False}


@pytest.fixture(scope="module")
def pipe():
    from erasepro import load_model

    return load_model("miniature").pipe


@pytest.fixture(scope="module")
def whole(pipe, tmp_path_factory):
    return generate(pipe, ROWS, tmp_path_factory.mktemp("whole"), batch_size=16, **FAST)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_batches_agree_up_to_rounding(pipe, whole, tmp_path, batch_size):
    """Two grey levels of 255: batched matrix products add in another order, and eight steps with guidance carry that on."""
    names = [row.name for row in ROWS]
    found = generate(pipe, ROWS, tmp_path, batch_size=batch_size, **FAST).load(names).int()
    assert (found - whole.load(names).int()).abs().max() <= 2
