"""Means and covariances of features as files: the ``.npz`` of pytorch-fid and clean-fid, or safetensors that also say n."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.runtime.files import write_bytes

SUFFIXES = (".npz", ".safetensors")


@dataclass(frozen=True)
class ReferenceStatistics:
    """mean (f,), cov (f, f) in float64; n images (None: the file does not say); network: its key ('' : not said)."""

    mean: Tensor
    cov: Tensor
    n: int | None = None
    network: str = ""

    @property
    def gaussian(self) -> tuple[Tensor, Tensor]:
        """Mean (f,) and covariance (f, f), as the Fréchet distance takes them."""
        return self.mean, self.cov


def save_statistics(path: Path, statistics: ReferenceStatistics) -> None:
    """Writes a ``.safetensors`` file."""
    from safetensors.torch import save

    facts = {"n": str(statistics.n), "network": statistics.network}
    tensors = {"mu": statistics.mean.contiguous(), "sigma": statistics.cov.contiguous()}
    write_bytes(path, save(tensors, metadata=facts))


def check_place(path: Path) -> None:
    """Raises UserError where statistics would take the place of something else."""
    if not path.exists():
        return
    try:
        load_statistics(path, "out")
    except UserError as error:
        line = f"{str(path)!r} holds no statistics, so it is not replaced: give another name, or delete it."
        raise UserError(line) from error


def load_statistics(path: Path, key: str, network: str = "", features: int | None = None) -> ReferenceStatistics:
    """Reads either kind of file. Raises UserError for a missing, damaged or unfitting one; ``key``: the setting that names it.

    Args:
        network: key of the network that looks at the other images; a file that names another is refused.
        features: f; a file of another width is refused.
    """
    try:
        statistics = _npz(path) if path.suffix == ".npz" else _ours(path)
    except FileNotFoundError as error:
        raise UserError(f"{key}: no file {str(path)!r}.") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, TypeError) as error:
        raise UserError(
            f"{key}: {path.name} is no file of statistics ({error}); it must hold mu (f,) and sigma (f, f)."
        ) from error
    f = len(statistics.mean)
    if statistics.mean.ndim != 1 or statistics.cov.shape != (f, f):
        shapes = f"mu {tuple(statistics.mean.shape)}, sigma {tuple(statistics.cov.shape)}"
        raise UserError(f"{key}: {path.name} holds {shapes}; they must be (f,) and (f, f).")
    if network and statistics.network and network != statistics.network:
        raise UserError(f"{key}: {path.name} was made with the network {statistics.network}, not {network}; make it again.")
    if features is not None and f != features:
        raise UserError(f"{key}: {path.name} is of {f} features, but the network has {features}.")
    return statistics


def _npz(path: Path) -> ReferenceStatistics:
    with np.load(path, allow_pickle=False) as file:  # a pickle inside would be code
        return ReferenceStatistics(torch.from_numpy(file["mu"]).double(), torch.from_numpy(file["sigma"]).double())


def _ours(path: Path) -> ReferenceStatistics:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            facts = file.metadata() or {}
            n = int(facts["n"]) if facts.get("n", "None") != "None" else None
            return ReferenceStatistics(file.get_tensor("mu"), file.get_tensor("sigma"), n, facts.get("network", ""))
    except SafetensorError as error:
        raise ValueError(str(error)) from error
