"""The schema of ``edit.json``, key by key: what a file must hold for its edit to be loaded, shown, added to and verified.

Keys that the schema does not name are let through: a solver's own facts, and those of a later version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import torch

from erasepro.runtime.typed_json import WrongForm, check_json

RANGES = r"(\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*)?"
"""What `column_ranges.packed` writes."""


class FingerprintForm(TypedDict):
    """What a base weight is recognised by."""

    dtype: str
    sha256: str
    sample: list[float]


class ModelForm(TypedDict, total=False):
    """The base model."""

    name: str
    source: str
    kind: str
    revision: str | None
    weights_hash: str | None
    architecture: str


class ConceptsForm(TypedDict, total=False):
    """What is erased, and what is kept."""

    name: str
    kind: str
    vocabulary: str
    pairs: list[tuple[str, str]]
    preserve: list[str]
    synonyms: dict[str, list[str]]


class PromptsForm(TypedDict, total=False):
    """The count and the hash of the sentences that the edit was fitted on."""

    pairs: int
    preserve: int
    left_out: list[str]
    left_out_sentences: int
    unused_sentences: int
    dropped: int
    sha256: str


class EditPromptsForm(TypedDict, total=False):
    """Those sentences, or the settings of the templates that give them.

    A row: target prompt, anchor prompt, target, anchor, and the words for both where the sentences use others.
    """

    templates: dict[str, Any]
    neighbors: dict[str, list[str]]
    pairs: list[list[str]]
    preserve: list[str]


class ParentForm(TypedDict):
    """A part of a sum."""

    hash: str
    strength: float
    meta: EditMetaForm
    stated_alone: NotRequired[dict[str, Any]]


class PrecisionForm(TypedDict):
    """How many weights' factors float32 holds, how many float64; the largest ‖ΔW' − ΔW‖/‖ΔW‖ that rounding them cost."""

    float32: int
    float64: int
    largest_change: float


class EditMetaForm(TypedDict, total=False):
    """What of an edit's ``meta`` is read."""

    solver: str
    method: str
    equation: str
    config: dict[str, Any]
    tokens: dict[str, str]
    model: ModelForm
    concepts: ConceptsForm
    prompts: PromptsForm
    edit_prompts: EditPromptsForm
    base: dict[str, FingerprintForm]
    precision: PrecisionForm
    selected_columns: dict[str, str]
    training: dict[str, Any]
    uses_anchor: bool
    versions: dict[str, str]
    parents: list[ParentForm]


class SolverConfigForm(TypedDict):
    """Of a solver's settings what every solver has."""

    name: str


class SolvedConceptsForm(TypedDict):
    """The concepts of an edit that can be solved for again."""

    name: str
    kind: str
    vocabulary: str
    pairs: list[tuple[str, str]]
    preserve: list[str]


class SolvedMetaForm(TypedDict):
    """What else is read of an edit that says which sentences it was solved from."""

    config: SolverConfigForm
    concepts: SolvedConceptsForm


class SentencesForm(TypedDict):
    """Sentences that no template gives."""

    pairs: list[list[str]]
    preserve: list[str]


class ResidualsForm(TypedDict, total=False):
    """Relative residuals ‖WX − V‖ / ‖V‖."""

    selected: float
    all: float
    before: float
    selected_share: float
    exact: bool
    held_out: dict[str, float | None]


class DiagnosticForm(TypedDict, total=False):
    """What an edit did at one site."""

    site: str
    kind: str
    depth: int
    rank: int
    residual_before: float
    residual_after_selected: float
    residual_after_all: float
    delta_norm: float | None
    condition: float | None
    columns: int
    selected: int
    exact: bool
    dropped: list[dict[str, Any]]
    gap: float | None


class EditFileForm(TypedDict):
    """The whole file, in today's form."""

    strength: float
    sites: dict[str, dict[str, str]]
    d_out: NotRequired[dict[str, int]]
    narrowed: NotRequired[list[str]]
    residuals: ResidualsForm
    diagnostics: list[DiagnosticForm]
    meta: EditMetaForm


def check_edit_file(facts: Mapping[str, Any]) -> None:
    """Raise WrongForm, which names the first key that is missing or wrong, unless edit.json is of its form."""
    check_json(facts, EditFileForm)
    _check_meta(facts["meta"], "meta")
    base = facts["meta"].get("base")
    for name in facts["sites"]:
        if base is None or name not in base:
            raise WrongForm(f"meta.base.{name} is missing")


def _check_meta(meta: Mapping[str, Any], key: str) -> None:
    """What no type says: which keys go with which, the dtypes' names, the ranges of columns."""
    if "edit_prompts" in meta:
        check_json(meta, SolvedMetaForm, key)
        if "templates" not in meta["edit_prompts"]:
            check_json(meta["edit_prompts"], SentencesForm, f"{key}.edit_prompts")
    for name, fingerprint in meta.get("base", {}).items():
        dtype = getattr(torch, fingerprint["dtype"], None)
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise WrongForm(f"{key}.base.{name}.dtype is {fingerprint['dtype']!r}, not the name of a float's type")
    for name, ranges in meta.get("selected_columns", {}).items():
        if not re.fullmatch(RANGES, ranges):
            raise WrongForm(f"{key}.selected_columns.{name} is {ranges!r}, not ranges such as 0-5,9")
    for place, parent in enumerate(meta.get("parents", ())):
        _check_meta(parent["meta"], f"{key}.parents[{place}].meta")
