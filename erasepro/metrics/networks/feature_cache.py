"""Networks' features of batches of pictures, kept on disk under the pictures' own bytes.

Features are a dict of tensors that a network computes of a batch: embeddings, class scores, boxes. Metrics are sums over
features, so another threshold, template or metric never runs a network twice on the same pictures, a stopped scoring goes on
where it was, and the original model's pictures go through a network once for all runs that compare with them.

Each file holds a SHA-256 over its tensors, the network's key and the pictures' digest, and is believed only where that agrees:
a flipped bit, or the file of other pictures under this name, is computed again. So is a file of a version that kept none.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from erasepro.runtime.files import replacing
from erasepro.runtime.temporaries import is_abandoned

CACHE_VERSION = 1
"""Raise it when a network's code changes what it says without changing its key."""

DIGEST = "sha256"
"""The key of a file's own digest in its metadata."""


class Network(Protocol):
    """Pictures (B, 3, H, W) uint8 RGB to tensors by name.

    ``key`` names weights and preprocessing ("inception-a1b2c3…"): letters, digits, '.', '_' and '-'. The answer for a
    picture may not hang on the others in the batch (but for rounding). Tensors may be of any shape.
    """

    @property
    def key(self) -> str:
        """The name of weights and preprocessing: features of one key are taken for each other."""

    def __call__(self, images: Tensor) -> Mapping[str, Tensor]:
        """The tensors of a batch by name; each has B rows."""


class FeatureCache:
    """``cache(network, images)``: from ``folder/<network's key>/<digest of the pictures>.safetensors``, or computed and kept.

    Args:
        folder: None keeps nothing. The folder is a cache: it may be deleted, and a damaged file is made again.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.computed = 0  # batches that really went through a network
        self.damaged = 0  # files that were there and are not believed

    def __call__(self, network: Network, images: Tensor, digest: str | None = None) -> dict[str, Tensor]:
        """The features of a batch, read from the disk, or computed and kept there.

        Args:
            network: whose features; its key names the folder.
            images: (B, 3, H, W) uint8 RGB, or pairs (B, 2, 3, H, W).
            digest: `digest_of` the images where it is known already.
        """
        path = None
        if self.folder is not None:
            path = self.folder / network.key / f"{digest or digest_of(images)}.safetensors"
            try:
                return _read(path)
            except FileNotFoundError:
                pass
            except Damaged:
                self.damaged += 1
        self.computed += 1
        answer = {name: value.detach().cpu().contiguous() for name, value in network(images).items()}
        if path is not None:
            _write(path, answer)
        return answer


    def tell_damaged(self) -> None:
        """Print on stderr how many files were not believed; nothing where all were."""
        if self.damaged:
            line = f"{self.damaged} files in {str(self.folder)!r} were damaged, or had no SHA-256: made again."
            print(f"erasepro: {line}", file=sys.stderr)


def digest_of(images: Tensor) -> str:
    """Hash of a batch's shape and pixels, and of this file's version."""
    digest = hashlib.sha256(f"{CACHE_VERSION} {tuple(images.shape)}".encode())
    digest.update(images.contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


class Damaged(Exception):
    """A file of the cache is not, to the bit, what was written there."""


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file. Raises FileNotFoundError, and Damaged."""
    from safetensors import SafetensorError, safe_open

    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise Damaged
    try:
        with safe_open(str(path), framework="pt") as file:
            answer = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            stored = (file.metadata() or {}).get(DIGEST)
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError) as error:
        raise Damaged from error
    if stored != _sha256(path, answer):
        raise Damaged
    return answer


def _write(path: Path, answer: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save

    if path.is_dir() and not path.is_symlink():
        with suppress(OSError):  # one with something in it is the user's: the error of writing names it
            path.rmdir()
    with replacing(path, durable=False) as part:  # a cache: a damaged file is made again
        part.write_bytes(save(dict(answer), {DIGEST: _sha256(path, answer)}))


def _sha256(path: Path, answer: Mapping[str, Tensor]) -> str:
    """SHA-256 (64 hex digits) of tensors, their names and forms, and of what they are filed under."""
    total = hashlib.sha256(f"{path.parent.name}/{path.stem}".encode())
    for name, value in sorted(answer.items()):
        total.update(f"\0{name} {value.dtype} {tuple(value.shape)}\0".encode())
        total.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def remove_abandoned_writes(folder: Path) -> None:
    """Take away what writers that were killed left in a feature cache; others may be writing there, here or elsewhere."""
    long_ago = time.time() - 3600
    for part in folder.glob("*/.*.tmp"):
        with suppress(OSError):
            if is_abandoned(part) or part.stat().st_mtime < long_ago:
                part.unlink()


class FunctionNetwork:
    """A network made of a function: ``FunctionNetwork("judge-1234", features)`` says ``{"features": features(images)}``."""

    def __init__(self, key: str, function: Callable[[Tensor], Tensor], name: str = "features") -> None:
        self.key, self._function, self._name = key, function, name

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """What the function gives for pictures (B, 3, H, W), under the network's one name."""
        with torch.inference_mode():
            return {self._name: self._function(images)}
