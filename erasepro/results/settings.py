"""The settings of a run that reports read, typed, from the config that ``results.json`` stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erasepro.config.stored_config import StoredConfig

COMPARED = ("model", "generation", "templates", "metrics", "protocol", "seed")
"""Config groups in which the runs of a joint table should be alike …"""

UNCOMPARED = ("generation.batch_size", "model.device", "metrics.names")
"""… except for these: they change no number, or (names) a column says it already."""


@dataclass(frozen=True)
class RunSettings:
    """What was erased from which model, and how its images were drawn.

    Attributes:
        pairs: (target, anchor); an anchor of "" is the empty prompt.
        kind: the concept set's kind: instance | style | nudity | faces.
        model, solver: names in the config.
        steps, guidance, seeds: of the sampler.
        split: of the test prompts: test | validation.
        prompt_sets: names of the prompt sets that images were drawn of.
        comparable: settings by dotted key in which the runs of one table should be alike.
    """

    pairs: tuple[tuple[str, str], ...]
    kind: str
    model: str
    solver: str
    steps: int
    guidance: float
    seeds: tuple[int, ...]
    split: str
    prompt_sets: tuple[str, ...]
    comparable: Mapping[str, Any]

    @classmethod
    def of(cls, stored: StoredConfig) -> RunSettings:
        """What reports read of a stored config. Raises KeyError for a setting that it does not hold."""
        groups = StoredConfig({group: stored.at(group) for group in COMPARED})
        return cls(
            pairs=tuple((target, anchor) for target, anchor in stored["concepts.pairs"]),
            kind=stored["concepts.kind"],
            model=stored["model.name"],
            solver=stored["solver.name"],
            steps=stored["generation.steps"],
            guidance=stored["generation.guidance"],
            seeds=tuple(stored["generation.seeds"]),
            split=stored["generation.split"],
            prompt_sets=tuple(stored.prompt_sets),
            comparable={key: value for key, value in groups.leaves().items() if key not in UNCOMPARED},
        )
