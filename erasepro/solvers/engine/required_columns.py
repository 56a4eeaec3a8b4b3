"""Which columns of which texts each reader of the encoders needs, known before any layer is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import Statistics
from erasepro.models.architectures import ConditioningInput
from erasepro.models.features.columns import PairColumns, concatenate_columns, plan_pair_columns, plan_retain_columns
from erasepro.models.features.statistics_store import StatisticsStore, encoder_digest, statistics_key
from erasepro.models.features.text_encoder_layers import Columns, submodule
from erasepro.models.features.text_stack import conditioning_inputs, encoders_of, input_width, join_features, parts_of
from erasepro.models.sites import Site, conditioning_sites
from erasepro.solvers.configs.fit import PreserveConfig
from erasepro.solvers.engine.captions import ADDED, LEADING, REMOVED, SHARED, joint_sums, nonempty
from erasepro.solvers.engine.encoder import Encoder


@dataclass
class RequiredColumns:
    """Which columns of one encoder will be read, and whether its pooled vectors are."""

    pairs: list[PairColumns] = field(default_factory=list)
    planned: dict[str, PairColumns] = field(default_factory=dict)
    """Token policy → the columns that its own tokenizer gave under it: thousands of prompts are not cut up twice."""
    retained: dict[str, list[Columns]] = field(default_factory=dict)  # by stream of captions
    pooled: bool = False


@dataclass(frozen=True)
class InputColumns:
    """A group of the denoiser's linears that read the same features, and the columns that they are shown.

    source: the group. policy: the token policy of the pairs. pairs: for each of its parts the columns of the pairs.
    retained: the same of each stream of captions to preserve (none: nothing is preserved by its features). weights: ω (m,)
    of a stream's columns; None: 1 each.
    """

    pipe: Any
    source: ConditioningInput
    policy: str
    pairs: list[PairColumns]
    retained: dict[str, list[Columns]]
    weights: dict[str, Tensor | None]

    @property
    def columns(self) -> PairColumns:
        """The pairs' columns of all parts, as `features` orders them."""
        return concatenate_columns(self.pairs)

    @property
    def sites(self) -> list[Site]:
        """The linears of the group."""
        return conditioning_sites(self.pipe, self.source)

    def features(self, encoders: Mapping[str, Encoder], stream: str) -> Tensor:
        """The features (d, n) that the group reads of one stream; X for TARGET, Y for ANCHOR."""
        columns = self.retained[stream] if stream in self.retained else [getattr(p, stream) for p in self.pairs]
        if not columns:
            return torch.zeros(input_width(self.pipe, self.source), 0, dtype=torch.float64)
        return join_features(
            self.pipe, self.source, columns,
            lambda name, part: encoders[name].tokens(stream, part), lambda name: encoders[name].pooled(stream),
        )  # fmt: skip

    def retained_sums(self, encoders: Mapping[str, Encoder], store: StatisticsStore) -> Statistics | None:
        """The sums K Kᵀ of the captions' features; None where nothing is preserved by them."""
        streams = nonempty(self.retained)
        if not streams:
            return None

        def collect(stream: str) -> Statistics:
            K = self.features(encoders, stream)
            return Statistics(len(K)).update(K, weights=self.weights[stream])

        def key(stream: str) -> str:
            read = [encoders[name].identity(stream) for part in parts_of(self.pipe, self.source) for name in part]
            columns = self.retained[stream], self.weights[stream]
            return statistics_key("input", repr(self.source), read, columns, self._projections())

        return joint_sums(streams, collect, key, input_width(self.pipe, self.source), store)

    def _projections(self) -> list[str]:
        root = getattr(self.pipe, self.source.denoiser)
        return [encoder_digest(submodule(root, path, torch.float64)) for path in self.source.projections]


def plan_inputs(
    pipe: Any, pairs: Sequence[Any], policy: str, preserve: PreserveConfig, captions: Mapping[str, Sequence[str]]
) -> list[InputColumns]:
    """The columns of every conditioning input that the pipeline has; no layer is run.

    Args:
        pairs: the prompt pairs. policy: the token policy for them.
        captions: the sentences to preserve, by stream.

    Raises:
        UserError: a concept that its prompt does not hold, or that does not fit the context.
    """
    inputs = []
    for source in conditioning_inputs(pipe):
        columns = plan_pair_columns(pipe, source, pairs, policy)
        retained: dict[str, list[Columns]] = {}
        weights: dict[str, Tensor | None] = {}
        if preserve.kind in ("gram", "null_space"):
            long = any(not e.causal and e.padding == "read" for e in encoders_of(pipe, source))
            for stream in (LEADING,) if long else (SHARED, ADDED, REMOVED):
                chosen = captions[stream][: preserve.captions]
                if len(chosen):
                    first = stream in (SHARED, LEADING)
                    retained[stream], weights[stream] = plan_retain_columns(
                        pipe, source, chosen, preserve.tokens, preserve.weights, first
                    )
        inputs.append(InputColumns(pipe, source, policy, columns, retained, weights))
    return inputs


def required_columns(pipe: Any, component: str, inputs: Sequence[InputColumns]) -> RequiredColumns:
    """Everything that these inputs ask of one encoder."""
    required = RequiredColumns()
    for entry in inputs:
        for i, part in enumerate(parts_of(pipe, entry.source)):
            if component in part and entry.source.kind == "pooled":
                required.pooled = True
            elif component in part:
                required.pairs.append(entry.pairs[i])
                if component == part[0]:
                    required.planned[entry.policy] = entry.pairs[i]
                for stream, columns in entry.retained.items():
                    required.retained.setdefault(stream, []).append(columns[i])
    return required
