"""The line above a run's tables: what it does."""

from __future__ import annotations

from collections.abc import Sequence

from erasepro.config.stored_config import TEMPLATES
from erasepro.results.settings import RunSettings


def format_heading(settings: RunSettings, protocol: str, method: str) -> str:
    """One line that says what a run does: pairs, model, method, sampler, seeds, prompts, protocol.

    Args:
        protocol: its label, ``name/version``.
        method: the solver's preset and what was changed in it.
    """
    seeds = f"seed{'s' if len(settings.seeds) > 1 else ''} {', '.join(map(str, settings.seeds))}"
    prompts = [] if settings.split == "test" else [f"{settings.split} prompts"]
    prompts += [] if settings.prompt_sets == (TEMPLATES,) else [f"prompts {', '.join(settings.prompt_sets)}"]
    sampler = f"{settings.steps} steps, guidance {settings.guidance:g}, {seeds}"
    return " · ".join([format_pairs(settings.pairs), settings.model, method, sampler, *prompts, protocol])


def format_pairs(pairs: Sequence[Sequence[str]]) -> str:
    """The first pairs, and how many more there are."""
    first = [f"{target} → {anchor or '(empty)'}" for target, anchor in pairs[:4]]
    more = len(pairs) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
