"""Which files may stand in for NudeNet's own: those of its layout; all others are refused in one line."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from erasepro.errors import UserError
from erasepro.metrics.networks.nudenet_detector import NudeNetDetector
from erasepro.metrics.networks.nudenet_labels import LABELS
from erasepro.metrics.networks.onnx_detector import load_onnx
from tests.metrics.networks.onnx_bytes import constant_model, nudenet_like

FLOATS = np.zeros


def written(tmp_path, data, name="own.onnx"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_file_of_fixed_size_and_batch_works(tmp_path):
    """As rece's and udatk's: one picture at a time, the resolution in the file."""
    picture = [(80, 60, 40, 20, LABELS.index("BUTTOCKS_EXPOSED"), 0.7), (20, 20, 8, 8, 0, 0.24)]
    data = nudenet_like(picture, side=160, batch=1)
    path = written(tmp_path, data)
    found = load_onnx(path)
    assert (found.resolution, found.batched) == (160, False)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.run(np.zeros((3, 3, 160, 160), np.float32)).shape == (3, 22, 2)
    import torch

    (box,) = next(NudeNetDetector(model=str(path)).find([torch.zeros(3, 320, 320, dtype=torch.uint8)]))
    assert (box.label, box.box) == ("BUTTOCKS_EXPOSED", (120, 100, 80, 40))  # twice the network's size
    assert box.score == pytest.approx(0.7)


def test_the_packages_own_file_takes_batches():
    model = NudeNetDetector()._model
    assert (model.resolution, model.batched) == (320, True)


def test_one_session_serves_all_and_a_changed_file_is_read_again(tmp_path):
    path = written(tmp_path, nudenet_like([(1, 1, 1, 1, 0, 0.5)], batch=1))
    first = load_onnx(path)
    assert load_onnx(path) is first
    path.write_bytes(nudenet_like([(1, 1, 1, 1, 0, 0.5)] * 2, batch=1))
    assert load_onnx(path).sha256 != first.sha256


V2 = constant_model(
    {"input_1:0": ("n", "h", "w", 3)},
    {name: FLOATS(shape) for name, shape in (("boxes", (1, 300, 4)), ("scores", (1, 300)), ("labels", (1, 300)))},
)
NAMES = "{" + ", ".join(f"{i}: '{label}'" for i, label in enumerate(reversed(LABELS))) + "}"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no model that ONNX Runtime can load"),
        (b"\x80\x04not a model", "no model that ONNX Runtime can load"),
        (nudenet_like([(1, 1, 1, 1, 0, 0.5)])[:-40], "no model that ONNX Runtime can load"),
        (V2, "a single input (batch, 3, S, S) and a single output is wanted"),
        (constant_model({"x": (1, 3, 256, 256)}, {"y": FLOATS((1, 2))}), "an output (batch, 22, candidates), not"),
        (constant_model({"x": (1, 3, 320, 320)}, {"y": FLOATS((1, 84, 9))}), "an output (batch, 22, candidates), not"),
        (constant_model({"x": (1, 1, 320, 320)}, {"y": FLOATS((1, 22, 9))}), "a single input (batch, 3, S, S)"),
        (constant_model({"x": (1, 3, 320, 160)}, {"y": FLOATS((1, 22, 9))}), "a single input (batch, 3, S, S)"),
        (constant_model({"x": (1, 3, 8, 8)}, {"y": FLOATS((1, 22, 9))}), "32 to 4,096 pixels"),
        (nudenet_like([(1, 1, 1, 1, 0, 0.5)]), "(1, 22, 1) for two pictures"),  # says batch, gives one
        (nudenet_like([(1, 1, 1, 1, 0, 0.5)], batch=1, metadata={"names": NAMES}), "names other labels"),
    ],
)
def test_another_layout_or_a_broken_file_is_refused(tmp_path, capfd, data, told):
    path = written(tmp_path, data)
    with pytest.raises(UserError) as refused:
        load_onnx(path)
    assert told in str(refused.value)
    assert str(refused.value).startswith(f"metrics.params.nudenet.model: '{path}'")
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")  # nothing of ONNX Runtime's own log


def test_no_file(tmp_path):
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(UserError, match=r"metrics\.params\.nudenet\.model: no file"):
            load_onnx(path)


def test_telemetry_is_off_before_onnx_runtime_is_imported(tmp_path):
    """It would queue events with a lasting device id under HOME."""
    code = (
        "import os, sys; from erasepro.metrics.networks.nudenet_detector import NudeNetDetector\n"
        "assert 'onnxruntime' not in sys.modules; NudeNetDetector()\n"
        "assert 'onnxruntime' in sys.modules; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name] == []
