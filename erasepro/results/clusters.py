"""Which images are alike: a sample's cluster, by concept pair and prompt.

Every standard error, bootstrap and test of the package asks `cluster_of`. Images of one prompt with several seeds are one
cluster; the prompts of one concept pair, which one edit answers for, are one outer cluster.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
Pairs = Sequence[Sequence[str]]
"""(target, anchor) of a run; an anchor of "" is the empty prompt."""


class Cluster(NamedTuple):
    """A group of images that are no independent draws."""

    pair: str
    """The outer cluster: the pair that the images tell about, ``dog → cat``; "" where the pairs are not given."""
    prompt: str
    """The prompt's id, unique in a run's work list."""


def cluster_of(sample: Any, pairs: Pairs = ()) -> Cluster:
    """The cluster of one image.

    An image that shows what one edit of several pairs did to no pair in particular (retained concepts, captions) belongs to all
    of the pairs together, which are one outer cluster.

    Args:
        sample: a row of ``samples.parquet``, or a row of the work list: ``id``, and with pairs ``concept``,
            ``expected_concept`` and ``role`` as well.
        pairs: the run's. None given: all images are of one outer cluster.
    """
    prompt = str(_field(sample, "id"))
    if len(pairs) < 2:
        return Cluster(name_pairs(pairs), prompt)
    concept, expected = _field(sample, "concept"), _field(sample, "expected_concept") or ""
    own = [pair for pair in pairs if (concept, expected) == tuple(pair)]
    if not own and _field(sample, "role") == "anchor":
        own = [pair for pair in pairs if concept == pair[1]]
    return Cluster(name_pairs(own if len(own) == 1 else pairs), prompt)


def name_pairs(pairs: Pairs) -> str:
    """The name of an outer cluster: ``dog → cat``; of several pairs that are erased together ``dog → cat, car → bus``."""
    return ", ".join(f"{target} → {anchor or '(empty)'}" for target, anchor in pairs)


def partition(samples: Iterable[T], pairs: Pairs = ()) -> dict[Cluster, list[T]]:
    """The samples by cluster, both in the order in which they come; each sample is in one."""
    clusters: dict[Cluster, list[T]] = {}
    for sample in samples:
        clusters.setdefault(cluster_of(sample, pairs), []).append(sample)
    return clusters


class ClusterNumbers:
    """Clusters as whole numbers from 0, in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, cluster: Hashable) -> int:
        """The cluster's number; a new one where it was not met before."""
        return self._numbers.setdefault(cluster, len(self._numbers))


def _field(sample: Any, name: str) -> Any:
    return sample.get(name) if isinstance(sample, Mapping) else getattr(sample, name)
