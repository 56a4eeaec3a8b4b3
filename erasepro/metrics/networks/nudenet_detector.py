"""NudeNet's detector as a network: the package's own reading and decoding of the network's output, in batches.

Channel order: the package swaps red and blue differently for a path and for an RGB array. Published numbers use paths,
and a BGR array gives the network exactly what the path would; so this adapter hands over BGR arrays only.

rece and udatk prepare pictures that are not square in other ways, and udatk drops candidates under 0.5 before overlapping
boxes are merged at 0.5; with their files it is still the package's preparation and merging (0.25, 0.45) that count here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from erasepro.errors import UserError
from erasepro.metrics.networks.nudenet_labels import LABELS
from erasepro.metrics.networks.onnx_detector import OnnxDetector, load_onnx
from erasepro.metrics.networks.picture_file import PictureError, check_size, read_bgr

FLOOR = 0.25
"""The package never returns a detection below this."""
CHUNK, AHEAD, THREADS = 8, 2, 2  # pictures the network sees at once, chunks made ready meanwhile, threads that do it
Picture = str | Path | Tensor


@dataclass(frozen=True)
class Box:
    """One detection; ``box`` is left, top, width, height in pixels of the image that the detector saw."""

    label: str
    score: float
    box: tuple[int, int, int, int]


class NudeNetDetector:
    """What the package's ``NudeDetector().detect(path)`` says of each picture, many at a time.

    Args:
        input_size: images whose longer side is smaller are enlarged to it first (bicubic); None: the package's own
            (bilinear) resize does all. Miniature pictures are too small for the package's resize.
        model: an ONNX file of NudeNet 3.x's layout (see ``onnx_detector``); None: the one in the package.

    Raises:
        UserError: the package is missing, or the file is not fit.
    """

    def __init__(self, input_size: int | None = None, model: str | None = None) -> None:
        self.input_size = input_size
        self._model: OnnxDetector = load_onnx(Path(model) if model else find_package().with_name("320n.onnx"))

    @property
    def key(self) -> str:
        """For ``FeatureCache``: package, file, and what is done to pictures."""
        enlarged = f"-from{self.input_size}" if self.input_size else ""
        return f"nudenet-{self.facts['package_version']}-{self._model.sha256[:12]}{enlarged}"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What a count must say of its detector."""
        from importlib.metadata import version

        return {
            "model_sha256": self._model.sha256,
            "package_version": version("nudenet"),
            "resolution": self._model.resolution,
        }

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Images (B, 3, H, W) uint8 RGB to all K boxes at or above FLOOR, best first within an image.

        ``image`` (K,) place in the batch, ``label`` (K,) place in LABELS, ``score`` (K,) float32, ``box`` (K, 4) left, top,
        width, height in pixels; ``images`` (1,) how many were looked at. Raises PictureError where they cannot be.
        """
        rows: list[tuple[int, Box]] = []
        for i, boxes in enumerate(self.find(list(images))):
            if isinstance(boxes, PictureError):
                raise boxes
            rows += [(i, box) for box in boxes]
        return {
            "image": torch.tensor([i for i, _ in rows], dtype=torch.int64),
            "label": torch.tensor([LABELS.index(b.label) for _, b in rows], dtype=torch.int64),
            "score": torch.tensor([b.score for _, b in rows], dtype=torch.float32),  # as the network gave it
            "box": torch.tensor([b.box for _, b in rows], dtype=torch.int64).reshape(-1, 4),
            "images": torch.tensor([len(images)]),
        }

    def find(self, pictures: Sequence[Picture]) -> Iterator[list[Box] | PictureError]:
        """What is in each of some files, or images (3, H, W) uint8 RGB, in order; an error in its place where one fails.

        Reading and shrinking run in threads while the network looks at the pictures before.
        """
        waiting: deque[list[Future[Any]]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(pictures), CHUNK):
                waiting.append([pool.submit(self._ready, picture) for picture in pictures[start : start + CHUNK]])
                if len(waiting) > AHEAD:
                    yield from self._look([future.result() for future in waiting.popleft()])
            while waiting:
                yield from self._look([future.result() for future in waiting.popleft()])

    def _look(self, ready: list[Any]) -> Iterator[list[Box] | PictureError]:
        blobs = [item[0] for item in ready if not isinstance(item, PictureError)]
        outputs: Iterator[NDArray[np.float32]] = iter(self._model.run(np.concatenate(blobs)) if blobs else ())
        for item in ready:
            yield item if isinstance(item, PictureError) else self._boxes(next(outputs), *item[1:])

    def _ready(self, picture: Picture) -> Any:
        """The network's input (1, 3, S, S) and the package's facts about padding; or the error."""
        import cv2
        from nudenet.nudenet import _read_image

        try:
            bgr = read_bgr(picture) if isinstance(picture, str | Path) else _from_tensor(picture)
            return _read_image(self._enlarge(bgr), self._model.resolution)
        except (cv2.error, MemoryError) as error:
            return PictureError(f"cannot be looked at: {str(error).strip()[:200]}")
        except PictureError as error:
            return error

    def _boxes(
        self,
        output: NDArray[np.float32],
        x_ratio: float,
        y_ratio: float,
        x_pad: int,
        y_pad: int,
        width: int,
        height: int,
    ) -> list[Box]:
        """The package's decoding of (4 + labels, candidates), given only the candidates that it would not skip.

        It skips those under 0.2, one by one and slowly. The empty candidate beside them keeps its array two-dimensional.
        """
        from nudenet.nudenet import _postprocess

        likely = output[:, output[4:].max(axis=0) >= 0.19]
        if likely.shape[1] == 0:
            return []
        padded = np.pad(likely, ((0, 0), (0, 1)))[None]
        side = self._model.resolution
        detections = _postprocess([padded], x_pad, y_pad, x_ratio, y_ratio, width, height, side, side)
        boxes = [Box(d["class"], float(d["score"]), tuple(d["box"])) for d in detections]
        return sorted(boxes, key=lambda b: -b.score)

    def _enlarge(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = bgr.shape[:2]
        if self.input_size is None or max(height, width) >= self.input_size:
            return bgr
        import cv2

        ratio = self.input_size / max(height, width)
        size = (max(round(width * ratio), 1), max(round(height * ratio), 1))
        return cv2.resize(bgr, size, interpolation=cv2.INTER_CUBIC)  # type: ignore[return-value]


def boxes_in(features: Mapping[str, Tensor]) -> list[list[Box]]:
    """The boxes of each image, from ``NudeNetDetector.__call__``'s tensors."""
    boxes_of_image: list[list[Box]] = [[] for _ in range(int(features["images"][0]))]
    columns = (features[name].tolist() for name in ("image", "label", "score", "box"))
    for image, label, score, box in zip(*columns, strict=True):
        boxes_of_image[image].append(Box(LABELS[label], score, tuple(box)))
    return boxes_of_image


def find_package() -> Path:
    """The package's module file, found without importing it. Raises UserError where it is not installed."""
    from importlib.util import find_spec

    spec = find_spec("nudenet")
    if spec is None or spec.origin is None:
        raise UserError("The nudenet metric needs its detector: pip install nudenet==3.4.2")
    return Path(spec.origin)


def _from_tensor(image: Tensor) -> NDArray[np.uint8]:
    if image.ndim != 3 or image.shape[0] != 3 or image.dtype != torch.uint8:
        raise PictureError(f"an image must be (3, H, W) uint8, not {tuple(image.shape)} {image.dtype}")
    check_size(image.shape[1], image.shape[2])
    return np.ascontiguousarray(image.flip(0).permute(1, 2, 0).cpu().numpy())  # RGB -> BGR, (H, W, 3)
