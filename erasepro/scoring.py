"""A run's scores: which are there, which are missing, and the pass over the images that makes them.

Each metric has its own files in the run's ``scores/`` folder, named by a hash of what decides its numbers: the run's
signature, the metric's version, parameters and files, the evaluator. So a run that is scored again scores only what is
missing. What networks said of the images lies beside the runs (``.looks``), and a stopped pass asks none of them twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.errors import UserError
from erasepro.meter import Meter
from erasepro.results import MetricScore, Results, finite, restored
from erasepro.rundir import RunDir, digest, read_dict, write_json

if TYPE_CHECKING:
    from erasepro.generation import ImageStore, Row
    from erasepro.schema import MetricsConfig, ModelConfig

VERSION = 1
"""Raise it when scoring itself changes numbers."""


@dataclass
class Scoring:
    """The metrics asked of one run.

    folder: the run's. rows: its work list. label: the protocol's name for a metric's numbers. model: only its own evaluator is
    loaded, and only where it is needed.
    """

    folder: RunDir
    rows: Sequence[Row]
    metrics: MetricsConfig
    model: ModelConfig
    label: Callable[[str], str]
    progress: bool = True

    def check(self) -> None:
        """Whatever can be wrong with the metrics, found out before anything is drawn. Raises UserError."""
        from erasepro.metrics import METRICS, build_metrics, split_by_need
        from erasepro.metrics.networks.evaluators import check_evaluator

        names = self.metrics.names
        for metric in build_metrics(names, self.metrics.params).values():
            metric.check(self.rows)
        for name in self.derived:
            for other in METRICS.get(name).needs(self._config(name)):
                if other not in names:
                    raise UserError(
                        f"The metric {name!r} is made of {other!r}: add it, metrics.names=[{other},{name}], or set "
                        f"metrics.params.{name} so that it uses another."
                    )
        check_evaluator(self.metrics.evaluator)
        needing, others = split_by_need(names, self.metrics.params)
        if needing and self.missing and self.evaluator is None:
            rest = f"keep only metrics.names=[{','.join(others)}]" if others else "use metrics=nudity, which needs none"
            raise UserError(
                f"The model {self.model.name!r} has no evaluator, and {', '.join(needing)} cannot do without: name one "
                f"(metrics.evaluator.kind=openai_clip), or {rest}, or add metrics=none to erase and draw only."
            )

    @property
    def missing(self) -> list[str]:
        """Names of the metrics whose scores are still to be made."""
        return [name for name in self._counted if self._read(name) is None]

    def go(self, edited: ImageStore, original: ImageStore) -> None:
        """Score what is missing, and write ``samples.parquet``: a row an image, a column a fact."""
        from erasepro.metrics import score
        from erasepro.metrics.looks import Looks, sweep
        from erasepro.metrics.score import VERDICT
        from erasepro.report.samples import FILE, write_samples

        names = self.missing
        if names or self._verdicts_missing:
            looks = Looks(self.folder.path.parent / ".looks")
            sweep(self.folder.path.parent / ".looks")
            params = {name: self.metrics.params[name] for name in names if name in self.metrics.params}
            with Meter() as meter:
                found = score(
                    edited,
                    original,
                    self.rows,
                    self.evaluator if self._verdicts_missing or self._judged(names) else None,
                    names,
                    params,
                    looks=looks,
                    progress=self.progress,
                )
            images = [{"id": r.id, "seed": r.seed, "model": model, "error": why} for r, model, why in found.images]
            for name in [*([VERDICT] if self._verdicts_missing else []), *names]:
                values = zip(images, found.values[name], strict=True)
                write_samples(self._stem(name).with_suffix(".parquet"), ({**a, **b} for a, b in values))
                scores = {"edited": found.edited.get(name), "original": found.original.get(name)}
                entry = {model: one.as_dict() if one is not None else None for model, one in scores.items()}
                seconds = round(meter.seconds, 3)  # of the pass that made it, with all its metrics
                write_json(self._stem(name).with_suffix(".json"), finite({**entry, "seconds": seconds}))
        if self._counted:
            write_samples(self.folder.path / FILE, self.samples())

    @property
    def _verdicts_missing(self) -> bool:
        """Whether it is still to be said what each picture shows, by a judge that is there."""
        from erasepro.metrics.score import VERDICT

        return bool(self._judge_key[-1] or self._judged(self._counted)) and self._read(VERDICT) is None

    def _judged(self, names: Sequence[str]) -> bool:
        from erasepro.metrics import split_by_need

        return bool(split_by_need(names, self.metrics.params)[0])

    def scores(self) -> list[MetricScore]:
        """The scores of every metric asked for, in their order; none may be missing."""
        from erasepro.metrics import METRICS

        entries = {name: self._read(name) or {} for name in self._counted}
        found = {name: self._score(name, entry) for name, entry in entries.items()}
        for name in self.derived:
            found[name] = self._derived(METRICS.get(name), found)
        return [found[name] for name in dict.fromkeys(self.metrics.names)]

    def earlier(self, results: Results) -> list[MetricScore]:
        """The scores in older results of the same images that still hold: of today's version of their metric."""
        from erasepro.metrics import METRICS

        mine = results.scores if results.signature == self.folder.signature else []
        return [one for one in mine if one.metric in METRICS and METRICS.get(one.metric).version == one.version]

    def outcomes(self) -> dict[str, Any]:
        """What the pictures show, by role and wording, and by concept too; how many images could not be read."""
        from erasepro.report import outcomes

        samples = self.samples()
        found: dict[str, Any] = {"outcomes": [], "by_concept": []}
        if any("verdict" in sample for sample in samples):  # without verdicts there are no outcomes
            found["outcomes"] = [dataclasses.asdict(o) for o in outcomes(samples)]
            found["by_concept"] = [dataclasses.asdict(o) for o in outcomes(samples, by_concept=True)]
        return found | {"unreadable": sum((s["error"] or "").startswith("unreadable") for s in samples)}

    def samples(self) -> list[dict[str, Any]]:
        """The work list's fields, ``model``, ``error``, and every metric's values, of each image of both models."""
        from erasepro.metrics.score import VERDICT
        from erasepro.report.samples import read_samples

        of_row: dict[Any, dict[str, Any]] = {(row.id, row.seed): dataclasses.asdict(row) for row in self.rows}
        found: dict[tuple[str, int, str], dict[str, Any]] = {}
        for name in [VERDICT, *self._counted]:
            file = self._stem(name).with_suffix(".parquet")
            for sample in read_samples(file) if file.exists() else []:
                key = sample["id"], sample["seed"], sample["model"]
                found.setdefault(key, dict(of_row[key[:2]])).update(sample)
        return list(found.values())

    @cached_property
    def evaluator(self) -> Any:
        """The judge that ``metrics.evaluator`` names, or None."""
        return load_evaluator(self.metrics, self.model, self.rows)

    @property
    def derived(self) -> list[str]:
        from erasepro.metrics import METRICS

        return [name for name in dict.fromkeys(self.metrics.names) if METRICS.get(name).derived]

    @property
    def _counted(self) -> list[str]:
        return [name for name in dict.fromkeys(self.metrics.names) if name not in self.derived]

    def _score(self, name: str, entry: dict[str, Any]) -> MetricScore:
        from erasepro.metrics import METRICS

        return MetricScore(
            metric=name,
            protocol=self.label(name),
            params=self._params(name),
            edited=entry.get("edited"),
            original=entry.get("original"),
            evaluator=self._evaluator_name(name),
            seconds=entry.get("seconds", 0.0),
            version=METRICS.get(name).version,
        )

    def _derived(self, metric: Any, found: dict[str, MetricScore]) -> MetricScore:
        parts: dict[str, Any] = {}
        for model in ("edited", "original"):
            scores = {name: restored(getattr(one, model)) for name, one in found.items() if getattr(one, model)}
            try:
                parts[model] = metric.derive(scores, self._config(metric.name)).as_dict()
            except KeyError:  # a metric that only compares the two models has no score for the original
                parts[model] = None
        return self._score(metric.name, finite(parts))

    def _config(self, name: str) -> Any:
        from erasepro.metrics.build import metric_config

        return metric_config(name, self.metrics.params.get(name) or {})

    def _params(self, name: str) -> dict[str, Any]:
        return dataclasses.asdict(self._config(name))

    def _evaluator_name(self, name: str) -> str:
        if not self._judged([name]):
            return ""
        cfg = self.metrics.evaluator
        parts: dict[str, list[str | None]] = {
            "model": [self.model.name],
            "openai_clip": [cfg.name, cfg.source],
            "transformers_clip": [cfg.source],
        }
        return " ".join([cfg.kind, *(str(part) for part in parts.get(cfg.kind, []) if part)])

    def _read(self, name: str) -> dict[str, Any] | None:
        """A metric's entry; None where it is still to be made, or was lost or damaged since."""
        from erasepro.metrics.score import VERDICT
        from erasepro.report.samples import read_samples

        stem = self._stem(name)
        found = read_dict(stem.with_suffix(".json"))
        if name != VERDICT and not isinstance(found.get("edited"), dict):
            return None
        try:
            read_samples(stem.with_suffix(".parquet"))
        except (OSError, ValueError):
            return None
        return found

    def _stem(self, name: str) -> Path:
        from erasepro.metrics.score import VERDICT

        key = self._judge_key if name == VERDICT else self._key(name)
        return self.folder.path / "scores" / f"{name}-{digest([VERSION, self.folder.signature, name, key])[:8]}"

    def _key(self, name: str) -> Any:
        from erasepro.metrics import METRICS

        metric, params = METRICS.get(name), self._params(name)
        judge = self._judge_key if self._judged([name]) else None
        return [metric.version, params, contents(params), judge]

    @cached_property
    def _judge_key(self) -> Any:
        from erasepro.models.load import evaluator_fingerprint

        cfg = {key: value for key, value in dataclasses.asdict(self.metrics.evaluator).items() if key != "device"}
        own = evaluator_fingerprint(self.model) if self.metrics.evaluator.kind == "model" else ""
        return [cfg, contents(cfg), own]


def load_evaluator(metrics: MetricsConfig, model: ModelConfig, rows: Sequence[Row]) -> Any:
    """The evaluator that ``metrics.evaluator`` names, CLIP's classes being those of the rows; None where there is none."""
    from erasepro.metrics.networks.evaluators import build_evaluator
    from erasepro.models.load import own_evaluator

    named = [(name, row) for row in rows for name in (row.concept, row.expects) if name]
    concepts = sorted({name for name, row in named if not row.asks_for_style})
    styles = sorted({name for name, row in named if row.asks_for_style} | {row.style for row in rows if row.style})
    return build_evaluator(metrics.evaluator, lambda: own_evaluator(model), concepts, styles)


def contents(params: Any) -> dict[str, str]:
    """Hashes of the files that a metric's settings name: other bytes under the same name are another metric."""
    from erasepro.models.hashes import folder_fingerprint

    found = {}
    for value in params.values():
        path = Path(value).expanduser() if isinstance(value, str) and len(value) < 1000 else None
        if path is not None and path.exists() and value:
            found[value] = folder_fingerprint(path)
    return found
