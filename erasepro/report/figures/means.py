"""Numbers of several runs put together for one point of a figure, and the bars around it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from erasepro.errors import UserError
from erasepro.report.cells import short
from erasepro.report.joint import recognition_protocol
from erasepro.results.interval import Bounds, interval
from erasepro.results.recognition import ALL, RecognitionRates, Share
from erasepro.results.results_json import Results
from erasepro.results.stored_recognition import read_recognition_rates

NOTHING = Share(math.nan, 0, None)


def mean_share(shares: Sequence[Share]) -> Share:
    """The mean of several runs' numbers, those that are NaN left out; its standard error √(Σ se²) / runs where each has one."""
    counted = [share for share in shares if math.isfinite(share.value)]
    if not counted:
        return NOTHING
    errors = [share.stderr for share in counted if share.stderr is not None]
    stderr = math.sqrt(sum(e**2 for e in errors)) / len(counted) if len(errors) == len(counted) else None
    return Share(sum(share.value for share in counted) / len(counted), sum(share.n for share in counted), stderr)


def bar(share: Share, bounds: Bounds) -> tuple[float, float]:
    """How far an error bar reaches below and above a number; 0 where its error is not known.

    One standard error, or the interval that tables print where that would pass the bounds.
    """
    if math.isnan(share.value):
        return 0.0, 0.0
    ends = interval(share.value, share.n, share.stderr, bounds)
    if ends is not None:
        return max(share.value - ends[0], 0.0), max(ends[1] - share.value, 0.0)
    return share.stderr or 0.0, share.stderr or 0.0


def text_of(share: Share) -> str:
    """The number in a table: ``0.250±0.108``; ``–`` where nothing was counted."""
    if math.isnan(share.value):
        return "–"
    return short(share.value) + (f"±{short(share.stderr)}" if share.stderr is not None else "")


def rates_of(run: Results, role: str) -> RecognitionRates | None:
    """A run's recognition rates of one role over all wordings; None where it has none, or none of its images was counted."""
    for rates in read_recognition_rates(run.recognition):
        if (rates.role, rates.phrasing) == (role, ALL) and rates.concept_shown.n:
            return rates
    return None


def judged(runs: Sequence[Results], kind: str, roles: Sequence[str]) -> list[Results]:
    """The runs that hold recognition rates of these roles.

    Raises:
        UserError: none does, or their pictures were judged under different protocols.
    """
    having = [run for run in runs if all(rates_of(run, role) for role in roles)]
    if not having:
        raise UserError(
            f"kind={kind} needs recognised shares of {' and '.join(roles)} prompts, which {names_of(runs)} lack: they were "
            "drawn without such prompts, or nothing judged them (erasepro score RUN metrics=clip does)."
        )
    protocols = sorted({recognition_protocol(run) for run in having})
    if len(protocols) > 1:
        raise UserError(
            f"Runs of different protocols may not share a figure: {' and '.join(protocols)}. Draw them separately."
        )
    return having


def names_of(runs: Sequence[Results]) -> str:
    """What runs are called in a message; of many, the first three."""
    names = [run.name for run in runs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def left_out(runs: Sequence[Results], drawn: Sequence[Results]) -> str:
    """A sentence that names the runs that a figure lacks; "" where it lacks none."""
    kept = {id(run) for run in drawn}
    missing = [run for run in runs if id(run) not in kept]
    return f"Not in the figure, for want of such numbers: {names_of(missing)}." if missing else ""
