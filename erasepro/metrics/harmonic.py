"""Erased, retained and generalised in one number: MACE's H_o, H_c and H_a, made of another metric's scores by role.

    H_o = 3 / (1/(1 − A_e) + 1/A_s + 1/(1 − A_g))     objects         (Lu et al., MACE, CVPR 2024)
    H_c = 2 / (1/(1 − A_e) + 1/A_s)                   celebrities
    H_a = C_s − C_e                                   artists: a difference of CLIP scores

A_e, A_s, A_g: accuracy on the erased concepts (role target), on others (retain), on synonyms of the erased (synonym). A
table's average over objects is the mean of H_o over runs that erase one each (`erasepro report` of those), which is below H_o
of the mean accuracies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from erasepro.errors import unknown
from erasepro.metrics.configs import HarmonicConfig
from erasepro.metrics.engine.base import Batch, Metric, empty_values
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score

Part = tuple[float, float | None]
"""(value, standard error or None where it is not known)."""

FORMS = {
    "objects": ("target", "retain", "synonym"),
    "celebrities": ("target", "retain"),
    "artists": ("target", "retain"),
}
"""The roles that each form is made of."""

NAMES = {"objects": "H_o", "celebrities": "H_c", "artists": "H_a"}


def harmonic_mean(parts: Sequence[Part]) -> Part:
    """k / Σ 1/x_i of k values x_i ≥ 0, and its standard error by the delta method; 0 where any part is 0.

    ∂H/∂x_i = H² / (k x_i²); with m parts at 0 its limit is k/m² for those, and 0 for the others. The parts are taken as
    independent: they are counted on different images.
    """
    k, values = len(parts), [value for value, _ in parts]
    zeros = sum(value == 0 for value in values)
    mean = 0.0 if zeros else k / sum(1 / value for value in values)
    slopes = [k / zeros**2 * (value == 0) if zeros else mean**2 / (k * value**2) for value in values]
    return mean, _propagated(slopes, [stderr for _, stderr in parts])


def difference(retained: Part, erased: Part) -> Part:
    """retained − erased, and its standard error."""
    return retained[0] - erased[0], _propagated([1.0, -1.0], [retained[1], erased[1]])


def _propagated(slopes: Sequence[float], errors: Sequence[float | None]) -> float | None:
    finite_errors = [error for error in errors if error is not None]
    if len(finite_errors) < len(errors):
        return None
    return math.sqrt(sum((slope * error) ** 2 for slope, error in zip(slopes, finite_errors, strict=True)))


@METRICS.register("harmonic", config=HarmonicConfig)
class Harmonic(Metric):
    """Harmonic mean of 1 − accuracy on targets, accuracy on retained concepts, 1 − accuracy on synonyms (MACE's H_o).

    Parts: what went in, by role, each with its n and standard error. ``n`` is the smallest of them. Without images of a role
    that the form needs the value is NaN.
    """

    higher_is_better = True
    needs_judge = False  # the metric that it is made of asks for one
    derived = True

    def __init__(self, config: HarmonicConfig) -> None:
        if config.form not in FORMS:
            raise unknown("value of metrics.params.harmonic.form", config.form, FORMS)
        if config.of not in METRICS or METRICS.get(config.of).derived:
            others = [name for name in METRICS.names() if not METRICS.get(name).derived]
            raise unknown("metric in metrics.params.harmonic.of", config.of, others)

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Nothing: it looks at no images."""
        return empty_values(batch.rows)

    def compute(self) -> Score:
        """NaN: a derived metric is made by `derive`."""
        return Score(self.name, math.nan, 0, None, self.higher_is_better)

    @classmethod
    def needs(cls, config: HarmonicConfig) -> tuple[str, ...]:
        """The one metric that ``of`` names."""
        return (config.of,)

    @classmethod
    def derive(cls, scores: Mapping[str, Score], config: HarmonicConfig) -> Score:
        """The number of one model's scores. Raises KeyError without a score of ``config.of``.

        Where a role has no images, or the scores are no shares, the value is NaN and ``parts["why"]`` says so: by then the
        images are drawn, and the other metrics' numbers must not be lost.
        """
        score, roles = scores[config.of], FORMS[config.form]
        parts_by_role = {role: score.parts[role] for role in roles if _counted(score.parts.get(role))}
        about = {"unit": f"{NAMES[config.form]} of {config.of}", "form": config.form, "of": config.of}
        if len(parts_by_role) < len(roles):
            return cls._none(
                about, f"no images of {' and '.join(role for role in roles if role not in parts_by_role)} prompts"
            )
        parts: dict[str, Part] = {role: (part["value"], part["stderr"]) for role, part in parts_by_role.items()}
        if config.form == "artists":
            value, stderr = difference(parts["retain"], parts["target"])
        elif any(not 0 <= value <= 1 for value, _ in parts.values()):
            return cls._none(about, f"{config.of} is no share from 0 to 1")
        else:  # so that higher is better: what is gone of the erased and their synonyms, what is left of the others
            parts = {role: (v if role == "retain" else 1 - v, stderr) for role, (v, stderr) in parts.items()}
            value, stderr = harmonic_mean(list(parts.values()))
        reported = {role: {"value": v, "n": parts_by_role[role]["n"], "stderr": e} for role, (v, e) in parts.items()}
        n = min(part["n"] for part in parts_by_role.values())
        return Score(cls.name, value, n, stderr, cls.higher_is_better, {**reported, **about})

    @classmethod
    def _none(cls, about: dict[str, Any], why: str) -> Score:
        facts = {**about, "unit": f"{about['unit']}: {why}", "why": why}
        return Score(cls.name, math.nan, 0, None, cls.higher_is_better, facts)


def _counted(part: Any) -> bool:
    return isinstance(part, Mapping) and bool(part.get("n")) and part.get("value") is not None
