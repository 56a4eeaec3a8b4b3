"""torchvision's ImageNet networks from local files: ResNet-50's answers, and the layers of VGG-16, AlexNet and ResNet-50."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError, unknown
from erasepro.metrics.networks.pickles import check_weights, file_sha256, load_weights, weights_file

FILES = {"resnet50": "resnet50-0676ba61.pth", "vgg16": "vgg16-397923af.pth", "alexnet": "alexnet-owt-7be5be79.pth"}
CUTS = {"vgg16": (4, 9, 16, 23, 30), "alexnet": (2, 5, 8, 10, 12)}
"""Where ``features`` is cut: after relu1_2, 2_2, 3_3, 4_3, 5_3; after each of AlexNet's five (Zhang et al.'s choice)."""
SHIFT, SCALE = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone:
    """A network whose weights lie in a file; loaded at the first picture.

    Args:
        name: resnet50 | vgg16 | alexnet.
        weights: safetensors, or the published pickle; None: torch.hub's cache, downloaded where it is missing.
        key: the setting that names the weights, for errors.
    """

    def __init__(self, name: str, weights: str | None, key: str) -> None:
        if name not in FILES:
            raise unknown("network", name, FILES)
        self.name, self._weights, self._setting = name, weights, key

    @cached_property
    def file(self) -> Path:
        """The file of the weights. Raises UserError where there is none and none can be downloaded."""
        return weights_file(self._weights, FILES[self.name], self._setting)

    def check(self, *published: str) -> None:
        """Raises UserError where the weights are not there, cannot be downloaded, or are another network's.

        ``published``: further published files that will do.
        """
        check_weights(self.file, [FILES[self.name], *published], _shapes(empty(self.name)))

    @cached_property
    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of the weights' file."""
        return file_sha256(self.file)[:12]

    @cached_property
    def device(self) -> torch.device:
        """The accelerator where there is one, else the CPU."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @cached_property
    def module(self) -> Any:
        """The loaded torchvision module, in evaluation mode."""
        return build(self.name, load_weights(self.file), self.file.name).to(self.device)


def empty(name: str) -> Any:
    """The module without memory for its weights: no time is lost on random ones."""
    from torchvision import models

    with torch.device("meta"):
        return getattr(models, name)(weights=None)


def build(name: str, weights: dict[str, Tensor], file: str = "the weights") -> Any:
    """The module with these weights. Raises UserError where they are another network's."""
    module: nn.Module = empty(name)
    for key, shape in _shapes(module).items():
        if key not in weights or weights[key].shape != shape:
            raise UserError(f"{file} does not hold torchvision's {name}: it lacks the tensor {key} of {tuple(shape)}.")
    wanted = module.state_dict()
    extra = {key: torch.tensor(0) for key in wanted if key not in weights}  # older files lack num_batches_tracked
    module.load_state_dict({k: v for k, v in {**weights, **extra}.items() if k in wanted}, assign=True)
    return module.eval().requires_grad_(False)


def _shapes(module: nn.Module) -> dict[str, torch.Size]:
    """What a file must hold; older ones lack the batch counters, which are not looked at."""
    return {k: v.shape for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}


class Classifier:
    """ResNet-50 over ImageNet's 1,000 classes: pictures (B, 3, H, W) uint8 RGB to ``logits`` (B, 1000).

    Preprocessing is that of torchvision's IMAGENET1K_V1 weights: the shorter side to 256 (bilinear, antialiased), the
    middle 224 × 224, normalised.
    """

    def __init__(self, weights: str | None, key: str) -> None:
        self.backbone = Backbone("resnet50", weights, key)

    @property
    def key(self) -> str:
        """Network, hash of its weights, and preprocessing."""
        return f"resnet50-{self.backbone.digest}-256-224"

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Logits (B, 1000) of pictures (B, 3, H, W) uint8 RGB, in ImageNet's order, under ``logits``."""
        with torch.inference_mode():
            return {"logits": self.backbone.module(self.preprocess(images.to(self.backbone.device)))}

    @cached_property
    def preprocess(self) -> Any:
        """uint8 (B, 3, H, W) to float (B, 3, 224, 224)."""
        from torchvision.models import ResNet50_Weights

        return ResNet50_Weights.IMAGENET1K_V1.transforms()


class Layers:
    """Pictures (B, 3, H, W) uint8 RGB to the feature maps after several layers, [(B, C_l, H_l, W_l)]."""

    def __init__(self, name: str, weights: str | None, key: str) -> None:
        self.backbone = Backbone(name, weights, key)
        self.name = name

    @property
    def key(self) -> str:
        """Network, hash of its weights, and that its layers are answered."""
        return f"{self.name}-{self.backbone.digest}-layers"

    def __call__(self, images: Tensor) -> list[Tensor]:
        """The maps of pictures (B, 3, H, W) uint8 RGB after each layer, shallow to deep."""
        x = images.to(self.backbone.device).float() / 255
        shift, scale = (x.new_tensor(v).view(3, 1, 1) for v in (SHIFT, SCALE))
        x, maps, module = (x - shift) / scale, [], self.backbone.module
        for part in _parts(self.name, module):
            x = part(x)
            maps.append(x)
        return maps


def _parts(name: str, module: Any) -> list[nn.Sequential]:
    if name == "resnet50":
        stem = nn.Sequential(module.conv1, module.bn1, module.relu)
        return [stem, nn.Sequential(module.maxpool, module.layer1), module.layer2, module.layer3, module.layer4]
    cuts = (0, *CUTS[name])
    return [module.features[a:b] for a, b in pairwise(cuts)]
