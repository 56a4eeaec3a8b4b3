"""The line above a run's tables: what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def heading(config: Mapping[str, Any], protocol: str, method: str) -> str:
    """One line that says what a run does: pairs, model, method, sampler, seeds, protocol."""
    concepts, generation = config["concepts"], config["generation"]
    told = told_pairs(concepts["pairs"])
    seeds = ", ".join(map(str, generation["seeds"]))
    split = "" if generation["split"] == "test" else f" · {generation['split']} prompts"
    sets = prompt_sets_of(config)
    split += "" if sets == ["templates"] else f" · prompts {', '.join(sets)}"
    return (
        f"{told} · {config['model']['name']} · {method} · {generation['steps']} steps, guidance "
        f"{generation['guidance']:g}, seed{'s' if len(generation['seeds']) > 1 else ''} {seeds}{split} · {protocol}"
    )


def prompt_sets_of(config: Mapping[str, Any]) -> list[str]:
    """The prompt sets that a run chose."""
    return list(config.get("prompts") or ["templates"])


def told_pairs(pairs: Sequence[Sequence[str]]) -> str:
    """The first pairs, and how many more there are."""
    first = [f"{target} → {anchor or '(empty)'}" for target, anchor in pairs[:4]]
    more = len(pairs) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
