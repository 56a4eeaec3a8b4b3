"""The settings of a run that reports read, typed, from the config that ``results.json`` stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erasepro.config.plain import leaves

COMPARED = ("model", "generation", "templates", "metrics", "protocol", "seed")
"""Config groups in which the runs of a joint table should be alike …"""

UNCOMPARED = ("generation.batch_size", "model.device", "metrics.names")
"""… except for these: they change no number, or (names) a column says it already."""

TEMPLATES = "templates"
"""The prompt set of a run that chose none: the project's own sentences."""


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
    def from_config(cls, config: Mapping[str, Any]) -> RunSettings:
        """The settings of a plain config. Raises KeyError for one that `results.form.ConfigForm` does not cover."""
        concepts, generation = config["concepts"], config["generation"]
        groups = leaves({group: config.get(group) for group in COMPARED})
        return cls(
            pairs=tuple((target, anchor) for target, anchor in concepts["pairs"]),
            kind=concepts["kind"],
            model=config["model"]["name"],
            solver=config["solver"]["name"],
            steps=generation["steps"],
            guidance=generation["guidance"],
            seeds=tuple(generation["seeds"]),
            split=generation["split"],
            prompt_sets=tuple(config.get("prompts") or [TEMPLATES]),
            comparable={key: value for key, value in groups.items() if key not in UNCOMPARED},
        )
