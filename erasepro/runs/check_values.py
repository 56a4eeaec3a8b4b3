"""Values that a run would stumble over only after it has begun, refused while its config is read. No model is needed.

Nor is any library of models: whoever mistypes a shared key is told at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from erasepro.concepts.pairs import CONCEPT_KINDS
from erasepro.config.expected_values import hint_at
from erasepro.config.paths import options
from erasepro.config.renamed_config_keys import rename_value
from erasepro.config.schema import JUDGE_KINDS, Config, GenerationConfig
from erasepro.config.stored_config import StoredConfig
from erasepro.config.unknown_keys import unknown_key
from erasepro.errors import UserError, nearest, unknown
from erasepro.generation.samplers import check_sampler
from erasepro.generation.worklist import check_seeds
from erasepro.metrics.registry import METRICS
from erasepro.models.device import DTYPES, check_device
from erasepro.models.features.statistics_folder import statistics_folder
from erasepro.models.registry import MODELS
from erasepro.prompts.edit_prompts import check_sentence_settings
from erasepro.prompts.templates.bank import SPLITS
from erasepro.runtime.foreign_text import BREAKS, check_name
from erasepro.schedules.registry import SCHEDULES
from erasepro.tracking.mode import MODES
from erasepro.tracking.naming import check_names
from erasepro.tracking.registry import TRACKERS


def refuse_old_values(stored: StoredConfig) -> None:
    """Raise UserError for a value that has another name now; the new one is told."""
    for path, value in stored.leaves().items():
        key = path.removeprefix("solver.") if path.startswith("solver.schedule.") else path  # the group's own key
        for item in value if isinstance(value, list) else [value]:
            present = rename_value(key, item)
            if present is not item:
                shown = f"[{present}]" if isinstance(value, list) else present
                raise UserError(
                    f"Bad value for {key!r}: {item!r} is called {present!r} now; write {key}={shown}.", (item, present)
                )


PATHS = ("outputs.dir", "statistics", "name", "concepts.name", "concepts.file", "model.name", "model.source")
"""Keys whose value is a path or a part of one, where a line break is refused too; in sentences it is a space."""


def check_texts(stored: StoredConfig) -> None:
    """Raise UserError for a text with a control character or a mark of direction, which nobody would see."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from texts(item)

    for key, value in stored.leaves().items():
        check_name(str(key), "A key")
        for text in texts(value):
            check_name(text, key, allowed="" if key in PATHS else BREAKS)


def check_values(config: Config) -> None:
    """Raise UserError, with the allowed values, for a choice that there is not, and for a number out of range.

    The solver's own are for `check_solver`. Whether this machine has the device, and a file is where it should be, is left
    to the run: a stored config is read on other machines too.
    """
    check_choice("model.kind", config.model.kind, MODELS.names())
    check_choice("model.dtype", config.model.dtype, DTYPES)
    check_device(config.model.device, "model.device")
    check_choice("concepts.kind", config.concepts.kind, CONCEPT_KINDS)
    check_choice("metrics.judge.kind", config.metrics.judge.kind, JUDGE_KINDS)
    check_device(config.metrics.judge.device, "metrics.judge.device")
    check_choice("tracker.name", config.tracker.name, TRACKERS.names())
    check_choice("tracker.mode", config.tracker.mode, MODES)
    if config.tracker.num_images < 0:
        raise UserError(f"Bad value for 'tracker.num_images': got {config.tracker.num_images}, expected 0 (none) or more.")
    if config.tracker.name == "wandb":
        check_names(config.tracker)
    for name in config.metrics.names:
        if name not in METRICS and name in options("metrics"):
            raise UserError(f"Unknown metric {name!r}: it is a set of metrics, chosen without brackets; write metrics={name}.")
        if name not in METRICS:
            raise unknown("metric", str(name), METRICS.names())
    statistics_folder(config.statistics, config.statistics_limit)
    if not 0 <= config.strength <= 1:
        raise UserError(f"Bad value for 'strength': got {config.strength}, allowed: 0 (the original) to 1 (the full edit).")
    for key, sentence in config.protocol.requires.items():  # what it must be is a sentence; whose it is can be checked
        group = key.split(".")[0]
        plain = dataclasses.is_dataclass(hint_at(Config, group)) and not key.startswith("metrics.params.")
        if group not in Config.__dataclass_fields__ or (plain and hint_at(Config, key) is None):
            raise unknown_key(key)
        if not isinstance(sentence, str):
            raise UserError(f"Bad value for 'protocol.requires.{key}': got {sentence!r}, expected what it must be, in words.")
    g = config.generation
    check_choice("generation.split", g.split, SPLITS)
    _check_generation(g)
    check_sentence_settings(config.templates)
    if isinstance(config.schedule, Mapping):
        check_choice("schedule.name", str(config.schedule.get("name")), SCHEDULES.names())


def _check_generation(g: GenerationConfig) -> None:
    check_seeds(g.seeds)
    check_sampler(g.steps, g.guidance, g.size, g.scheduler, g.batch_size)
    if g.prompts_per_concept is not None and g.prompts_per_concept < 1:
        raise UserError(
            f"generation.prompts_per_concept must be 1 or more, or null for all; not {g.prompts_per_concept}."
        )
    if g.target_prompts is not None and g.target_prompts < 1:
        raise UserError(f"generation.target_prompts must be 1 or more, or null for no least number; not {g.target_prompts}.")
    if g.neighbors < 0:
        raise UserError(f"generation.neighbors must be 0 or more; not {g.neighbors}.")
    if g.max_retain is not None and g.max_retain < 0:
        raise UserError(f"generation.max_retain must be 0 or more, or null for all; not {g.max_retain}.")


def check_choice(key: str, value: str, allowed: Collection[str]) -> None:
    """Raise UserError, with the nearest and all the allowed values, for a choice that there is not."""
    if value not in allowed:
        guess = nearest(value, allowed)
        hint = f" Did you mean {guess!r}?" if guess else ""
        raise UserError(
            f"Bad value for {key!r}: got {value!r}, allowed: {', '.join(allowed)}.{hint}", (value, guess) if guess else None
        )
