"""How many jobs a sweep has, counted without listing them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, Override, RangeSweep

from erasepro.config.paths import groups, listing
from erasepro.errors import UserError

MOST_JOBS = 10_000
"""More than these are a slip of the keyboard (``range(0,1,1e-9)``), and Hydra lists all before the first is begun."""


def count_jobs(overrides: Sequence[str]) -> int:
    """The number of jobs of a sweep: the product of the numbers of values that its overrides give.

    Raises UserError for an override that gives none, for more jobs than `MOST_JOBS`, and for a kind of sweep that needs a
    sweeper of its own; Hydra's own errors for words that are no overrides.
    """
    total, largest = 1, (0, "")
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        if not override.is_sweep_override():
            continue
        number, word = _count_values(override), override.input_line or override.key_or_group
        if number == 0:
            raise UserError(f"{word!r} gives no value, so there is no job to run: {_why_empty(override)}")
        total, largest = total * number, max(largest, (number, word))
    if total > MOST_JOBS:
        raise UserError(
            f"The sweep has {total:,} jobs, {largest[0]:,} of them by {largest[1]!r}: at most {MOST_JOBS:,} are begun by one "
            "command; give fewer values."
        )
    return total


def _count_values(override: Override) -> int:
    sweep = override.value()
    if isinstance(sweep, ChoiceSweep):
        return len(sweep.list)
    if isinstance(sweep, Glob):
        return len(sweep.filter(groups().get(override.key_or_group, [])))
    if isinstance(sweep, RangeSweep):
        start, stop, step = (float(value or 0) for value in (sweep.start, sweep.stop, sweep.step))
        if not all(map(math.isfinite, (start, stop, step))) or step == 0:
            raise UserError(
                f"{override.input_line!r} has no end: write range(start,stop,step) with numbers and a step that is not 0."
            )
        return max(0, math.ceil((stop - start) / step))
    assert isinstance(sweep, IntervalSweep)
    raise UserError(f"{override.input_line!r} is for sweepers that search: write the values, or range(start,stop,step).")


def _why_empty(override: Override) -> str:
    if isinstance(override.value(), RangeSweep):
        return "write range(start,stop,step), whose stop is left out and lies behind the start."
    key = override.key_or_group
    known = groups().get(key)
    if known is None:
        return f"{key} is no group with options, and glob(…) goes over those only."
    shown = f"{', '.join(known[:10])}{' …' if len(known) > 10 else ''}"
    return f"no option of {key} has such a name, see `{listing(key)}`: {shown}."
