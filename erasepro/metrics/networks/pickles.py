"""Weights of judges from files: safetensors, or one of the pickles that their authors published, known by its SHA-256.

A pickle can run code when it is read. So this is the only place that reads any, and only those whose whole hash is in
``PUBLISHED``; everything else must be safetensors.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.runtime.hub import check_may_download


@dataclass(frozen=True)
class Published:
    """A file of weights as its authors published it."""

    file: str
    sha256: str
    what: str
    url: str


_TORCHVISION = "https://download.pytorch.org/models/"
_ENTRIES = (
    Published(
        "weights-inception-2015-12-05-6726825d.pth",  # pytorch-fid's pt_inception-…: the same bytes
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        "the FID Inception",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    ),
    Published(
        "resnet50-0676ba61.pth",
        "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
        "torchvision's ResNet-50, IMAGENET1K_V1",
        _TORCHVISION + "resnet50-0676ba61.pth",
    ),
    Published(
        "resnet50-11ad3fa6.pth",
        "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca",
        "torchvision's ResNet-50, IMAGENET1K_V2",
        _TORCHVISION + "resnet50-11ad3fa6.pth",
    ),
    Published(
        "vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        "torchvision's VGG-16",
        _TORCHVISION + "vgg16-397923af.pth",
    ),
    Published(
        "alexnet-owt-7be5be79.pth",
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        "torchvision's AlexNet",
        _TORCHVISION + "alexnet-owt-7be5be79.pth",
    ),
    Published(
        "alex.pth",
        "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
        "LPIPS's layer weights for AlexNet, v0.1",
        "https://github.com/richzhang/PerceptualSimilarity/tree/master/lpips/weights/v0.1",
    ),
    Published(
        "vgg.pth",
        "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        "LPIPS's layer weights for VGG-16, v0.1",
        "https://github.com/richzhang/PerceptualSimilarity/tree/master/lpips/weights/v0.1",
    ),
)
PUBLISHED: dict[str, Published] = {entry.sha256: entry for entry in _ENTRIES}
"""By SHA-256."""
BY_FILE: dict[str, Published] = {entry.file: entry for entry in _ENTRIES}


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hex. Raises UserError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"Cannot read the weights file {str(path)!r}: {error.strerror}.") from error


def load_weights(path: str | Path) -> dict[str, Tensor]:
    """A file's tensors by name, on the CPU.

    Raises UserError for a file that is neither safetensors nor one of the pickles in ``PUBLISHED``, or is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(path)
    digest = file_sha256(path)
    if digest in PUBLISHED:
        data = path.read_bytes()  # what is hashed must be what is read, also where the file is changed just now
        if hashlib.sha256(data).hexdigest() == digest:
            return _tensors(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True), path)
    try:
        return load_file(str(path))
    except (SafetensorError, OSError) as error:
        if path.suffix != ".safetensors":
            raise UserError(
                f"{path.name} is not safetensors, and its SHA-256 {digest} is of no published file that is known "
                f"({', '.join(BY_FILE)}): convert it to safetensors where you trust it, or give the published file."
            ) from error
        raise UserError(f"{path.name} is no readable safetensors file ({error}); get it again.") from error


def check_weights(path: str | Path, published: Sequence[str], wanted: Mapping[str, Sequence[int]]) -> None:
    """Finds out from a file's hash or header alone whether it holds a network's weights. Raises UserError where it does not.

    Args:
        published: names in ``BY_FILE`` of the published files that are right.
        wanted: shapes of tensors that another file must hold.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    digest = file_sha256(path)
    if digest in PUBLISHED:
        if PUBLISHED[digest].file not in published:
            names = " or ".join(BY_FILE[file].what for file in published)
            raise UserError(
                f"{path.name} is {PUBLISHED[digest].what}; what is needed is {names} ({', '.join(published)})."
            )
        return
    try:
        with safe_open(str(path), framework="pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError):
        load_weights(path)  # says what is wrong with it
        return
    for name, shape in wanted.items():
        if shapes.get(name) != tuple(shape):
            what = BY_FILE[published[0]].what
            raise UserError(f"{path.name} does not hold {what}: it lacks the tensor {name} of {tuple(shape)}.")


def _tensors(content: Any, path: Path) -> dict[str, Tensor]:
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise UserError(f"{path.name} holds no dict of tensors; give a file of weights.")
    return dict(content)


def check_file(key: str, path: str | None) -> None:
    """Raises UserError where a path of weights is given and there is no such file; ``key``: the setting to name."""
    if path is not None and not Path(path).expanduser().is_file():
        raise UserError(f"{key}: no file {path!r}; give a .safetensors file or the published weights, or null.")


def published(file: str, key: str) -> Path:
    """A published file from torch.hub's cache, downloaded and checked where it is not there.

    Raises UserError where it cannot be had; ``key`` is the setting that takes a local file instead.
    """
    entry = BY_FILE[file]
    path = Path(torch.hub.get_dir()) / "checkpoints" / file
    if path.is_file():
        if file_sha256(path) != entry.sha256:
            raise UserError(f"{path} is not {entry.what} as published (SHA-256 {file_sha256(path)}): delete it.")
        return path
    check_may_download(entry.what)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(entry.url, str(path), hash_prefix=entry.sha256, progress=False)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"Cannot download {entry.what} from {entry.url} ({str(error) or type(error).__name__}): "
            f"set {key} to a local file (.safetensors, or {file} itself)."
        ) from error
    return path


def weights_file(given: str | None, file: str, key: str) -> Path:
    """The file that a setting names, or the published one."""
    check_file(key, given)
    return Path(given).expanduser() if given is not None else published(file, key)
