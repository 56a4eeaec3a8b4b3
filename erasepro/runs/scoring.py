"""A run's scores: which are there, which are missing, and the pass over the images that makes them.

Each metric has its own files in the run's ``scores/`` folder, named by a hash of what decides its numbers: the run's
signature, the metric's version, source, parameters and files, the judge, and the SHA-256s of the pictures. So a run that is
scored again scores only what is missing; what the files hold is checked when it is read (`score_files`). Networks' features of
the images lie beside the runs (``.feature_cache``), and a stopped pass computes none of them twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from erasepro.errors import UserError
from erasepro.metrics import METRICS
from erasepro.metrics.engine.build import MetricConfig, build_metrics, split_by_need
from erasepro.metrics.engine.code import is_current, metric_code
from erasepro.metrics.engine.score import PREDICTION, check_score, score
from erasepro.metrics.networks.feature_cache import FeatureCache, remove_abandoned_writes
from erasepro.metrics.networks.judges import build_run_judge, check_judge
from erasepro.models.load import judge_fingerprint
from erasepro.results.recognition import compute_recognition_rates
from erasepro.results.results_json import MetricScore, Results, nonfinite_to_null
from erasepro.results.run_folder import RunFolder
from erasepro.results.samples import FILE, count_unreadable, samples_made_of, write_samples
from erasepro.results.score import restore_score
from erasepro.runs.pictures import RunPictures
from erasepro.runs.score_files import ScoreFiles
from erasepro.runtime.file_hashes import contents
from erasepro.runtime.files import digest
from erasepro.runtime.meter import Meter
from erasepro.runtime.progress import stage

if TYPE_CHECKING:
    from erasepro.config.schema import ModelConfig
    from erasepro.generation import ImageStore, Row
    from erasepro.runs.spec import ChosenMetrics

SCORING_VERSION = 1
"""Raise it when scoring itself changes numbers."""


@dataclass
class Scoring:
    """The metrics of one run: those that are scored, those that are missing, and the pass that scores them.

    Args:
        folder: the run's.
        rows: its work list.
        metrics: which metrics, with which settings and judge.
        model: the run's; only its own judge is loaded, and only where it is needed.
        label: gives the protocol's name for a metric's numbers.
        edit_hash: gives the hash of the run's edit, of whose pictures the scores are; it is asked once the edit is there.
        progress: whether a bar is shown.
    """

    folder: RunFolder
    rows: Sequence[Row]
    metrics: ChosenMetrics
    model: ModelConfig
    label: Callable[[str], str]
    edit_hash: Callable[[], str] = str
    progress: bool = True

    @cached_property
    def pictures(self) -> RunPictures:
        """The pictures that are scored, and what is recorded of them."""
        return RunPictures(self.folder.path, self.rows)

    def check(self) -> None:
        """Raise UserError for whatever can be wrong with the metrics, before anything is drawn."""
        names = self.metrics.names
        for metric in build_metrics(names, self.metrics.configs).values():
            metric.check(self.rows)
        for name in self.derived:
            for other in METRICS.get(name).needs(self._config(name)):
                if other not in names:
                    raise UserError(
                        f"The metric {name!r} is made of {other!r}: add it, metrics.names=[{other},{name}], or set "
                        f"metrics.params.{name} so that it uses another."
                    )
        check_judge(self.metrics.judge)
        needing, others = split_by_need(names, self.metrics.configs)
        if needing and self.missing and self.judge is None:
            rest = f"keep only metrics.names=[{','.join(others)}]" if others else "use metrics=nudity, which needs none"
            raise UserError(
                f"The model {self.model.name!r} has no judge, and {', '.join(needing)} cannot do without: name one "
                f"(metrics.judge.kind=openai_clip), or {rest}, or add metrics=none to erase and draw only."
            )

    @property
    def missing(self) -> list[str]:
        """Names of the metrics whose scores are still to be made."""
        return [name for name in self._counted if not self._whole(name)]

    @property
    def done(self) -> bool:
        """Whether no image needs to be looked at again."""
        return not self.missing and not self._predictions_missing

    def score_missing(self, edited: ImageStore, original: ImageStore) -> None:
        """Make the scores that are missing, and write them to ``scores/``."""
        names = self.missing
        if names or self._predictions_missing:
            for name in [*([PREDICTION] if self._predictions_missing else []), *names]:
                self._files.tell_problem(self._file_name(name))
            feature_cache = FeatureCache(self.folder.path.parent / ".feature_cache")
            remove_abandoned_writes(self.folder.path.parent / ".feature_cache")
            with Meter() as meter:
                scored = score(
                    edited,
                    original,
                    self.rows,
                    self.judge if self._predictions_missing or self._ask_judge(names) else None,
                    names,
                    self.metrics.configs,
                    feature_cache=feature_cache,
                    progress=self.progress,
                )
            feature_cache.tell_damaged()
            images = [{"id": r.id, "seed": r.seed, "model": model, "error": why} for r, model, why in scored.images]
            predictions = [PREDICTION] if self._predictions_missing else []
            for name in [*predictions, *names]:
                values = zip(images, scored.values[name], strict=True)
                scores = {"edited": scored.edited.get(name), "original": scored.original.get(name)}
                entry = {model: s.as_dict() if s is not None else None for model, s in scores.items()}
                seconds = round(meter.seconds, 3)  # of the pass that made it, with all its metrics
                record = nonfinite_to_null({**entry, "seconds": seconds})
                self._files.write(self._file_name(name), ({**a, **b} for a, b in values), record)

    @property
    def _predictions_missing(self) -> bool:
        """Whether it is still to be said what each picture shows, by a judge that is there."""
        return bool(self._judge_key[-1] or self._ask_judge(self._counted)) and not self._whole(PREDICTION)

    def _ask_judge(self, names: Sequence[str]) -> bool:
        return bool(split_by_need(names, self.metrics.configs)[0])

    def scores(self) -> list[MetricScore]:
        """The scores of every metric asked for, in their order; none may be missing."""
        entries = {name: self._read(name) for name in self._counted}
        scores = {name: self._score(name, entry) for name, entry in entries.items()}
        for name in self.derived:
            scores[name] = self._derived(METRICS.get(name), scores)
        return [scores[name] for name in dict.fromkeys(self.metrics.names)]

    def scores_still_valid(self, results: Results) -> list[MetricScore]:
        """The scores in earlier results of the same images that were made by today's code of their metric."""
        return [score for score in results.scores if is_current(score)]

    def record(self, results: Results, before: Results | None) -> None:
        """Put the scores, what the pictures show, and ``samples.parquet`` (a row an image, a column a fact) into results.

        What ``before`` holds of the same images, byte for byte, stays where it still holds and is not scored anew.
        """
        known = before if before is not None and before.signature == self.folder.signature else None
        if known is not None and known.hashes.get("images") != results.hashes.get("images"):
            known = None  # its numbers are of other pictures
        results.scores = self.scores_still_valid(known) if known else []
        results.add(self.scores())
        if self._files.read(self._file_name(PREDICTION)):
            results.recognition_source = {
                "protocol": self.label(PREDICTION),
                "judge": self._judge_text(),
                "file": self._file_name(PREDICTION),
            }
            samples = self.samples([self._file_name(PREDICTION)])
            results.recognition = [dataclasses.asdict(o) for o in compute_recognition_rates(samples)]
            results.recognition_by_concept = [
                dataclasses.asdict(o) for o in compute_recognition_rates(samples, by_concept=True)
            ]
        elif known is not None:
            results.recognition, results.recognition_by_concept, results.recognition_source = (
                known.recognition,
                known.recognition_by_concept,
                known.recognition_source,
            )
        files = results.score_files()
        results.counts["images_unreadable"] = max(
            (count_unreadable(self._files.parquet(self._file_name(name))) or 0 for name in self._counted), default=0
        )
        if files:
            write_samples(self.folder.path / FILE, self.samples(files), files)

    def recorded(self, results: Results) -> bool:
        """Whether results, and ``samples.parquet``, hold every score that is asked for."""
        stored = [score.as_json() for score in results.scores]
        files = results.score_files()
        held = all(score.as_json() in stored for score in self.scores())
        return held and (not files or samples_made_of(self.folder.path / FILE) == files)

    def samples(self, files: Sequence[str]) -> list[dict[str, Any]]:
        """The work list's fields, ``model``, ``error``, and the values in these files of scores, of each image of both models.

        Of two files with one column the last counts; one that is lost, or not as it was written, has none.
        """
        of_row: dict[Any, dict[str, Any]] = {(row.id, row.seed): dataclasses.asdict(row) for row in self.rows}
        samples: dict[tuple[str, int, str], dict[str, Any]] = {}
        for name in files:
            for sample in self._files.samples(name):
                key = sample["id"], sample["seed"], sample["model"]
                if key[:2] in of_row:
                    samples.setdefault(key, dict(of_row[key[:2]])).update(sample)
        return list(samples.values())

    @cached_property
    def judge(self) -> Any:
        """The judge that ``metrics.judge`` names, or None."""
        with stage("Loading the judge", announced=False):
            return build_run_judge(self.metrics.judge, self.model, self.rows)

    @property
    def derived(self) -> list[str]:
        """Names of the metrics that are made of others and look at no image."""
        return [name for name in dict.fromkeys(self.metrics.names) if METRICS.get(name).derived]

    @property
    def _counted(self) -> list[str]:
        return [name for name in dict.fromkeys(self.metrics.names) if name not in self.derived]

    def _score(self, name: str, entry: dict[str, Any]) -> MetricScore:
        version, source = metric_code(name)
        return MetricScore(
            metric=name,
            protocol=self.label(name),
            params=self._params(name),
            edited=entry.get("edited"),
            original=entry.get("original"),
            judge=self._judge_name(name),
            seconds=entry.get("seconds", 0.0),
            version=version,
            source=source,
            file="" if name in self.derived else self._file_name(name),
        )

    def _derived(self, metric: Any, others: dict[str, MetricScore]) -> MetricScore:
        parts: dict[str, Any] = {}
        for model in ("edited", "original"):
            scores = {name: restore_score(getattr(s, model)) for name, s in others.items() if getattr(s, model)}
            try:
                derived = metric.derive(scores, self._config(metric.name))
                parts[model] = check_score(metric.name, "derive", derived).as_dict()
            except KeyError:  # a metric that only compares the two models has no score for the original
                parts[model] = None
        return self._score(metric.name, nonfinite_to_null(parts))

    def _config(self, name: str) -> MetricConfig:
        return self.metrics.configs[name]

    def _params(self, name: str) -> dict[str, Any]:
        return dataclasses.asdict(self._config(name))

    def _judge_name(self, name: str) -> str:
        return self._judge_text() if self._ask_judge([name]) else ""

    def _judge_text(self) -> str:
        cfg = self.metrics.judge
        parts: dict[str, list[str | None]] = {
            "model": [self.model.name],
            "openai_clip": [cfg.name, cfg.source],
            "transformers_clip": [cfg.source],
        }
        return " ".join([cfg.kind, *(str(part) for part in parts.get(cfg.kind, []) if part)])

    def _whole(self, name: str) -> bool:
        """Whether a metric's files are as they were written, and every image could be read when they were."""
        record = self._read(name)
        counted = name == PREDICTION or isinstance(record.get("edited"), dict)
        return bool(record) and counted and count_unreadable(self._files.parquet(self._file_name(name))) == 0

    def _read(self, name: str) -> dict[str, Any]:
        """A metric's scores; empty where they are still to be made, or were lost, damaged or changed since."""
        return self._files.read(self._file_name(name))

    @property
    def _files(self) -> ScoreFiles:
        return ScoreFiles(self.folder.path / "scores", self.edit_hash())

    def _file_name(self, name: str) -> str:
        """The name of a metric's files, without suffix."""
        key = self._judge_key if name == PREDICTION else self._key(name)
        facts = [SCORING_VERSION, self.folder.signature, name, key, self.pictures.fingerprint]
        return f"{name}-{digest(facts)[:8]}"

    def _key(self, name: str) -> Any:
        params, judge = self._params(name), self._judge_key if self._ask_judge([name]) else None
        return [*metric_code(name), params, contents(self._config(name)), judge]

    @cached_property
    def _judge_key(self) -> Any:
        cfg = {key: value for key, value in dataclasses.asdict(self.metrics.judge).items() if key != "device"}
        own = judge_fingerprint(self.model) if self.metrics.judge.kind == "model" else ""
        return [cfg, contents(self.metrics.judge), own]
