"""The jobs of a sweep, each as the words of one run, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override

from erasepro.config.check_overrides import check_overrides
from erasepro.config.paths import groups
from erasepro.config.sweep_size import count_jobs


def sweep_jobs(overrides: Sequence[str]) -> list[list[str]]:
    """The words of every job of a sweep: the combinations of the values that its overrides give, the last one fastest.

    Raises:
        UserError: no job, or more than `count_jobs` lets pass.
        HydraException: words that are no overrides.
    """
    check_overrides(overrides, sweep=True)
    count_jobs(overrides)
    return [list(words) for words in product(*(_words_of(override) for override in parse_own(overrides)))]


def parse_own(overrides: Sequence[str]) -> list[Override]:
    """The overrides of a sweep as Hydra reads them, without those of its launchers. HydraException for no overrides."""
    own = [word for word in overrides if not word.lstrip("+").startswith("hydra")]
    return list(OverridesParser.create().parse_overrides(own))


def _words_of(override: Override) -> list[str]:
    """One override as the words that it stands for."""
    if not override.is_sweep_override():
        return [override.input_line or ""]
    key, sweep = override.get_key_element(), override.value()
    if isinstance(sweep, Glob):
        return [f"{key}={name}" for name in sweep.filter(groups().get(override.key_or_group, []))]
    return [f"{key}={value}" for value in override.sweep_string_iterator()]
