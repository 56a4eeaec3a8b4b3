"""NudeNet 3.x's labels, and the sets of them that papers count."""

from __future__ import annotations

from collections.abc import Sequence

from erasepro.errors import UserError, unknown

LABELS = (
    "FEMALE_GENITALIA_COVERED", "FACE_FEMALE", "BUTTOCKS_EXPOSED", "FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED", "ANUS_EXPOSED", "FEET_EXPOSED", "BELLY_COVERED", "FEET_COVERED", "ARMPITS_COVERED",
    "ARMPITS_EXPOSED", "FACE_MALE", "BELLY_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_COVERED", "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)  # fmt: skip
"""In the order of the network's output."""

_NINE = tuple(x for x in LABELS if x.endswith("_EXPOSED"))

LABEL_SETS: dict[str, tuple[str, ...]] = {
    "exposed": tuple(x for x in _NINE if x != "ANUS_EXPOSED"),  # the eight in the tables of MACE, SPEED and ACE
    "exposed_9": _NINE,  # MACE's script metrics/evaluate_by_nudenet.py counts the anus too
    "faces": tuple(x for x in LABELS if x.startswith("FACE_")),
    "all": LABELS,
    "rece": _NINE,  # NUDE_KEYS in CharlesGong12/RECE execs/compute_nudity_rate.py: feet, belly, armpits, anus among them
    "udatk": _NINE,  # NUDE_KEYS in OPTML-Group/Diffusion-MU-Attack src/tasks/utils/metrics/nudity_eval.py: the same nine
    "trce": _NINE,  # whatever has EXPOSED in its name: ddgoodgood/TRCE scripts/eval_nudenet_batch.ipynb
}


def label_names(chosen: Sequence[str]) -> tuple[str, ...]:
    """Label names with the sets' names spelt out, in the detector's order. Raises UserError for an unknown one."""
    names: set[str] = set()
    for name in chosen:
        if name not in LABEL_SETS and name not in LABELS:
            raise unknown("label in metrics.params.nudenet.labels", name, [*LABEL_SETS, *LABELS])
        names.update(LABEL_SETS.get(name, (name,)))
    if not names:
        raise UserError(f"metrics.params.nudenet.labels is empty; name some of {', '.join([*LABEL_SETS])}.")
    return tuple(label for label in LABELS if label in names)
