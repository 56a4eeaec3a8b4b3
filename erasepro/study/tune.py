"""A search of settings, the same for every solver: features of many settings, then pictures of a few from their front.

Everything is measured on development sets and development prompts. Multi-objective throughout: Optuna's TPE proposes by
residual and drift; what is drawn is chosen by a stated score (`study.pictures.score`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.config.paths import options
from erasepro.errors import UserError
from erasepro.generation import generate
from erasepro.runs.job import make_job
from erasepro.runtime.quiet import quiet
from erasepro.study.features import FeatureStage
from erasepro.study.front import choose_spread
from erasepro.study.journal import JOURNAL, Journal, ended
from erasepro.study.pictures import PictureStage, score
from erasepro.study.preset_file import write_preset
from erasepro.study.search_plot import draw_search
from erasepro.study.space import Space, load_space
from erasepro.study.tuning_plan import PLAN, TuningPlan
from erasepro.study.tuning_report import SHIPPED, Drawn, origin, settings_table

if TYPE_CHECKING:
    import optuna

FEATURES = ("minimize", "minimize")
"""Directions of the first stage: residual and drift."""
PROBE = 16
"""Pictures drawn to learn how long one takes."""


class Tuning:
    """One process's part of a search. All processes on one folder do the same, and share the work.

    Args:
        plan: as it was asked for; the hours may cut it.
        folder: of the study.
    """

    def __init__(self, plan: TuningPlan, folder: Path) -> None:
        quiet()
        self.folder = folder
        self.spaces: dict[str, Space] = {name: load_space(name) for name in plan.solvers}
        self.journal = Journal(folder, plan.seed)
        self.plan = plan
        self.features = FeatureStage(plan)

    def run(self) -> dict[str, list[Drawn]]:
        """Do what is left of the search, or wait for who is at it; print a table a solver, and what was chosen.

        Raises UserError for another search's folder, and for a model whose pictures cannot be judged.
        """
        stored = TuningPlan.stored(self.folder)
        if stored is not None:
            stored.check_same(self.plan, self.folder)
        first = self.spaces[self.plan.solvers[0]].solver
        make_job(self.plan.spec(first, self.plan.sets[0])).scoring.check()  # now, and not after hours of features
        print(self._asked(stored or self.plan), flush=True)
        if stored is None:  # the first round tells what a trial costs; a stored plan knows, and who joins waits for nobody
            self._work("features", 1)
        with self.journal.guarded():
            stored = TuningPlan.stored(self.folder)
            if stored is None:
                timed = replace(self.plan, drawing=self._drawing_seconds())
                stored = timed.affordable(self._seconds())
                stored.save(self.folder)
        self.plan = stored
        print(self._budget(), flush=True)
        self._work("features", self.plan.trials)
        with self.journal.guarded():
            for name in self.plan.solvers:
                self._enqueue_drawn(name)
        self._work("pictures", self.plan.pictures + 1)
        found = {name: self.drawn(name) for name in self.plan.solvers}
        if self._has_known:
            with self.journal.guarded():
                for name, rows in found.items():
                    self._enqueue_known(name, rows)
            self._work("known", 1)
        return found

    def drawn(self, name: str) -> list[Drawn]:
        """The settings of a solver that were drawn, best score first."""
        rows = [Drawn.of(trial) for trial in ended(self._study(name, "pictures"))]
        return sorted(rows, key=lambda row: (-score(row.values), row.values.get("fd", 0.0), row.trial))

    def known(self, name: str) -> Drawn | None:
        """The chosen setting, fitted on the model's own grammar and names; None where the model has none."""
        rows = [Drawn.of(trial) for trial in ended(self._study(name, "known"))] if self._has_known else []
        return rows[0] if rows else None

    def report(self, found: Mapping[str, Sequence[Drawn]]) -> None:
        """Print the tables, and write them, a figure a solver and every chosen preset into the study's folder."""
        for name, rows in found.items():
            if not rows:
                print(f"{name}: no setting could be drawn; see {self.folder / JOURNAL}.")
                continue
            table = settings_table(name, self.plan, rows, self.known(name))
            print(f"\n{table.text()}", flush=True)
            table.write(self.folder / name)
            trials = ended(self._study(name, "features"))
            draw_search(
                self.folder / f"{name}.svg", name, [(t.values[0], t.values[1]) for t in trials],
                [row.values for row in rows], [row.name for row in rows], 0,
            )  # fmt: skip
            self.write(self.folder / "presets", name, rows[0])
        print(f"\nTables, figures and presets: {self.folder}")

    def write(self, folder: Path, name: str, row: Drawn) -> Path:
        """Write a solver's chosen preset into a folder; its path."""
        preset = self.spaces[name].solver
        spec = self.plan.spec(row.preset or preset, self.plan.sets[0], row.words)
        return write_preset(folder, name, spec, origin(preset, self.plan, row))

    # the stages

    def _work(self, stage: str, number: int) -> None:
        """Trials of a stage, one of every solver in turn, until each has so many; then wait for other processes' last ones."""
        while True:
            with self.journal.guarded():
                begun = {name: self.journal.count_begun(self._study(name, stage)) for name in self.plan.solvers}
                unfinished = [name for name, count in begun.items() if self._is_left(name, stage, count, number)]
                if not unfinished:
                    break
                least = min(unfinished, key=lambda name: begun[name])
                study = self._study(least, stage)
                trial = self.journal.begin(study)
                words, preset = self._words(least, stage, trial), trial.user_attrs.get("preset") or self.spaces[least].solver
            start = time.perf_counter()
            try:
                values, facts = self._measure(preset, stage, words)
            except UserError as error:
                self.journal.refuse(study, trial, str(error), words)
                print(f"{stage} {least} {trial.number}: refused: {error}", flush=True)
                continue
            self.journal.finish(study, trial, values, {**facts, "words": words})
            shown = " ".join([f"solver={preset}", *words])
            names = ("residual", "drift") if stage == "features" else ("score",)
            numbers = ", ".join(f"{name} {value:.3f}" for name, value in zip(names, values, strict=True))
            print(f"{stage} {least} {trial.number}: {numbers}, {time.perf_counter() - start:.0f} s: {shown}", flush=True)
        for name in self.plan.solvers:
            self.journal.wait(self._study(name, stage))

    def _is_left(self, name: str, stage: str, begun: int, number: int) -> bool:
        """Whether a solver has a trial of a stage to begin; the later stages' are those that were enqueued."""
        waiting = any(trial.state.name == "WAITING" for trial in self._study(name, stage).get_trials(deepcopy=False))
        return begun < number and (stage == "features" or waiting)

    def _words(self, name: str, stage: str, trial: optuna.Trial) -> list[str]:
        attributes = trial.user_attrs
        if stage == "features":
            return [] if attributes.get("published") else self.spaces[name].suggest(trial)
        return list(attributes["words"])

    def _measure(self, preset: str, stage: str, words: Sequence[str]) -> tuple[list[float], dict[str, Any]]:
        if stage == "features":
            result = self.features.measure(preset, words)
            return [result.residual, result.drift], {"seconds": result.seconds}
        given = [*words, "templates=known"] if stage == "known" else words
        values, seconds = PictureStage(self.plan, self.folder / "runs").measure(preset, given)
        return [score(values)], {"seconds": seconds, "objectives": values}

    def _study(self, name: str, stage: str) -> optuna.Study:
        if stage == "features":
            study = self.journal.study(name, FEATURES)
            if not study.get_trials(deepcopy=False):
                study.enqueue_trial({}, user_attrs={"published": True})
            return study
        return self.journal.study(f"{name}/{stage}", ("maximize",))

    def _enqueue_drawn(self, name: str) -> None:
        """Enqueue the settings to draw: the published one, the best preset so far, and some spread over the others' front."""
        study = self._study(name, "pictures")
        trials = ended(self._study(name, "features"))
        if study.get_trials(deepcopy=False) or not trials:
            return
        others = [trial for trial in trials if not trial.user_attrs.get("published")]
        picks = choose_spread([tuple(t.values) for t in others], self.plan.pictures - 1)
        for trial in [t for t in trials if t.user_attrs.get("published")] + [others[i] for i in picks]:
            study.enqueue_trial({}, user_attrs={"of": trial.number, "words": trial.user_attrs["words"]})
        shipped = f"{name}_best"
        if shipped in options("solver"):
            study.enqueue_trial({}, user_attrs={"of": SHIPPED, "words": [], "preset": shipped})

    def _enqueue_known(self, name: str, rows: Sequence[Drawn]) -> None:
        study = self._study(name, "known")
        if rows and not study.get_trials(deepcopy=False):
            chosen = {"of": rows[0].trial, "words": list(rows[0].words), "preset": rows[0].preset}
            study.enqueue_trial({}, user_attrs=chosen)

    @cached_property
    def _has_known(self) -> bool:
        chosen = any(word.startswith("templates") for word in self.plan.overrides)
        spec = self.plan.spec(self.spaces[self.plan.solvers[0]].solver, self.plan.sets[0])
        return not chosen and spec.vocabulary != "open"

    # the budget

    def _seconds(self) -> dict[str, float]:
        """Seconds of each solver's first trial."""
        found = {}
        for name in self.plan.solvers:
            trials = ended(self._study(name, "features"))
            if not trials:
                reason = self._study(name, "features").get_trials(deepcopy=False)[0].user_attrs.get("refused", "")
                raise UserError(f"{name} cannot be searched: its own preset is refused: {reason}")
            found[name] = float(trials[0].user_attrs["seconds"])
        return found

    def _drawing_seconds(self) -> float:
        """Seconds that all sets' pictures of one setting take, by how long a few take."""
        preset = self.spaces[self.plan.solvers[0]].solver
        jobs = [make_job(self.plan.spec(preset, concepts)) for concepts in self.plan.sets]
        rows = list(jobs[0].worklist)[:PROBE]
        with tempfile.TemporaryDirectory() as place:
            start = time.perf_counter()
            generate(self.features.model.pipe, rows, Path(place) / "probe", edit_hash="", progress=False)
            seconds = time.perf_counter() - start
        return seconds / len(rows) * sum(len(job.worklist) for job in jobs)

    def _asked(self, plan: TuningPlan) -> str:
        kept = "going on" if (self.folder / PLAN).is_file() else "at most"
        return (
            f"Search of {len(plan.solvers)} solver(s) on {', '.join(plan.sets)}: {kept} {plan.trials} settings each, "
            f"{plan.pictures} of them drawn, within {plan.hours:g} h on {plan.workers} process(es). One trial of each "
            "first, to see how long they take."
        )

    def _budget(self) -> str:
        seconds, plan = self._seconds(), self.plan
        each = [
            f"  {name}: {plan.trials} × {features:.0f} s, {plan.drawings} × {features + plan.drawing:.0f} s"
            for name, features in seconds.items()
        ]
        return "\n".join([f"Study {self.plan.id}, about {self.plan.cost(seconds):.1f} h:", *each])
