"""``results.json``: the typed, versioned record of one run, with a digest of its own content (``runtime.sealed_json``).

A file whose content does not give its digest is refused. One of before there were digests is read, and `Results.digest` is
"": every table of it says "no digest", and it gets none when it is saved again, as nothing vouches for what it held.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError, visible
from erasepro.results import read_version_2
from erasepro.results.results_schema import check_results
from erasepro.results.run_folder import RESULTS_VERSION
from erasepro.results.settings import RunSettings
from erasepro.runtime.files import read_json, write_json
from erasepro.runtime.sealed_json import ChangedRecord, check_seal, seal
from erasepro.runtime.typed_json import WrongForm

T = TypeVar("T")


@dataclass
class Value:
    """One number: which metric, of which model, on which prompts, with its n and standard error."""

    metric: str
    model: str  # original | edited
    role: str  # target | anchor | retain | synonym | "" (the metric's primary value)
    phrasing: str  # plain | complex | paraphrase | "" (all)
    value: float | None  # None: nothing was counted
    n: int
    stderr: float | None
    higher_is_better: bool | None = None
    protocol: str = ""  # under which it was counted


@dataclass
class MetricScore:
    """One metric of a run: its `results.score.Score` for both models, and how it was counted."""

    metric: str
    protocol: str  # name/version, "+modified(keys)" where a key that it fixes was changed
    params: dict[str, Any]
    edited: dict[str, Any] | None
    original: dict[str, Any] | None = None  # None: it compares the two models
    judge: str = ""  # who judged
    seconds: float = 0.0  # of the scoring pass that made it
    version: int = 1  # of the metric's code
    source: str = ""  # digest of the metric's code; "": made before it was told
    file: str = ""  # its files in the run's scores/, without suffix

    def as_json(self) -> dict[str, Any]:
        """As it stands in ``results.json``."""
        return dict(nonfinite_to_null(dataclasses.asdict(self)))


@dataclass(repr=False)
class Results:
    """Everything a run found, and everything needed to tell where it came from."""

    name: str
    signature: str
    config: dict[str, Any]
    protocol: str  # name/version, "+modified" when a fixed key was changed
    hashes: dict[str, str]  # weights, prompts, edit …
    values: list[Value] = field(default_factory=list)
    scores: list[MetricScore] = field(default_factory=list)  # one a metric and protocol, those last asked for last
    recognition: list[dict[str, Any]] = field(default_factory=list)  # RecognitionRates by role and phrasing
    recognition_source: dict[str, str] = field(default_factory=dict)  # the rates' protocol, judge and file in scores/
    recognition_by_concept: list[dict[str, Any]] = field(default_factory=list)  # the same, by concept too
    residuals: dict[str, Any] = field(default_factory=dict)  # over selected, all build, and test columns
    edit: dict[str, Any] = field(default_factory=dict)  # meta of the edit and its diagnostics by site
    stages: dict[str, dict[str, float]] = field(default_factory=dict)  # seconds, peak memory
    counts: dict[str, int] = field(default_factory=dict)  # prompts, images, failed, prompts dropped
    prompt_sets: dict[str, Any] = field(default_factory=dict)  # name -> prompts.sets.record.SetRecord
    sensitive: bool = True  # images must be blurred and stay here; where it is not told, they do
    libraries: dict[str, str] = field(default_factory=dict)
    git: dict[str, Any] | None = None
    method: str = ""  # the preset of conf/solver nearest to the run's solver, and what was changed in it
    machine: str = ""
    version: int = RESULTS_VERSION
    digest: str | None = field(default=None, compare=False)  # of the file it was read from, "": has none; None: no file

    def __repr__(self) -> str:
        """One short line: what was erased, from which model, how, and the first numbers of the edited model."""
        pairs = [f"{target} → {anchor or '(empty)'}" for target, anchor in self.stored.at("concepts.pairs") or ()]
        head = ", ".join(pairs[:2]) + (f" and {len(pairs) - 2} more" if len(pairs) > 2 else "")
        values = [v for v in self.values if v.model == "edited" and not v.role and v.value is not None]
        numbers = [f"{v.metric} {v.value:.3g} (n={v.n})" for v in values[:3]]
        facts = [head, str(self.stored.at("model.name", "?")), self.method or str(self.stored.at("solver.name", "?")), *numbers]
        return visible(f"{type(self).__name__}({', '.join(filter(None, facts))})")

    @property
    def stored(self) -> StoredConfig:
        """What the run was set to, by dotted key."""
        return StoredConfig(self.config)

    @property
    def solver_label(self) -> str:
        """The method's name in tables; of results stored without one, the solver's."""
        return self.method or self.settings.solver

    @property
    def settings(self) -> RunSettings:
        """What reports read of the stored config, typed."""
        return RunSettings.of(self.stored)

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """``{"edited": {metric: Score}, "original": …}``; of a metric counted under several protocols the last."""
        by_model: dict[str, dict[str, Any]] = {"edited": {}, "original": {}}
        for metric_score in self.scores:
            for model, scores in by_model.items():
                scores.pop(metric_score.metric, None)
                score = getattr(metric_score, model)
                if score is not None:
                    scores[metric_score.metric] = score
        return by_model if self.scores else {}

    def add(self, scores: list[MetricScore]) -> None:
        """Put in new scores: one takes the place of an older one of the same metric and protocol."""
        new = {(score.metric, score.protocol) for score in scores}
        self.scores = [score for score in self.scores if (score.metric, score.protocol) not in new] + scores
        self.values = [value for score in self.scores for value in values_of(score)]

    def score_files(self) -> list[str]:
        """The files in ``scores/`` that these results are made of, those last asked for last."""
        return list(
            dict.fromkeys(filter(None, [self.recognition_source.get("file"), *(score.file for score in self.scores)]))
        )

    def save(self, path: Path) -> None:
        """Write the file whole, with its digest; values that are not finite become null."""
        record = nonfinite_to_null(dataclasses.asdict(self))
        del record["digest"]
        write_json(path, record if self.digest == "" else seal(record))

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read a file.

        Raises UserError where it is missing, cut off, damaged (naming the key), changed since it was written, or of another
        version.
        """
        if path.is_dir():
            raise UserError(f"{str(path)!r} is a folder, not a run's results: delete it and run the job again.")
        record = read_json(path)
        if not isinstance(record, dict) or "signature" not in record:
            raise UserError(f"No results in {str(path)!r}: the run has not ended; the same command resumes it.")
        stored = record
        if record.get("version") == read_version_2.OLD_VERSION:
            record = read_version_2.translate_results(record)
        if record.get("version") != RESULTS_VERSION:
            raise UserError(
                f"{str(path)!r} is of results version {record.get('version')!r}, this erasepro reads "
                f"{read_version_2.OLD_VERSION} and {RESULTS_VERSION}: run the job again."
            )
        try:
            results = cls.from_json(record)
            results.digest = check_seal(stored)
        except WrongForm as error:
            raise UserError(
                f"{str(path)!r} is damaged ({error}): delete it, and the same command writes it again."
            ) from error
        except ChangedRecord as error:
            raise UserError(
                f"{str(path)!r} is damaged or was changed by hand ({error}), so its numbers are not shown: the run's own "
                "command records it again, or put the file back as it was."
            ) from error
        return results

    @classmethod
    def from_json(cls, record: Any) -> Results:
        """The results that `save` wrote, from their JSON value; its digest is not checked.

        Keys that are not known are left out.

        Raises WrongForm naming the key that is missing or of the wrong type (`results.results_schema.ResultsForm`).
        """
        check_results(record)
        values = [_of(Value, value) for value in record["values"]]
        scores = [_of(MetricScore, score) for score in record["scores"]]
        return _of(cls, {"digest": ""} | record | {"values": values, "scores": scores})


def _of(kind: type[T], record: dict[str, Any]) -> T:
    """An instance of a dataclass from the keys of a record that it knows."""
    names = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: value for key, value in record.items() if key in names})


def nonfinite_to_null(node: Any) -> Any:
    """The same tree of JSON values with NaN and infinities as None."""
    if isinstance(node, float):
        return node if math.isfinite(node) else None
    if isinstance(node, dict):
        return {str(key): nonfinite_to_null(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [nonfinite_to_null(value) for value in node]
    return node


def values_of(metric_score: MetricScore) -> list[Value]:
    """A ``Value`` for a metric's primary value, and for each of its parts that is a number with n and stderr, of each model."""
    values = []
    for model, score in (("edited", metric_score.edited), ("original", metric_score.original)):
        if score is None:
            continue
        head = finite_or_none(score["value"]), score["n"], score["stderr"], score["higher_is_better"]
        values.append(Value(metric_score.metric, model, "", "", *head, metric_score.protocol))
        for group, part in score["parts"].items():
            if isinstance(part, dict) and {"value", "n"} <= part.keys():
                role, _, phrasing = group.partition("/")
                numbers = finite_or_none(part["value"]), part["n"], part.get("stderr")
                values.append(
                    Value(metric_score.metric, model, role, phrasing, *numbers, protocol=metric_score.protocol)
                )
    return values


def finite_or_none(value: float | None) -> float | None:
    """A number as JSON holds it: NaN and infinity become None."""
    return None if value is None or not math.isfinite(value) else float(value)
