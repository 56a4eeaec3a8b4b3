"""One run, typed: what a command chose, checked. Nothing below `runs` sees a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.config.schema import (
    ConceptsConfig,
    GenerationConfig,
    JudgeConfig,
    ModelConfig,
    OutputsConfig,
    TemplatesConfig,
    TrackerConfig,
)
from erasepro.config.stored_config import StoredConfig

if TYPE_CHECKING:
    from erasepro.metrics.engine.build import MetricConfig


@dataclass(frozen=True)
class ChosenMetrics:
    """The metrics of one run, with their settings."""

    names: Sequence[str]
    """In the order in which they are reported."""
    configs: Mapping[str, MetricConfig]
    """Metric name -> an instance of its own dataclass; of every metric chosen, defaults filled in."""
    judge: JudgeConfig


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides one run. Made by `resolve`, never changed."""

    name: str
    """How the run's folder and its tracker entry are called."""
    seed: int
    """Of everything random outside the images, whose seeds are ``generation.seeds``."""
    model: ModelConfig
    concepts: ConceptsConfig
    sentences: TemplatesConfig
    """Which sentences an edit is fitted on, and which are preserved."""
    solver: Any
    """An instance of the solver's own dataclass (``SOLVERS.config(name)``)."""
    solver_name: str
    """The solver's name in its registry."""
    prompts: Mapping[str, PromptSetConfig]
    """The prompt sets that images are drawn of, by name."""
    generation: GenerationConfig
    metrics: ChosenMetrics
    tracker: TrackerConfig
    outputs: OutputsConfig
    statistics: str
    """Where sums over preserved sentences are kept, see `open_statistics`."""
    statistics_limit: float
    """GiB that they may take there."""
    strength: float
    """Share of the edit that is put into the model, in [0, 1]."""
    stored: StoredConfig
    """The same as plain values, for the record: ``config.yaml``, signature, protocol labels."""
    words: tuple[str, ...] = ()
    """The words of the command that described it, for the record alone; none where Python did."""

    @property
    def vocabulary(self) -> str:
        """Whose words the concepts are in: the miniature's own, or any ("open")."""
        return "miniature" if self.model.kind == "miniature" else "open"
