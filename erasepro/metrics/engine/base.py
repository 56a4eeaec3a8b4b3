"""What a metric is: sums that grow batch by batch, and one number with its n and standard error at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from torch import Tensor

from erasepro.errors import UserError
from erasepro.generation.worklist import Row
from erasepro.metrics.networks.feature_cache import FeatureCache, FunctionNetwork, Network, digest_of
from erasepro.results.clusters import cluster_of
from erasepro.results.score import Score
from erasepro.results.standard_error import PromptSums


class Batch:
    """Images (B, 3, H, W) uint8 RGB with their rows; a network's features of them are computed once, at the first use.

    Args:
        images: (B, 3, H, W) uint8 RGB.
        rows: B rows of the work list.
        judge: `networks.judge.Judge`; None for a model without one.
        feature_cache: keeps networks' features on disk; without it they live as long as the batch.
    """

    def __init__(
        self, images: Tensor, rows: Sequence[Row], judge: Any = None, feature_cache: FeatureCache | None = None
    ) -> None:
        if len(images) != len(rows):
            raise ValueError(f"{len(images)} images for {len(rows)} rows")
        self.images, self.rows, self._judge = images, tuple(rows), judge
        self._feature_cache = feature_cache if feature_cache is not None else FeatureCache()
        self._answers: dict[str, dict[str, Tensor]] = {}

    def part(self, places: Sequence[int]) -> Batch:
        """The batch of the images at these places only, so that a network need not look at the others."""
        if len(places) == len(self.rows):
            return self
        return Batch(self.images[list(places)], [self.rows[i] for i in places], self._judge, self._feature_cache)

    def features(self, network: Network) -> dict[str, Tensor]:
        """A network's tensors of this batch, by name. Everything expensive in a metric comes from here."""
        if network.key not in self._answers:
            self._answers[network.key] = self._feature_cache(network, self.images, self._digest)
        return self._answers[network.key]

    @property
    def feature_cache(self) -> FeatureCache:
        """Where networks' features are kept, for pictures beside the batch's own."""
        return self._feature_cache

    @cached_property
    def _digest(self) -> str:
        return digest_of(self.images)

    def _features_of_judge(self, part: str) -> Tensor:
        """The judge's ``image_features`` or ``fd_features``; one without a key is asked anew each time."""
        function, key = getattr(self.judge, part), getattr(self.judge, "key", None)
        return (
            function(self.images)
            if key is None
            else self.features(FunctionNetwork(f"{key}-{part}", function))["features"]
        )

    @property
    def has_judge(self) -> bool:
        """Whether there is a judge to say what the images show."""
        return self._judge is not None

    @property
    def judge(self) -> Any:
        """Who says what the images show (``networks.judge.Judge``). Raises UserError where there is none."""
        if self._judge is None:
            raise UserError("This metric needs a judge and the model has none; leave it out of metrics.names.")
        return self._judge

    @cached_property
    def prediction(self) -> Any:
        """What each image shows: ``concept`` and ``style`` lists (None: cannot be named), ``concept_prob`` (B, C)."""
        if not hasattr(self.judge, "predict"):
            return self.judge.classify(self.images)
        return self.judge.predict(self.image_features)

    @cached_property
    def image_features(self) -> Tensor:
        """The judge's image features (B, d), each of length 1."""
        return self._features_of_judge("image_features")

    @cached_property
    def fd_features(self) -> Tensor:
        """The judge's features (B, f) for distances between sets of pictures."""
        return self._features_of_judge("fd_features")

    @cached_property
    def predicted(self) -> list[str | None]:
        """What each image shows, of the kind its row asks for: a style where the row's concept is a style."""
        answers = zip(self.rows, self.prediction.concept, self.prediction.style, strict=True)
        return [style if row.asks_for_style else concept for row, concept, style in answers]


class Metric(ABC):
    """A number of a model's images, made of sums: ``update(batch)`` adds to them, ``compute()`` makes a Score of them.

    Every metric keeps the contract that ``tests/metrics/test_contract.py`` tests: the number does not hang on batch size or
    on the order of images; inputs are not changed; a metric can be pickled at any time; the per-sample values are called by
    the metric's name, or begin with it and "_".
    """

    name: ClassVar[str]  # set by the registration
    higher_is_better: ClassVar[bool]
    needs_judge: ClassVar[bool] = True  # asks the batch's judge; models without one cannot be measured
    needs_reference: bool = False  # compares with the original model's images: update(…, reference=True)
    derived: ClassVar[bool] = False  # combines other metrics' scores after them: ``derive`` in place of update
    number_kind: ClassVar[str] = "any"  # any | size (never below 0) | share (0 to 1): how tables print its error
    concept_kinds: ClassVar[str] = ""  # kinds of concept sets (names with spaces between) whose runs count it unasked; "": all
    recognizes: ClassVar[bool] = False  # counts which concept is named: worth nothing where the original's are not named
    version: ClassVar[int] = 1  # raise it when the metric's code changes its numbers: then it is scored again

    def __init__(self, config: Any = None) -> None:
        """Keep the settings, an instance of the dataclass that the metric is registered with; sums of its own it adds."""
        self.config = config

    @abstractmethod
    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Add a batch to the sums.

        Args:
            batch: images (B, 3, H, W) uint8 RGB with their rows, and the judge's features of them.
            reference: the images are the original model's; only metrics with ``needs_reference`` look at it.

        Returns:
            B dicts of per-sample values (numbers, text or None); an empty one for a row that is not counted.

        Raises UserError for a batch without a judge where the metric asks one.
        """

    @abstractmethod
    def compute(self) -> Score:
        """The number of all batches so far; ``n`` counts what went into it.

        NaN with n = 0 where nothing was counted, and no standard error below n = 2.
        """

    def check(self, rows: Sequence[Row]) -> None:  # noqa: B027 - most metrics need nothing
        """Raise UserError, before anything is drawn, where files, downloads or the rows are not as needed."""

    @classmethod
    def asks_judge(cls, config: Any) -> bool:
        """Whether the metric asks the batch's judge when it is set like this."""
        return cls.needs_judge

    @classmethod
    def needs(cls, config: Any) -> tuple[str, ...]:
        """Derived metrics: the metrics whose scores ``derive`` is given."""
        return ()

    @classmethod
    def derive(cls, scores: Mapping[str, Score], config: Any) -> Score:
        """Derived metrics: the number, made of one model's other scores. Raises KeyError where one is missing."""
        raise NotImplementedError


class PromptMeans:
    """Means of per-image values by group, from sums alone; standard errors over prompts (``standard_error.PromptSums``).

    ``shares``: the values are hits, 0 or 1, and the means shares of images.
    """

    def __init__(self, shares: bool = False) -> None:
        self._shares = shares
        self._sums: dict[str, PromptSums] = {}

    def add(self, row: Row, value: float) -> None:
        """Count a value of one image under the row's role, and under role/phrasing."""
        cluster = cluster_of(row)
        for group in (row.role, f"{row.role}/{row.phrasing}"):
            self._sums.setdefault(group, PromptSums()).add(cluster, value)

    def mean(self, group: str) -> tuple[float, int, float | None]:
        """Mean, n, standard error (None for fewer than two images)."""
        sums = self._sums.get(group, PromptSums())
        return sums.mean, sums.n, sums.stderr(self._shares)

    def parts(self) -> dict[str, dict[str, Any]]:
        """Value, n and standard error of every group, by role and by role/phrasing: the parts of a score."""
        return {group: dict(zip(("value", "n", "stderr"), self.mean(group), strict=True)) for group in self._sums}

    def score(self, name: str, role: str, higher_is_better: bool, extra: dict[str, Any] | None = None) -> Score:
        """The score of a metric whose number is the mean of one group.

        Args:
            name: the metric's.
            role: the group whose mean is the value.
            higher_is_better: of that role.
            extra: further parts.
        """
        value, n, stderr = self.mean(role)
        return Score(name, value, n, stderr, higher_is_better, {**self.parts(), **(extra or {})})


def empty_values(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One empty dict a row."""
    return [{} for _ in rows]
