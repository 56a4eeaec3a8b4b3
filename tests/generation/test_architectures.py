"""Work lists are drawn by every kind of pipeline, each image from its own seed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from erasepro.errors import UserError
from erasepro.generation import Row, generate
from tests.models.pipelines import build

ROWS = [Row(f"r{i}", f"a photo of a {what}", i) for i, what in enumerate(("dog", "cat", "car"))]


@pytest.mark.parametrize("name", ["sdxl", "flux", "pixart", "cogvideox"])
def test_every_pipeline_draws_a_work_list(name, tmp_path):
    pipe = build(name)
    size = None if name == "sdxl" else 16
    for batch in (1, 3):
        store = generate(
            pipe, ROWS, tmp_path / str(batch), batch_size=batch, steps=2, size=size, progress=False, model_hash=name
        )
        assert not store.missing(ROWS)
    for row in ROWS:
        one, three = (np.asarray(Image.open(tmp_path / b / f"{row.name}.png")).astype(int) for b in ("1", "3"))
        assert one.shape[-1] == 3
        assert np.abs(one - three).max() <= 1  # rounding of batched matrix products
    pictures = {Image.open(tmp_path / "3" / f"{row.name}.png").tobytes() for row in ROWS}
    assert len(pictures) == 3


def test_a_sampler_for_noise_is_refused_for_flow_models(tmp_path):
    with pytest.raises(UserError, match="samples with FlowMatchEulerDiscreteScheduler: set generation"):
        generate(build("flux"), ROWS, tmp_path, steps=2, size=16, scheduler="ddim", progress=False)
