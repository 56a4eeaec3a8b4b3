"""What a certificate, or an edit's own diagnostics, state against what the weights give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from erasepro.models.sites import TEXT_KINDS
from erasepro.schedules import SCHEDULES
from erasepro.schedules.progressive import Progressive
from erasepro.verification.certify import FORMAT

if TYPE_CHECKING:
    from erasepro.edit.edit import Edit

RELATIVE, ABSOLUTE = 1e-3, 1e-6
"""A stated number holds within ABSOLUTE + RELATIVE × itself: what other libraries and machines may change."""

LOOSE = 1e-2, 1e-5
"""The same for the diagnostics of a solve, some of which are taken in float32."""

NUMBERS = ("residual_before", "residual_after", "residual_selected", "drift", "delta_norm")


def compare(
    stated: Mapping[str, Any], measured: Mapping[str, Any], tie: Callable[[str, str], bool] = lambda name, hash_: False
) -> list[str]:
    """What of a stated certificate the measured one contradicts, one line each; nothing where it holds.

    A model loaded in another precision than the certificate's cannot have its bytes: hashes are then not compared, and
    numbers within that precision's rounding. `tie(name, hash)`: whether an edited weight of that hash is the one here,
    rounded otherwise (see `ties`).
    """
    if stated.get("format") != FORMAT:
        return [f"certificate.json has format {stated.get('format')!r}, and {FORMAT} is read here"]
    wrong: list[str] = []
    try:
        for key in ("hash", "strength"):
            if stated["edit"][key] != measured["edit"][key]:
                wrong.append(
                    f"certificate.json is of an edit with {key} {stated['edit'][key]}, not {measured['edit'][key]}"
                )
        wrong += _tensors(stated["tensors"], measured["tensors"], tie)
        spread = rounding(stated["tensors"], measured["tensors"])
        theirs = {row["site"]: row for row in stated["sites"]}
        for row in measured["sites"]:
            wrong += _row(f"'{row['site']}'", theirs.get(row["site"], {}), row, spread)
        wrong += _row("what reads the text", stated["end_to_end"], measured["end_to_end"], spread)
        for theirs_held, own_held in zip(stated.get("held_out", []), measured["held_out"], strict=False):
            wrong += _held_out("certificate.json", theirs_held, own_held, spread)
        gaps = [gap for leaf in stated["gaps"] for gap in leaf]
        ours = [gap for leaf in measured["gaps"] for gap in leaf]
        if len(gaps) != len(ours):
            wrong.append(f"certificate.json states {len(gaps)} hidden-state gaps, and there are {len(ours)}")
        for gap, own in zip(gaps, ours, strict=False):
            wrong += [
                _off(
                    f"the gap {when} the edit, after layer {own['layer']} of the {own['encoder']},",
                    gap[when],
                    own[when],
                    spread,
                )
                for when in ("before", "after")
                if not near(gap[when], own[when], spread)
            ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        wrong.append(f"certificate.json is damaged ({type(error).__name__}: {error})")
    return wrong


def compare_stated(edit: Edit, measured: Mapping[str, Any]) -> list[str]:
    """What of the residuals in edit.json the weights contradict.

    Only where they mean the same: at strength 1, on layers that read the text and were solved on the edited encoders'
    features, and on text layers that were asked for the anchor's own output.
    """
    if edit.meta.get("parents") or edit.strength != 1:
        return []
    wrong = []
    spread = max(LOOSE[1], rounding(edit.meta.get("base", {}), measured["tensors"]))
    rows = {row["site"]: row for row in measured["sites"]}
    for entry in edit.diagnostics:
        row = rows.get(entry.get("site", ""))
        if row is None or row["residual_after"] is None or not _same_meaning(edit, entry):
            continue
        for key, ours in (("residual_after_all", "residual_after"), ("residual_after_selected", "residual_selected")):
            if key in entry and row[ours] is not None and not near(entry[key], row[ours], spread, LOOSE[0]):
                wrong.append(_off(f"{key} of '{row['site']}' in edit.json", entry[key], row[ours], spread, LOOSE[0]))
    held_out = measured.get("held_out") or [{}]
    wrong += _held_out("edit.json", edit.residuals.get("held_out") or {}, held_out[0], spread)
    for key, name in (("selected", "residual_after_selected"), ("all", "residual_after_all")):
        each = [entry[name] for entry in edit.diagnostics if name in entry]
        if each and key in edit.residuals and not near(edit.residuals[key], max(each), LOOSE[1], LOOSE[0]):
            wrong.append(
                _off(f"the residual over {key} columns in edit.json", edit.residuals[key], max(each), *LOOSE[::-1])
            )
    return wrong


def rounding(stated: Mapping[str, Any], measured: Mapping[str, Any]) -> float:
    """The absolute tolerance: ABSOLUTE where both have the same dtypes, else some roundings of the coarser one."""
    pairs = [(stated[name]["dtype"], measured[name]["dtype"]) for name in measured if name in stated]
    different = [torch.finfo(getattr(torch, dtype)).eps for a, b in pairs if a != b for dtype in (a, b)]
    return max([ABSOLUTE, *(8 * eps for eps in different)])


def near(stated: Any, measured: Any, absolute: float = ABSOLUTE, relative: float = RELATIVE) -> bool:
    """Whether a stated number is the measured one, to the tolerance; None only where both are."""
    if stated is None or measured is None:
        return stated is measured
    number = float(stated)
    return math.isfinite(number) and abs(number - measured) <= absolute + relative * abs(measured)


def _row(what: str, stated: Mapping[str, Any], measured: Mapping[str, Any], spread: float) -> Iterable[str]:
    for key in ("columns", "selected"):
        if stated.get(key) != measured[key]:
            yield f"{key} of {what} is stated as {stated.get(key)}, and is {measured[key]}"
    for key in NUMBERS:
        if key in measured and not near(stated.get(key), measured[key], spread):
            yield _off(f"{key} of {what}", stated.get(key), measured[key], spread)


def _tensors(stated: Mapping[str, Any], measured: Mapping[str, Any], tie: Callable[[str, str], bool]) -> Iterable[str]:
    for name in sorted(set(stated) ^ set(measured)):
        yield f"'{name}' is edited only {'in certificate.json' if name in stated else 'here'}"
    for name in measured:
        theirs, ours = stated.get(name, measured[name]), measured[name]
        for key in ("base", "edited") if theirs["dtype"] == ours["dtype"] else ():
            if theirs[key] != ours[key] and not (key == "edited" and tie(name, theirs[key])):
                yield f"the {key} weight '{name}' has hash {ours[key]}, and certificate.json states {theirs[key]}"


def _same_meaning(edit: Edit, entry: Mapping[str, Any]) -> bool:
    """Whether a diagnostics entry's residual is the certificate's: ‖WX − W_oY‖, X through the edited encoder."""
    schedule = edit.meta.get("config", {}).get("schedule")
    in_text = entry.get("kind") in TEXT_KINDS
    if not isinstance(schedule, dict):  # those that edit keys and values alone have none; text stages split residuals
        return not in_text
    kind = SCHEDULES.get(str(schedule.get("name")))
    if not in_text:
        return kind.reread_cross_attention
    return issubclass(kind, Progressive) and kind.reread and schedule.get("target") == "branch"


def _held_out(file: str, stated: Mapping[str, Any], measured: Mapping[str, Any], spread: float) -> list[str]:
    """What a file says of the held-out sentences, and the weights contradict."""
    both = [key for key in ("residual", "drift", "drift_preserved") if key in stated and key in measured]
    return [
        _off(f"the held-out {key} in {file}", stated[key], measured[key], spread, LOOSE[0])
        for key in both
        if not near(stated[key], measured[key], spread, LOOSE[0])
    ]


def _off(what: str, stated: Any, measured: Any, absolute: float, relative: float = RELATIVE) -> str:
    theirs, ours = ("none" if n is None else f"{float(n):.4g}" for n in (stated, measured))
    return f"{what} is stated as {theirs}, and is {ours} (tolerance {absolute:.0e} + {relative:.1%})"
