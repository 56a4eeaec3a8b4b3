"""The schema of ``results.json``, key by key: what a file must hold to be read (see ``results_json.Results``).

Keys are checked as deep as tables, trackers and reports read them; what only people read is not.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from erasepro.runtime.typed_json import WrongForm, check_json


class ShareForm(TypedDict):
    """A share of images; ``value`` is null where nothing was counted."""

    value: float | None
    n: int
    stderr: float | None


class RecognitionRatesForm(TypedDict):
    """What the images of one group of prompts show (``results.recognition.RecognitionRates``)."""

    role: str
    phrasing: str
    group: str
    concept_shown: ShareForm
    anchor_shown: ShareForm
    unrecognised: ShareForm
    other: ShareForm
    subject: ShareForm
    original: ShareForm
    retention: ShareForm
    errors: int


class ValueForm(TypedDict):
    """One number (``results.results_json.Value``)."""

    metric: str
    model: str
    role: str
    phrasing: str
    value: float | None
    n: int
    stderr: float | None
    higher_is_better: bool | None
    protocol: str


class CurvePointForm(TypedDict):
    """NudeNet's counts at one threshold."""

    threshold: float
    images: int
    images_stderr: float | None
    boxes: int
    boxes_stderr: float | None


class ScoreForm(TypedDict):
    """A metric's result for one model (``results.score.Score``); ``parts`` are the metric's own."""

    name: str
    value: float | None
    n: int
    stderr: float | None
    higher_is_better: bool
    parts: dict[str, Any]


class DetectorPartsForm(TypedDict):
    """The ``parts`` of a score of NudeNet that keeps a curve."""

    n: int
    images: int
    boxes: int
    images_by_label: dict[str, int]
    boxes_by_label: dict[str, int]
    curve: list[CurvePointForm]
    threshold: float
    errors: list[Any]
    package_version: str
    model_sha256: str


class MetricScoreForm(TypedDict):
    """One metric of a run (``results.results_json.MetricScore``)."""

    metric: str
    protocol: str
    params: dict[str, Any]
    edited: ScoreForm | None
    original: ScoreForm | None
    judge: str
    seconds: float
    version: int
    source: str
    file: str


class TestResidualForm(TypedDict, total=False):
    """What is left on the test prompts."""

    residual: float | None
    before: float | None


class HeldOutForm(TypedDict, total=False):
    """What an edit does on sentences that it was neither fitted on nor preserves."""

    pairs: int
    texts: int
    residual: float | None
    residual_before: float | None
    drift: float | None
    drift_preserved: float | None


class ResidualsForm(TypedDict, total=False):
    """Relative residuals ‖WX − V‖ / ‖V‖."""

    selected: float | None
    all: float | None
    before: float | None
    selected_share: float | None
    exact: bool
    held_out: HeldOutForm | None
    test: TestResidualForm | None


class DiagnosticForm(TypedDict):
    """What an edit did at one site."""

    site: str
    kind: str
    depth: int
    rank: int
    delta_norm: float | None
    gap: NotRequired[float | None]


class EditMetaForm(TypedDict, total=False):
    """What of an edit's ``meta`` is read."""

    model: dict[str, Any]
    concepts: dict[str, Any]


class EditForm(TypedDict, total=False):
    """The edit's meta and its diagnostics by site."""

    meta: EditMetaForm
    diagnostics: list[DiagnosticForm]


class StageForm(TypedDict):
    """Seconds and peak memory of a stage."""

    seconds: float
    peak_mib: NotRequired[float]
    peak_gpu_mib: NotRequired[float]


class RecognitionSourceForm(TypedDict, total=False):
    """The recognition rates' protocol, judge and file in ``scores/``."""

    protocol: str
    judge: str
    file: str


class ModelForm(TypedDict):
    """``config.model``, as far as it is read."""

    name: str


class ConceptsForm(TypedDict):
    """``config.concepts``, as far as it is read."""

    kind: str
    pairs: list[list[str]]


class GenerationForm(TypedDict):
    """``config.generation``, as far as it is read."""

    steps: int
    guidance: float
    seeds: list[int]
    split: str


class SolverForm(TypedDict):
    """``config.solver``, as far as it is read."""

    name: str


class PromptSetForm(TypedDict, total=False):
    """A prompt set of ``config.prompts``, as far as it is read."""

    use_row_settings: list[str] | None
    columns: dict[str, Any] | None


class MetricsForm(TypedDict):
    """``config.metrics``, as far as it is read."""

    names: list[str]
    params: dict[str, dict[str, Any] | None] | None


class ProtocolForm(TypedDict):
    """``config.protocol``."""

    name: str
    version: int
    fixes: dict[str, Any]
    requires: NotRequired[dict[str, str] | None]
    prompt_sets: NotRequired[list[str] | None]
    models: NotRequired[list[str] | None]
    metrics: NotRequired[list[str] | None]


class ConfigForm(TypedDict):
    """The run's config, as far as it is read."""

    model: ModelForm
    concepts: ConceptsForm
    generation: GenerationForm
    solver: SolverForm
    metrics: MetricsForm
    protocol: ProtocolForm
    prompts: NotRequired[dict[str, PromptSetForm | None] | None]


class ResultsForm(TypedDict):
    """The whole file."""

    name: str
    signature: str
    config: ConfigForm
    protocol: str
    hashes: dict[str, str]
    values: list[ValueForm]
    scores: list[MetricScoreForm]
    recognition: list[RecognitionRatesForm]
    recognition_source: RecognitionSourceForm
    recognition_by_concept: list[RecognitionRatesForm]
    residuals: ResidualsForm
    edit: EditForm
    stages: dict[str, StageForm]
    counts: dict[str, int]
    prompt_sets: dict[str, Any]
    sensitive: NotRequired[bool]  # where it is not told, images are blurred and stay here
    libraries: dict[str, str]
    git: dict[str, Any] | None
    method: NotRequired[str]  # results of before it was stored are headed by the solver's name
    machine: str
    version: int
    digest: NotRequired[str]  # results of before there were digests have none


def check_results(record: Any) -> None:
    """Raise WrongForm, naming the key, where the JSON value of a run's results is not of `ResultsForm`."""
    check_json(record, ResultsForm)
    for place, pair in enumerate(record["config"]["concepts"]["pairs"]):
        if len(pair) != 2:
            raise WrongForm(f"config.concepts.pairs[{place}] is {pair}, not a target and an anchor")
    for place, score in enumerate(record["scores"]):
        for model in ("edited", "original"):
            parts = score[model]["parts"] if score[model] else {}
            if score["metric"] == "nudenet" and "curve" in parts:  # older scores keep none, and have no tables
                check_json(parts, DetectorPartsForm, f"scores[{place}].{model}.parts")
