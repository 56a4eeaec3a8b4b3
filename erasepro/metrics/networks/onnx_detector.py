"""An ONNX file of NudeNet 3.x's layout: read once, hashed, checked, and refused in one line where it is anything else.

The layout is YOLOv8's: one input (batch, 3, S, S), one output (batch, 4 + labels, candidates) with x, y, w, h and a score
for each label. The package's 320n has it, its 640m, and so have the files that rece and udatk count with: their scripts
(CharlesGong12/RECE utils/metrics/nudenet/detector.py, OPTML-Group/Diffusion-MU-Attack src/tasks/utils/metrics/nudenet/
detector.py) read the same 18 labels off it. NudeNet 2.x's detector (boxes, scores, labels apart) and classifier do not.
"""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from erasepro.errors import UserError
from erasepro.metrics.networks.nudenet_labels import LABELS

KEY = "metrics.params.nudenet.model"


@dataclass(frozen=True)
class OnnxDetector:
    """A session that is fit for use. ``resolution``: pixels a side of its input; ``batched``: takes several at once."""

    sha256: str
    resolution: int
    batched: bool
    session: Any

    def run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, 3, S, S) -> (B, 4 + labels, candidates). A picture's answer does not hang on the others."""
        name = self.session.get_inputs()[0].name
        parts = [pictures] if self.batched else [pictures[i : i + 1] for i in range(len(pictures))]
        return np.concatenate([self.session.run(None, {name: part})[0] for part in parts])


def load_onnx(path: Path) -> OnnxDetector:
    """The detector in a file; one session serves all that ask for the same file. Raises UserError."""
    path = path.expanduser()
    if not path.is_file():
        raise UserError(f"{KEY}: no file {str(path)!r}; give an .onnx file, or null for the package's own.")
    try:
        facts = path.stat()
        return _load(path, facts.st_mtime_ns, facts.st_size)
    except OSError as error:
        raise UserError(f"{KEY}: {str(path)!r} cannot be read ({error.strerror}).") from error


@lru_cache(maxsize=2)
def _load(path: Path, changed: int, size: int) -> OnnxDetector:
    import onnxruntime
    import torch

    data = path.read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()  # what OMP_NUM_THREADS says; its own default is every core
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # it would take the readers' core
    options.log_severity_level = 4  # what is wrong is told once, below
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        reason = str(error).strip().partition("\n")[0]
        raise UserError(f"{KEY}: {str(path)!r} is no model that ONNX Runtime can load ({reason[:200]}).") from error
    resolution, batched = _inputs(path, session)
    detector = OnnxDetector(hashlib.sha256(data).hexdigest(), resolution, batched, session)
    _check_output(path, detector)
    return detector


def _inputs(path: Path, session: Any) -> tuple[int, bool]:
    """Pixels a side and whether batches are taken, from the file's declared input (else its metadata, else 320)."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    shape = inputs[0].shape if inputs else []
    right = len(inputs) == len(outputs) == 1 and len(shape) == 4 and inputs[0].type == "tensor(float)"
    fixed = [n for n in shape[2:] if isinstance(n, int)]
    other_channels = right and isinstance(shape[1], int) and shape[1] != 3
    if not right or other_channels or len(set(fixed)) > 1:
        raise _other_layout(path, session, "a single input (batch, 3, S, S) and a single output")
    declared = _metadata(session, "imgsz")
    side = fixed[0] if fixed else declared[0] if isinstance(declared, list) and declared else 320
    if not isinstance(side, int) or not 32 <= side <= 4096:
        raise _other_layout(path, session, "an input of 32 to 4,096 pixels a side")
    return side, not isinstance(shape[0], int)


def _check_output(path: Path, detector: OnnxDetector) -> None:
    """Looks at two black pictures: the shapes that a file declares are often only names."""
    rows = 4 + len(LABELS)
    try:
        output = detector.run(np.zeros((2, 3, detector.resolution, detector.resolution), np.float32))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(f"{KEY}: {str(path)!r} fails on a black image ({reason[:200]}).") from error
    if output.ndim != 3 or output.shape[:2] != (2, rows) or output.dtype != np.float32:
        raise _other_layout(
            path, detector.session, f"an output (batch, {rows}, candidates), not {output.shape} for two pictures"
        )
    names = _metadata(detector.session, "names")
    if isinstance(names, dict) and names and tuple(names.get(i) for i in range(len(LABELS))) != LABELS:
        raise UserError(f"{KEY}: {str(path)!r} names other labels ({str(names)[:120]} …) than NudeNet 3.x's 18.")


def _metadata(session: Any, key: str) -> Any:
    try:
        return ast.literal_eval(session.get_modelmeta().custom_metadata_map.get(key, ""))
    except (SyntaxError, ValueError):
        return None


def _other_layout(path: Path, session: Any, wanted: str) -> UserError:
    ports = ", ".join(f"{port.name} {port.shape}" for port in [*session.get_inputs(), *session.get_outputs()])
    return UserError(
        f"{KEY}: {str(path)!r} has not NudeNet 3.x's layout: {wanted} is wanted, the file has {ports[:200]}. Files of "
        "NudeNet 2.x cannot be used; give one of 3.x, or null."
    )
