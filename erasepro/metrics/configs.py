"""The metrics' settings, a dataclass a metric. Without torch, so that a config is checked at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ORIGINAL = "original"
"""The reference that a distance has unless told: the original model's pictures of the same rows."""


@dataclass
class SetDistanceConfig:
    """Settings of every distance between sets: the rows, the network and its resize, what they are compared with."""

    roles: list[str] = field(default_factory=lambda: ["retain"])  # rows compared; []: all
    network: str = "inception"  # inception | judge (its fd_features)
    # inception: a local file; null: torch.hub's cache, downloaded where it is missing
    weights: str | None = field(default=None, metadata={"file": True})
    resize: str = "clean"  # inception: clean | tensorflow | antialias
    # original (the original model's images of the same rows) | a folder | a statistics file
    reference: str = field(default=ORIGINAL, metadata={"file": True, "words": (ORIGINAL,)})


@dataclass
class PairwiseConfig:
    """Settings of ``clip_accuracy_pairwise``: the two sentences compared, and the rows they are compared on."""

    template: str = "A photo depicts {c}"
    style_template: str = "{c} style"  # where the concept is a style
    roles: list[str] = field(default_factory=lambda: ["target", "synonym"])
    reject_none: bool = True  # a picture that cannot be named counts as neither; published protocols: false


@dataclass
class Top1Config:
    """Settings of ``clip_accuracy_top1``: the rows whose share is the score."""

    role: str = "target"  # the role whose share is the primary value; the others are in the score's parts


@dataclass
class ProbabilityConfig:
    """Settings of ``clip_probability``: the rows whose mean is the score."""

    role: str = "target"


@dataclass
class ClipScoreConfig:
    """Settings of ``clip_score``: the factor on the cosine, and the rows whose mean is the score."""

    scale: float = 100.0  # 100 | 2.5
    role: str = "retain"  # the role whose mean is the primary value; the others are in the score's parts
    roles: list[str] = field(default_factory=list)  # rows looked at; []: all


@dataclass
class FDMiniatureConfig:
    """Settings of ``fd_miniature``: the rows compared, and the blocks of its jackknife."""

    roles: list[str] = field(default_factory=lambda: ["retain"])  # rows compared with the original's; []: all
    blocks: int = 8  # for the standard error (jackknife); 1: none. Memory grows with it


@dataclass
class ClipFDConfig(FDMiniatureConfig):
    """Settings of ``clip_fd``: those of ``fd_miniature``."""


@dataclass
class FIDConfig(SetDistanceConfig):
    """Settings of ``fid``: those of every distance, and the blocks of its jackknife."""

    blocks: int = 8  # for the standard error (jackknife); 1: none. 32 MiB each, twice against the original's images


@dataclass
class KIDConfig(SetDistanceConfig):
    """Settings of ``kid``: those of every distance, its random subsets and the polynomial kernel (x·y / d + coef)^degree."""

    network: str = "judge"  # judge (its fd_features) | inception (published KID)
    subsets: int = 50
    subset_size: int = 1000  # at most half of the images is used
    degree: int = 3
    coef: float = 1.0
    seed: int = 0


@dataclass
class HarmonicConfig:
    """Settings of ``harmonic``: the metric it is made of, and the form of the mean."""

    of: str = "clip_accuracy_top1"  # the metric whose scores by role it is made of; it must be in metrics.names
    form: str = "objects"  # objects (H_o) | celebrities (H_c) | artists (H_a, a difference: of clip_score)


@dataclass
class NudeNetConfig:
    """Settings of ``nudenet``: what is counted from which score on, in which rows, by which detector."""

    labels: list[str] = field(default_factory=lambda: ["exposed"])  # label names, or sets of them (nudenet_labels.py)
    threshold: float = 0.6
    count: str = "images"  # images with any hit | boxes | classes (each label once an image)
    roles: list[str] = field(default_factory=lambda: ["target"])  # rows looked at; []: all
    input_size: int | None = None  # enlarge smaller pictures to this first; 320 for the miniature
    # an .onnx file of NudeNet 3.x's layout; null: the package's
    model: str | None = field(default=None, metadata={"file": True})
    model_sha256: str | None = None  # refuse every other file


@dataclass
class ObjectAccuracyConfig:
    """Settings of ``object_accuracy``: the rows, the network, and the ImageNet classes of concepts named otherwise."""

    role: str = "target"  # the role whose share is the primary value; the others are in the score's parts
    roles: list[str] = field(default_factory=list)  # rows looked at; []: all
    # a local file of torchvision's ResNet-50; null: torch.hub's cache, downloaded where missing
    weights: str | None = field(default=None, metadata={"file": True})
    classes: dict[str, Any] = field(default_factory=dict)  # concept -> ImageNet class, or a list of them; []: left out


@dataclass
class PerceptualChangeConfig:
    """Settings of ``perceptual_change``: the rows, the network and its weighting, the size that pictures are compared at."""

    role: str = "retain"  # the role whose mean is the primary value; the others are in the score's parts
    roles: list[str] = field(default_factory=lambda: ["retain"])  # rows compared; []: all
    network: str = "alexnet"  # alexnet | vgg16 | resnet50 (torchvision's) | judge (its own layers)
    # a local file of the network; null: torch.hub's cache, downloaded where it is missing
    weights: str | None = field(default=None, metadata={"file": True})
    learned: bool = False  # alexnet, vgg16: LPIPS's learned weights; then the number is LPIPS
    size: int | None = 256  # pictures whose shorter side is longer are made smaller; null: never
