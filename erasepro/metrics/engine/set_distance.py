"""What FID and KID share: whose features, which rows, and compared with what."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from erasepro.errors import UserError, unknown
from erasepro.generation.worklist import Row
from erasepro.metrics.configs import ORIGINAL
from erasepro.metrics.engine.base import Batch, Metric, empty_values
from erasepro.metrics.engine.folder import PictureFolder
from erasepro.metrics.engine.reference_statistics import SUFFIXES
from erasepro.metrics.networks.feature_cache import FeatureCache, FunctionNetwork, Network
from erasepro.metrics.networks.inception import Inception
from erasepro.metrics.networks.pickles import check_file

NETWORKS = ("inception", "judge")
class SetDistance(Metric):
    """A distance between the features of two sets of pictures.

    Compared with the original model's images it is a number of the edited model; compared with a folder or a file of
    statistics it is a number of each model.

    Args:
        network: asked in place of the one that the config names; it says ``{"features": (B, f)}``.
    """

    config: Any
    statistics = False  # whether means and covariances are reference enough

    def __init__(self, config: Any, network: Network | None = None) -> None:
        self.config = config
        if config.network not in NETWORKS:
            raise unknown(f"value of metrics.params.{self.name}.network", config.network, NETWORKS)
        check_file(f"metrics.params.{self.name}.weights", config.weights)
        inception = Inception(config.weights, config.resize, f"metrics.params.{self.name}.weights")
        self._own = network if network is not None else inception if config.network == "inception" else None
        self.needs_reference = config.reference == ORIGINAL
        self._judge: Any = None
        self._feature_cache = FeatureCache()
        self._sizes: Counter[str] = Counter()

    @classmethod
    def asks_judge(cls, config: Any) -> bool:
        """Whether the features are the judge's."""
        return bool(config.network == "judge")

    def check(self, rows: Sequence[Row]) -> None:
        """Look for the network's weights and for the reference; raise UserError where one is missing or unfit."""
        if isinstance(self._own, Inception):
            self._own.check()
        if self.is_statistics:
            self._reference_file()
        elif not self.needs_reference:
            self._folder()

    @property
    def is_statistics(self) -> bool:
        """Whether the reference is a file of means and covariances."""
        return str(self.config.reference).endswith(SUFFIXES)

    def _reference_file(self) -> Path:
        key, reference = f"metrics.params.{self.name}.reference", self.config.reference
        if not self.statistics:
            raise UserError(
                f"{key}={reference!r}: {self.name} compares pictures one by one; give their folder, or original."
            )
        path = Path(reference).expanduser()
        if not path.is_file():
            raise UserError(
                f"{key}: no file {reference!r}; give original, a folder of images, or a file of statistics."
            )
        return path

    def _folder(self) -> PictureFolder:
        key = f"metrics.params.{self.name}.reference"
        try:
            return PictureFolder(self.config.reference, key)
        except UserError as error:
            raise UserError(f"{error} Allowed: original, a folder of images, {' or '.join(SUFFIXES)}.") from error

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Take in the features of the rows of ``roles``; there are no per-image values."""
        places = [i for i, row in enumerate(batch.rows) if not self.config.roles or row.role in self.config.roles]
        if places:
            self._feature_cache = batch.feature_cache
            if self._own is None:
                self._judge = batch.judge
            features = batch.fd_features if self._own is None else batch.features(self._own)["features"]
            height, width = batch.images.shape[2:]
            self._sizes[f"{width}x{height}"] += 0 if reference else len(places)
            self._add([batch.rows[i] for i in places], features[places], reference)
        return empty_values(batch.rows)

    @abstractmethod
    def _add(self, rows: list[Row], features: Tensor, reference: bool) -> None:
        """Features (B, f) of these rows, of the images measured or of the original model's."""

    @property
    def key(self) -> str:
        """The network's, "" for a judge that has none."""
        if self._own is not None:
            return self._own.key
        return str(getattr(self._judge, "key", None) or "")

    def _folder_features(self, folder: PictureFolder, batch_size: int = 64) -> Iterator[Tensor]:
        """Features (B, f) of a folder's pictures, read while the network works. Raises UserError for unfit sizes."""
        network = self._own
        if network is None:
            network = FunctionNetwork(f"{self.key or 'nameless'}-fd_features", self._judge.fd_features)
        feature_cache = self._feature_cache if self.key else FeatureCache()
        for images in folder.batches(batch_size):
            try:
                yield feature_cache(network, images)["features"]
            except RuntimeError as error:
                size = "x".join(map(str, reversed(images.shape[2:])))
                raise UserError(
                    f"metrics.params.{self.name}.reference: the {self.config.network} network cannot look at pictures of "
                    f"{size} pixels, as there are in {str(folder.path)!r}; resize them as the model draws."
                ) from error
        if len(folder.skipped) == len(folder):
            first = next(iter(folder.skipped.values()))
            raise UserError(f"metrics.params.{self.name}.reference: no picture in {str(folder.path)!r} can be read ({first}).")

    def _how(self) -> dict[str, Any]:
        """What the number hangs on, for the score's parts; the reference's own facts come from the metric."""
        resize = getattr(self._own, "resize", None)
        kind = "file" if self.is_statistics else "folder"
        to = "original model" if self.needs_reference else f"{kind} {Path(self.config.reference).name}"
        return {
            "reference": to,
            "roles": list(self.config.roles),
            "network": self.key if self._sizes else "",
            "resize": resize,
            "format": "png",  # as images are stored
            "sizes": {size: n for size, n in self._sizes.items() if n},
            "unit": ", ".join(filter(None, [self.config.network, resize, f"to {to}"])),
        }


def folder_facts(folder: PictureFolder) -> dict[str, Any]:
    """What was read of a reference's folder, for a score's parts."""
    return {
        "n_reference": sum(folder.formats.values()),
        "reference_format": dict(folder.formats),
        "reference_sizes": dict(folder.sizes.most_common(10)),
        "skipped": len(folder.skipped),
        "skipped_names": sorted(folder.skipped)[:20],
    }
