"""The Inception network of FID: torch-fidelity's port of the TensorFlow graph, fed by one of three ways to resize.

torch-fidelity's own constructor reads a file with Python's pickle. Here the tensors are read by ``pickles.load_weights`` and
handed to it in memory.
"""

from __future__ import annotations

import io
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from erasepro.errors import UserError, unknown
from erasepro.metrics.networks.pickles import check_weights, file_sha256, load_weights, weights_file

FILE = "weights-inception-2015-12-05-6726825d.pth"
SIDE = 299
TELLING = {"Mixed_7c.branch_pool.conv.weight": (192, 2048, 1, 1), "fc.weight": (1008, 2048)}
"""Tensors that torchvision's Inception does not have in these shapes."""
RESIZES = ("clean", "tensorflow", "antialias")


class Inception:
    """Pictures (B, 3, H, W) uint8 RGB of any size to the 2,048 features before the last layer.

    Args:
        weights: a local file (safetensors, or the published one); None: torch.hub's cache, downloaded where it is missing.
        resize: ``clean``: bicubic with antialiasing, not rounded (clean-fid; Parmar et al., arXiv 2104.11222);
            ``tensorflow``: bilinear without antialiasing, as FID's first code did it (torch-fidelity, pytorch-fid's numbers are
            near); ``antialias``: bilinear with antialiasing (torchmetrics' default). Numbers of different ways differ.
        key: the setting that names the weights, for errors.

    Raises UserError for an unknown way to resize; the file is looked at when it is needed.
    """

    num_features = 2048

    def __init__(
        self, weights: str | None = None, resize: str = "clean", key: str = "metrics.params.fid.weights"
    ) -> None:
        if resize not in RESIZES:
            raise unknown(f"value of {key.rpartition('.')[0]}.resize", resize, RESIZES)
        self._weights, self.resize, self._setting = weights, resize, key

    @cached_property
    def file(self) -> Path:
        """The file of the weights. Raises UserError where there is none and none can be downloaded."""
        return weights_file(self._weights, FILE, self._setting)

    def check(self) -> None:
        """Raises UserError where the weights are not there, cannot be downloaded, or are another network's."""
        check_weights(self.file, [FILE], TELLING)

    @cached_property
    def key(self) -> str:
        """Network, hash of its weights, and the way of resizing."""
        return f"inception-{file_sha256(self.file)[:12]}-{self.resize}"

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """The features (B, 2048) of pictures (B, 3, H, W) uint8 RGB, under ``features``."""
        with torch.inference_mode():
            x = self.resized(images.to(self._device))  # (B, 3, 299, 299)
            return {"features": self._net((x - 128) / 128).flatten(1)}

    def resized(self, images: Tensor) -> Tensor:
        """Pictures uint8 to float32 (B, 3, 299, 299), still in [0, 255]."""
        x = images.float()
        if self.resize == "tensorflow":
            from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

            return interpolate_bilinear_2d_like_tensorflow1x(x, size=(SIDE, SIDE), align_corners=False)
        mode = "bicubic" if self.resize == "clean" else "bilinear"
        x = F.interpolate(x, (SIDE, SIDE), mode=mode, align_corners=False, antialias=True)
        return x.clamp(0, 255) if self.resize == "clean" else x

    @cached_property
    def _device(self) -> torch.device:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @cached_property
    def _net(self) -> nn.Module:
        return build(load_weights(self.file), self.file.name).to(self._device)


def build(weights: dict[str, Tensor], name: str = "the weights") -> nn.Sequential:
    """The layers up to the pooled features, from a state dict as published. Raises UserError for another network's."""
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise UserError("The Inception network needs torch-fidelity: pip install torch-fidelity") from error
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    buffer.seek(0)
    try:
        whole = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=buffer)
    except RuntimeError as error:  # other tensors than the network's
        raise UserError(f"{name} does not hold the FID Inception's weights (Mixed_7c, fc (1008, 2048), …).") from error
    return nn.Sequential(*[layer for part, layer in whole.named_children() if part != "fc"]).eval()
